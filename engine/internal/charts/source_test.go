package charts

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
)

// archive packs a chart.
func archive(t *testing.T, name string, files map[string]string) []byte {
	t.Helper()
	var packed bytes.Buffer
	zipped := gzip.NewWriter(&packed)
	tarred := tar.NewWriter(zipped)
	files["Chart.yaml"] = fmt.Sprintf("apiVersion: v2\nname: %s\nversion: 1.0.0\n", name)
	for path, content := range files {
		header := &tar.Header{Name: name + "/" + path, Mode: 0o644, Size: int64(len(content))}
		if err := tarred.WriteHeader(header); err != nil {
			t.Fatal(err)
		}
		if _, err := tarred.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := tarred.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zipped.Close(); err != nil {
		t.Fatal(err)
	}
	return packed.Bytes()
}

// repo serves one chart; the handler may be replaced.
type repo struct {
	*httptest.Server
	index    string
	chart    []byte
	asked    []string
	override http.HandlerFunc
}

func newRepo(t *testing.T, tls bool) *repo {
	t.Helper()
	r := &repo{chart: archive(t, "app", map[string]string{"values.yaml": "list: [{a: 1}]\n"})}
	r.index = fmt.Sprintf("apiVersion: v1\nentries:\n  app:\n  - {version: 1.0.0, urls: [app.tgz], digest: %s}\n",
		strings.TrimPrefix(digestOf(r.chart), "sha256:"))
	handler := http.HandlerFunc(r.serve)
	if tls {
		r.Server = httptest.NewTLSServer(handler)
	} else {
		r.Server = httptest.NewServer(handler)
	}
	t.Cleanup(r.Close)
	return r
}

func (r *repo) serve(w http.ResponseWriter, request *http.Request) {
	r.asked = append(r.asked, request.URL.Path)
	switch {
	case r.override != nil:
		r.override(w, request)
	case strings.HasSuffix(request.URL.Path, "index.yaml"):
		w.Header().Set("ETag", `"1"`)
		if request.Header.Get("If-None-Match") == `"1"` {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		_, _ = w.Write([]byte(r.index))
	default:
		_, _ = w.Write(r.chart)
	}
}

func pullNow(s *Source, address string) (*Found, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return s.Pull(ctx, Wanted{Repository: address, Name: "app", Version: "1.0.0"})
}

func TestAChartIsPulledOnceAndTheIndexAskedByTag(t *testing.T) {
	r, s := newRepo(t, false), NewSource(Options{})
	for range 3 {
		if _, err := pullNow(s, r.URL); err != nil {
			t.Fatal(err)
		}
	}
	if got := s.Downloads.Load(); got != 1 {
		t.Errorf("%d downloads", got)
	}
	if got := s.IndexRequests.Load(); got != 3 {
		t.Errorf("%d index requests", got)
	}
}

func TestEveryFaultIsTheRepositorys(t *testing.T) {
	cases := map[string]struct {
		answer http.HandlerFunc
		words  string
	}{
		"404":  {status(404), "answered 404"},
		"500":  {status(500), "answered 500"},
		"html": {text("<html>"), "web page (HTML)"},
		"junk": {text("\x00{"), "not valid YAML"},
		"void": {text("a: b"), "no `entries`"},
	}
	for name, one := range cases {
		t.Run(name, func(t *testing.T) {
			r := newRepo(t, false)
			r.override = one.answer
			_, err := pullNow(NewSource(Options{}), r.URL)
			if !failure.Is(err, pb.Failure_SOURCE_UNAVAILABLE) || !strings.Contains(err.Error(), one.words) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

func text(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) }
}

func TestAnUntrustedCertificateIsSaidSo(t *testing.T) {
	r := newRepo(t, true)
	r.Config.ErrorLog = nil
	_, err := pullNow(NewSource(Options{}), r.URL)
	if err == nil || !strings.Contains(err.Error(), "cannot be trusted") {
		t.Errorf("got %v", err)
	}
}

func TestCredentialsStayWithTheirHost(t *testing.T) {
	other := newRepo(t, false)
	var sent string
	other.override = func(w http.ResponseWriter, request *http.Request) {
		sent = request.Header.Get("Authorization")
		_, _ = w.Write(other.chart)
	}
	r := newRepo(t, false)
	other.chart = r.chart
	r.index = strings.Replace(r.index, "app.tgz", other.URL+"/app.tgz", 1)
	address := strings.Replace(r.URL, "http://", "http://user:word@", 1)
	if _, err := pullNow(NewSource(Options{}), address); err != nil {
		t.Fatal(err)
	}
	if sent != "" {
		t.Errorf("another host was sent %q", sent)
	}
}

func TestNoErrorShowsCredentials(t *testing.T) {
	for _, address := range []string{
		"http://user:planted@127.0.0.1:1/x?token=planted", "ftp://user:planted@host/x", "http://user:planted@",
	} {
		_, err := pullNow(NewSource(Options{}), address)
		if err == nil || strings.Contains(err.Error(), "planted") {
			t.Errorf("%s: got %v", address, err)
		}
	}
}

func TestTooLargeAnIndexIsRefused(t *testing.T) {
	r := newRepo(t, false)
	_, err := pullNow(NewSource(Options{LargestIndex: 10}), r.URL)
	if !failure.Is(err, pb.Failure_TOO_LARGE) || !strings.Contains(err.Error(), "--index-max-size") {
		t.Errorf("got %v", err)
	}
}

func TestClonesShareNothingThatTheSDKWritesInto(t *testing.T) {
	r, s := newRepo(t, false), NewSource(Options{})
	found, err := pullNow(s, r.URL)
	if err != nil {
		t.Fatal(err)
	}
	first := s.Get(found.Digest)
	first.Values["list"].([]any)[0].(map[string]any)["a"] = "changed"
	first.Metadata.Name = "changed"
	second := s.Get(found.Digest)
	if got := fmt.Sprint(second.Values["list"]); got != "[map[a:1]]" {
		t.Errorf("values are shared: %s", got)
	}
	if second.Name() != "app" {
		t.Error("metadata is shared")
	}
}

func TestAForgottenIndexIsAskedForAgain(t *testing.T) {
	for _, folder := range []string{"", t.TempDir()} {
		r, s := newRepo(t, false), NewSource(Options{Folder: folder})
		want := Wanted{Repository: r.URL, Name: "app", Oldest: time.Hour}
		for range 2 {
			if _, err := s.Pull(context.Background(), want); err != nil {
				t.Fatal(err)
			}
		}
		if got := s.IndexRequests.Load(); got != 1 {
			t.Errorf("%d index requests before", got)
		}
		s.ForgetIndexes()
		if _, err := s.Pull(context.Background(), want); err != nil {
			t.Fatal(err)
		}
		if got := s.IndexRequests.Load(); got != 2 {
			t.Errorf("%d index requests after", got)
		}
	}
}

func TestTheQueryOfEachWhoAsksIsSent(t *testing.T) {
	r, s := newRepo(t, false), NewSource(Options{})
	var seen []string
	r.override = func(w http.ResponseWriter, request *http.Request) {
		seen = append(seen, request.URL.RequestURI())
		if strings.HasSuffix(request.URL.Path, "index.yaml") {
			_, _ = w.Write([]byte(r.index))
			return
		}
		_, _ = w.Write(r.chart)
	}
	for _, query := range []string{"?a=1", "?a=2"} {
		if _, err := pullNow(s, r.URL+query); err != nil {
			t.Fatal(err)
		}
	}
	if got := strings.Join(seen, " "); got != "/index.yaml?a=1 /app.tgz?a=1 /index.yaml?a=2" {
		t.Errorf("asked for %s", got)
	}
}
