package fetch

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
)

// Shown is an address as it may be printed: without user, query and fragment.
func Shown(address *url.URL) string {
	if address.Scheme == "data" {
		return "the data: URL"
	}
	bare := *address
	bare.User, bare.RawQuery, bare.Fragment, bare.RawFragment, bare.ForceQuery = nil, "", "", "", false
	return bare.String()
}

// Unavailable blames the source.
func Unavailable(address *url.URL, format string, values ...any) error {
	return failure.New(pb.Failure_SOURCE_UNAVAILABLE, "%s %w", Shown(address), fmt.Errorf(format, values...))
}

// IsPage says whether what was read is a web page, such as one to sign in.
func IsPage(body []byte) bool {
	start := bytes.ToLower(bytes.TrimSpace(body[:min(len(body), 512)]))
	return bytes.HasPrefix(start, []byte("<!doctype html")) || bytes.HasPrefix(start, []byte("<html"))
}

const brokeOff = "broke off: "

// reason takes the address off an error of the HTTP client, which may hold a
// credential, and says what would mend it.
func reason(ctx context.Context, err error) string {
	var wrapped *url.Error
	for errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	if cause := context.Cause(ctx); errors.Is(cause, errSlow) {
		return cause.Error()
	}
	var name *net.DNSError
	switch {
	case errors.Is(err, context.Canceled):
		return "was not waited for: cancelled"
	case errors.As(err, &name):
		return fmt.Sprintf("cannot be reached: the name %s is not known (DNS): is the address right?", name.Name)
	case errors.Is(err, context.DeadlineExceeded), isTimeout(err):
		return "does not answer in time"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "cannot be reached: connection refused: nobody listens there"
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return brokeOff + "the connection was closed too early"
	case errors.Is(err, syscall.ECONNRESET):
		return brokeOff + "the connection was reset"
	}
	if words := distrust(err); words != "" {
		return "cannot be trusted: " + words
	}
	return "cannot be reached: " + err.Error()
}

func isTimeout(err error) bool {
	var network net.Error
	return errors.As(err, &network) && network.Timeout()
}

// distrust explains what TLS refused, on either side.
func distrust(err error) string {
	var unknown x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	var host x509.HostnameError
	switch {
	case errors.As(err, &unknown):
		return "its certificate is signed by an unknown authority: give the CA (key ca.crt of the " +
			"Secret in chart.chartPullSecret)"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "its certificate has expired or is not yet valid (" + span(invalid.Cert) +
			"): the source has to renew it"
	case errors.As(err, &host):
		return "its certificate is for another name: " + host.Error()
	}
	text := err.Error()
	if _, said, found := strings.Cut(text, "remote error: tls: "); found {
		return "it refuses our client certificate (" + said +
			"): is tls.crt of the Secret in chart.chartPullSecret there and the right one?"
	}
	if strings.Contains(text, "tls:") || strings.Contains(text, "x509:") {
		return text
	}
	return ""
}

func span(certificate *x509.Certificate) string {
	return certificate.NotBefore.Format(time.DateOnly) + " to " + certificate.NotAfter.Format(time.DateOnly)
}

// Status is what a source answered instead of what was asked for.
type Status struct {
	Code  int
	words string
}

func (s *Status) Error() string { return s.words }

// IsGone says whether the source answered that it has no such thing.
func IsGone(err error) bool {
	var status *Status
	return errors.As(err, &status) && (status.Code == http.StatusNotFound || status.Code == http.StatusGone)
}

// explain says what a status means for whoever wrote the address.
func explain(response *http.Response, shown, withheld bool) string {
	said := fmt.Sprintf("answered %d %s", response.StatusCode, http.StatusText(response.StatusCode))
	if withheld {
		said += " at " + Shown(response.Request.URL) +
			" (credentials do not follow to another host: the annotation helmward.dev/pass-credentials lets them)"
	}
	switch response.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden:
		if shown {
			return said + ": the credentials are wrong, or may not read this (chart.chartPullSecret, or the address)"
		}
		return said + ": the credentials are missing: name a Secret in chart.chartPullSecret"
	case http.StatusNotFound, http.StatusGone:
		return said + ": is the address right?"
	}
	return said
}
