package fetch

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
)

// site is a server that notes what it is shown.
type site struct {
	*httptest.Server

	mu    sync.Mutex
	shown []string
}

func newSite(t *testing.T, handler http.HandlerFunc) *site {
	t.Helper()
	s := &site{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		s.mu.Lock()
		s.shown = append(s.shown, request.Header.Get("Authorization"))
		s.mu.Unlock()
		handler(w, request)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *site) asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.shown...)
}

func says(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(text)) }
}

func redirects(to *string) http.HandlerFunc {
	return func(w http.ResponseWriter, request *http.Request) {
		http.Redirect(w, request, *to, http.StatusFound)
	}
}

func at(t *testing.T, text string) *url.URL {
	t.Helper()
	address, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return address
}

func read(t *testing.T, c *Client, r Request) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	content, _, err := c.Read(ctx, r)
	return string(content), err
}

// blames checks kind and words of an error, and that nothing planted is in it.
func blames(t *testing.T, err error, kind pb.Failure_Kind, words string) {
	t.Helper()
	if !failure.Is(err, kind) || !strings.Contains(err.Error(), words) {
		t.Errorf("got %v, want %s with %q", err, kind, words)
	}
	if err != nil && strings.Contains(err.Error(), "planted") {
		t.Errorf("shows what it must not: %v", err)
	}
}

func TestASourceSeesOneKindOfCredentials(t *testing.T) {
	for name, one := range map[string]struct {
		address string
		access  Access
		shown   string
	}{
		"nobody":      {"http://HOST/x", Access{}, ""},
		"basic":       {"http://HOST/x", Access{Username: "a", Password: "b"}, "Basic YTpi"},
		"bearer":      {"http://HOST/x", Access{Token: "t"}, "Bearer t"},
		"in the URL":  {"http://a:b@HOST/x", Access{}, "Basic YTpi"},
		"given first": {"http://x:y@HOST/x", Access{Username: "a", Password: "b"}, "Basic YTpi"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, says("ok"))
			address := strings.Replace(one.address, "HOST", s.Listener.Addr().String(), 1)
			if _, err := read(t, New(Options{}), Request{Address: at(t, address), Access: one.access}); err != nil {
				t.Fatal(err)
			}
			if got := s.asked(); len(got) != 1 || got[0] != one.shown {
				t.Errorf("it saw %q", got)
			}
		})
	}
}

func TestALoginOfDockerIsForTheHostThatItNames(t *testing.T) {
	s := newSite(t, says("ok"))
	host := s.Listener.Addr().String()
	for name, shown := range map[string]string{
		host: "Basic YTpi", "http://" + host + "/v1/": "Basic YTpi", "127.0.0.1": "", "other": "",
	} {
		config := fmt.Sprintf(`{"auths": {%q: {"auth": "YTpi"}, "nobody": {"auth": "eDp5"}}}`, name)
		before := len(s.asked())
		access := Access{DockerConfig: []byte(config)}
		if _, err := read(t, New(Options{}), Request{Address: at(t, s.URL), Access: access}); err != nil {
			t.Fatal(err)
		}
		if got := s.asked()[before]; got != shown {
			t.Errorf("%s: it saw %q", name, got)
		}
	}
}

func TestCredentialsStayWithTheirHost(t *testing.T) {
	for name, one := range map[string]struct {
		pass  bool
		shown string
	}{
		"unless asked": {false, ""}, "when asked": {true, "Bearer t"},
	} {
		t.Run(name, func(t *testing.T) {
			other := newSite(t, says("ok"))
			s := newSite(t, redirects(&other.URL))
			access := Access{Token: "t", Pass: one.pass}
			if _, err := read(t, New(Options{}), Request{Address: at(t, s.URL), Access: access}); err != nil {
				t.Fatal(err)
			}
			home := at(t, s.URL)
			if _, err := read(t, New(Options{}), Request{Address: at(t, other.URL), Home: home, Access: access}); err != nil {
				t.Fatal(err)
			}
			for _, shown := range other.asked() {
				if shown != one.shown {
					t.Errorf("the other host saw %q", shown)
				}
			}
		})
	}
}

func TestCredentialsFollowWithinTheirHost(t *testing.T) {
	to := "/there"
	s := newSite(t, func(w http.ResponseWriter, request *http.Request) {
		if request.URL.Path == to {
			says("ok")(w, request)
			return
		}
		redirects(&to)(w, request)
	})
	if _, err := read(t, New(Options{}), Request{Address: at(t, s.URL), Access: Access{Token: "t"}}); err != nil {
		t.Fatal(err)
	}
	if got := s.asked(); len(got) != 2 || got[1] != "Bearer t" {
		t.Errorf("it saw %q", got)
	}
}

func TestPlainHTTPNeverSeesWhatWasMeantForHTTPS(t *testing.T) {
	plain := newSite(t, says("ok"))
	safe := httptest.NewTLSServer(redirects(&plain.URL))
	t.Cleanup(safe.Close)
	access := Access{Token: "t", Pass: true, SkipVerify: true}
	if _, err := read(t, New(Options{}), Request{Address: at(t, safe.URL), Access: access}); err != nil {
		t.Fatal(err)
	}
	if got := plain.asked(); len(got) != 1 || got[0] != "" {
		t.Errorf("it saw %q", got)
	}
}

func TestWhoSpeaksForHimselfIsBoundToo(t *testing.T) {
	other := newSite(t, says("ok"))
	s := newSite(t, redirects(&other.URL))
	client, err := New(Options{}).HTTP(Access{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	request, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL, http.NoBody)
	request.Header.Set("Authorization", "Bearer t")
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if got := other.asked(); len(got) != 1 || got[0] != "" {
		t.Errorf("the other host saw %q", got)
	}
}

func TestARedirectIsBounded(t *testing.T) {
	loop, away, odd := "/", "http://169.254.169.254/", "ftp://host/x"
	for name, one := range map[string]struct {
		to      *string
		allowed bool
		kind    pb.Failure_Kind
		words   string
	}{
		"loop":             {&loop, false, pb.Failure_SOURCE_UNAVAILABLE, "redirects too often"},
		"out of the web":   {&odd, false, pb.Failure_SOURCE_UNAVAILABLE, "not served over HTTP"},
		"to the metadata":  {&away, false, pb.Failure_NOT_ALLOWED, "link-local"},
		"out of the list":  {&away, true, pb.Failure_NOT_ALLOWED, "--allow-url"},
		"loop in the list": {&loop, true, pb.Failure_SOURCE_UNAVAILABLE, "redirects too often"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, redirects(one.to))
			request := Request{Address: at(t, s.URL+"/x?q=planted")}
			if one.allowed {
				request.Allowed = []string{s.URL}
			}
			_, err := read(t, New(Options{}), request)
			blames(t, err, one.kind, one.words)
		})
	}
}

func TestARefererTellsNoQuery(t *testing.T) {
	var referer string
	to := "/there"
	s := newSite(t, func(w http.ResponseWriter, request *http.Request) {
		referer += request.Header.Get("Referer")
		if request.URL.Path != to {
			redirects(&to)(w, request)
		}
	})
	if _, err := read(t, New(Options{}), Request{Address: at(t, s.URL+"/?token=planted")}); err != nil {
		t.Fatal(err)
	}
	if referer != "" {
		t.Errorf("it saw %q", referer)
	}
}

func TestConnectionsAreKeptByAccessAndBounded(t *testing.T) {
	s := newSite(t, says("ok"))
	c := New(Options{})
	for number := range mostTransports + 10 {
		access := Access{Username: strings.Repeat("a", number+1)}
		if _, err := read(t, c, Request{Address: at(t, s.URL), Access: access}); err != nil {
			t.Fatal(err)
		}
	}
	if got := c.transports.recent.Len(); got != mostTransports || len(c.transports.made) != got {
		t.Errorf("%d are kept", got)
	}
}

func TestTheKeyOfAnAccessTellsThemApart(t *testing.T) {
	if key := (Access{}).Key(); key != "" {
		t.Errorf("nobody is %q", key)
	}
	seen := map[string]bool{}
	for _, one := range []Access{
		{Username: "ab"}, {Username: "a", Password: "b"}, {Password: "ab"}, {Token: "ab"}, {SkipVerify: true},
		{PlainHTTP: true}, {Pass: true}, {CA: []byte("ab")}, {PrivateKey: []byte("ab")}, {DockerConfig: []byte("ab")},
	} {
		key := one.Key()
		if seen[key] || strings.Contains(key, "ab") && len(key) < 8 || key != one.Key() {
			t.Errorf("%+v has key %q", one, key)
		}
		seen[key] = true
	}
}

func TestKeysLastWhereAFolderKeepsThem(t *testing.T) {
	folder := t.TempDir()
	before := Access{Token: "t"}.Key()
	if err := KeepKeys(folder); err != nil {
		t.Fatal(err)
	}
	other := make([]byte, secretSize)
	secret.Store(&other)
	if (Access{Token: "t"}).Key() == before {
		t.Error("another process has the same names without the folder")
	}
	if err := KeepKeys(folder); err != nil || (Access{Token: "t"}).Key() != before {
		t.Errorf("the folder does not keep it: %v", err)
	}
}
