package fetch

import (
	"compress/gzip"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
)

func TestASizeIsBoundedWhileItIsRead(t *testing.T) {
	endless := func(w http.ResponseWriter, _ *http.Request) {
		for {
			if _, err := w.Write(make([]byte, 1<<10)); err != nil {
				return
			}
			w.(http.Flusher).Flush()
		}
	}
	bomb := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		zipped := gzip.NewWriter(w)
		_, _ = zipped.Write(make([]byte, 64<<10))
		_ = zipped.Close()
	}
	for name, handler := range map[string]http.HandlerFunc{
		"told before": says(strings.Repeat("x", 1025)), "endless": endless, "packed": bomb,
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, handler)
			_, err := read(t, New(Options{}), Request{Address: at(t, s.URL), Limit: 1 << 10, Flag: "--chart-max-size"})
			blames(t, err, pb.Failure_TOO_LARGE, "larger than the 1 KiB that are allowed; --chart-max-size raises that")
		})
	}
	s := newSite(t, says(strings.Repeat("x", 1024)))
	if _, err := read(t, New(Options{}), Request{Address: at(t, s.URL), Limit: 1 << 10}); err != nil {
		t.Errorf("what just fits: %v", err)
	}
}

func TestAnArchiveIsTakenAsItLies(t *testing.T) {
	s := newSite(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write([]byte("as it lies"))
	})
	if got, err := read(t, New(Options{}), Request{Address: at(t, s.URL), Raw: true}); got != "as it lies" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestASlowDripIsEnded(t *testing.T) {
	s := newSite(t, func(w http.ResponseWriter, request *http.Request) {
		for request.Context().Err() == nil {
			_, _ = w.Write([]byte("."))
			w.(http.Flusher).Flush()
			select {
			case <-request.Context().Done():
			case <-time.After(5 * time.Millisecond):
			}
		}
	})
	c := New(Options{})
	c.pace = pace{100 * time.Millisecond, 1 << 20}
	_, err := read(t, c, Request{Address: at(t, s.URL)})
	blames(t, err, pb.Failure_SOURCE_UNAVAILABLE, "sends too slowly")
}

func TestWhatIsSlowAndGoesOnIsWaitedFor(t *testing.T) {
	s := newSite(t, func(w http.ResponseWriter, _ *http.Request) {
		for range 20 {
			_, _ = w.Write(make([]byte, 100))
			w.(http.Flusher).Flush()
			<-time.After(10 * time.Millisecond)
		}
	})
	c := New(Options{})
	c.pace = pace{60 * time.Millisecond, 1}
	if got, err := read(t, c, Request{Address: at(t, s.URL)}); err != nil || len(got) != 2000 {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

// broken answers with a promise of 100 bytes and fewer of them.
func broken(t *testing.T, reset bool) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = connection.Read(make([]byte, 4096))
			_, _ = connection.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"))
			if reset {
				_ = connection.(*net.TCPConn).SetLinger(0)
			}
			_ = connection.Close()
		}
	}()
	return "http://" + listener.Addr().String()
}

func TestABodyThatBreaksOffIsTheSources(t *testing.T) {
	for name, reset := range map[string]bool{"truncated": false, "reset": true} {
		t.Run(name, func(t *testing.T) {
			_, err := read(t, New(Options{}), Request{Address: at(t, broken(t, reset))})
			blames(t, err, pb.Failure_SOURCE_UNAVAILABLE, "broke off")
		})
	}
}

func answers(status int, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
	}
}

func TestAStatusSaysWhatWouldMendIt(t *testing.T) {
	for name, one := range map[string]struct {
		status int
		access Access
		words  string
	}{
		"401 to nobody":   {401, Access{}, "answered 401 Unauthorized: the credentials are missing: name a Secret in chart.chartPullSecret"},
		"401 to somebody": {401, Access{Token: "planted"}, "the credentials are wrong"},
		"403":             {403, Access{}, "answered 403 Forbidden: the credentials"},
		"404":             {404, Access{}, "answered 404 Not Found: is the address right?"},
		"429":             {429, Access{}, "answered 429 Too Many Requests"},
		"500":             {500, Access{}, "answered 500 Internal Server Error"},
		"204":             {204, Access{}, "answered 204"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, answers(one.status))
			_, err := read(t, New(Options{}), Request{Address: at(t, s.URL+"/?q=planted"), Access: one.access})
			blames(t, err, pb.Failure_SOURCE_UNAVAILABLE, one.words)
			if IsGone(err) != (one.status == 404) {
				t.Error("is taken for gone, or not")
			}
		})
	}
}

func TestCredentialsThatDidNotFollowAreSaidToBeMissing(t *testing.T) {
	other := newSite(t, answers(401))
	s := newSite(t, redirects(&other.URL))
	_, err := read(t, New(Options{}), Request{Address: at(t, s.URL), Access: Access{Token: "planted"}})
	blames(t, err, pb.Failure_SOURCE_UNAVAILABLE, "credentials do not follow to another host")
}

func TestWhoAsksForTimeIsLeftAlone(t *testing.T) {
	date := time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)
	for name, one := range map[string]struct {
		status int
		after  string
		wait   time.Duration
	}{
		"seconds": {429, "7", 7 * time.Second}, "a date": {503, date, longestWait},
		"for ever": {429, "99999999999", longestWait}, "nonsense": {429, "soon", 0},
		"the past": {429, "-3", 0}, "another status": {500, "7", 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, answers(one.status, "Retry-After", one.after))
			c := New(Options{})
			for range 2 {
				_, err := read(t, c, Request{Address: at(t, s.URL)})
				f := failure.Of(t.Context(), err, pb.Failure_INTERNAL)
				if off := one.wait - f.RetryAfter; off < 0 || off > 5*time.Second {
					t.Errorf("waits for %s", f.RetryAfter)
				}
			}
			asks := 1
			if one.wait == 0 {
				asks = 2
			}
			if got := len(s.asked()); got != asks {
				t.Errorf("asked %d times", got)
			}
			if _, err := read(t, c, Request{Address: at(t, s.URL), Access: Access{Token: "t"}}); err == nil {
				t.Error("it answered")
			}
			if got := len(s.asked()); got != asks+1 {
				t.Error("another access waits too")
			}
		})
	}
}

func TestTheMemoryOfThoseIsBounded(t *testing.T) {
	w := newWaits()
	response := &http.Response{StatusCode: 429, Header: http.Header{"Retry-After": {"60"}}}
	for number := range mostWaits + 10 {
		w.note(at(t, "http://host"+strings.Repeat("a", number)), "", response)
	}
	if len(w.until) > mostWaits {
		t.Errorf("%d are kept", len(w.until))
	}
}

func TestWhatCannotBeReachedIsSaidSo(t *testing.T) {
	for address, words := range map[string]string{
		"http://127.0.0.1:9/?q=planted":  "connection refused",
		"http://nobody.invalid/planted?": "",
	} {
		_, err := read(t, New(Options{}), Request{Address: at(t, strings.TrimSuffix(address, "planted?"))})
		blames(t, err, pb.Failure_SOURCE_UNAVAILABLE, words)
	}
}

func TestACertificateThatNobodyVouchesForIsSaidSo(t *testing.T) {
	safe := httptest.NewTLSServer(says("ok"))
	t.Cleanup(safe.Close)
	safe.Config.ErrorLog = nil
	_, err := read(t, New(Options{}), Request{Address: at(t, safe.URL)})
	blames(t, err, pb.Failure_SOURCE_UNAVAILABLE, "signed by an unknown authority: give the CA")
}

func TestAnAccessThatCannotBeUsedIsNamed(t *testing.T) {
	safe := httptest.NewTLSServer(says("ok"))
	t.Cleanup(safe.Close)
	for words, access := range map[string]Access{
		"ca.crt":                {CA: []byte("planted")},
		"both tls.crt":          {Certificate: []byte("planted")},
		"(tls.crt, tls.key)":    {Certificate: []byte("planted"), PrivateKey: []byte("planted")},
		"needs both tls.crt an": {PrivateKey: []byte("planted")},
	} {
		_, err := read(t, New(Options{}), Request{Address: at(t, safe.URL), Access: access})
		blames(t, err, pb.Failure_INVALID, words)
	}
}
