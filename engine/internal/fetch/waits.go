package fetch

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
)

const (
	longestWait = 15 * time.Minute
	mostWaits   = 1000
)

// waits remembers who asked us to wait, and until when.
type waits struct {
	mu    sync.Mutex
	until map[waiting]asking
}

// waiting is one host as one access sees it.
type waiting struct{ origin, id string }

type asking struct {
	status int
	until  time.Time
}

func newWaits() *waits { return &waits{until: map[waiting]asking{}} }

// check answers from memory while a host wants to be left alone.
func (w *waits) check(address *url.URL, id string) error {
	w.mu.Lock()
	known, found := w.until[waiting{origin(address), id}]
	w.mu.Unlock()
	if left := time.Until(known.until); found && left > 0 {
		return waitFor(address, known.status, left)
	}
	return nil
}

// note reads what an answer says of waiting.
func (w *waits) note(address *url.URL, id string, response *http.Response) {
	after := retryAfter(response)
	if after <= 0 {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.until) >= mostWaits {
		w.forget()
	}
	w.until[waiting{origin(address), id}] = asking{response.StatusCode, time.Now().Add(after)}
}

// forget drops what is over; all of it where nothing is.
func (w *waits) forget() {
	now := time.Now()
	for key, one := range w.until {
		if one.until.Before(now) {
			delete(w.until, key)
		}
	}
	if len(w.until) >= mostWaits {
		clear(w.until)
	}
}

// retryAfter reads seconds or a date, of the answers that may ask for it.
func retryAfter(response *http.Response) time.Duration {
	if response.StatusCode != http.StatusTooManyRequests && response.StatusCode != http.StatusServiceUnavailable {
		return 0
	}
	given := strings.TrimSpace(response.Header.Get("Retry-After"))
	wait := time.Duration(0)
	if seconds, err := strconv.Atoi(given); err == nil {
		wait = time.Duration(min(seconds, int(longestWait/time.Second))) * time.Second
	} else if date, err := http.ParseTime(given); err == nil {
		wait = time.Until(date)
	}
	return min(wait, longestWait)
}

func waitFor(address *url.URL, status int, left time.Duration) error {
	said := failure.New(pb.Failure_SOURCE_UNAVAILABLE, "%s answered %d %s: it asks to be left alone for %s",
		Shown(address), status, http.StatusText(status), left.Round(time.Second))
	said.RetryAfter = left
	return said
}

// status blames the source for an answer that is none.
func (c *Client) status(r Request, response *http.Response) error {
	if left := retryAfter(response); left > 0 {
		return waitFor(r.Address, response.StatusCode, left)
	}
	sent := response.Request.Header.Get("Authorization") != ""
	withheld := r.Access.shows() && !sent
	return Unavailable(r.Address, "%w", &Status{response.StatusCode, explain(response, sent, withheld)})
}
