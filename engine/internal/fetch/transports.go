package fetch

import (
	"container/list"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

const mostTransports = 64

// kind says whether connections are guarded. Those that are not go to proxies
// and to hosts that the allow list names, and are never used for others.
type kind int

const (
	guarded kind = iota
	free
)

// wanted is what connections have to be like.
type wanted struct {
	access      Access
	id          string
	certificate bool
	guard       guard
	kind        kind
}

type transportKey struct {
	id          string
	certificate bool
	kind        kind
}

// transports keeps connections open, of each access its own; those not used
// for the longest time are closed first.
type transports struct {
	mu     sync.Mutex
	made   map[transportKey]*list.Element
	recent *list.List
}

type keptTransport struct {
	key       transportKey
	transport *http.Transport
}

func newTransports() *transports {
	return &transports{made: map[transportKey]*list.Element{}, recent: list.New()}
}

func (t *transports) get(want wanted) (*http.Transport, error) {
	key := transportKey{want.id, want.certificate, want.kind}
	t.mu.Lock()
	defer t.mu.Unlock()
	if element, found := t.made[key]; found {
		t.recent.MoveToFront(element)
		return element.Value.(*keptTransport).transport, nil
	}
	transport, err := newTransport(want)
	if err != nil {
		return nil, err
	}
	t.made[key] = t.recent.PushFront(&keptTransport{key, transport})
	for t.recent.Len() > mostTransports {
		oldest := t.recent.Remove(t.recent.Back()).(*keptTransport)
		delete(t.made, oldest.key)
		oldest.transport.CloseIdleConnections()
	}
	return transport, nil
}

func newTransport(want wanted) (*http.Transport, error) {
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	if want.kind == guarded {
		dialer.Control = want.guard.control
	}
	trust, err := trustOf(want.access, want.certificate)
	if err != nil {
		return nil, err
	}
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            dialer.DialContext,
		TLSClientConfig:        trust,
		TLSHandshakeTimeout:    10 * time.Second,
		ResponseHeaderTimeout:  30 * time.Second,
		IdleConnTimeout:        90 * time.Second,
		MaxConnsPerHost:        8,
		MaxResponseHeaderBytes: 256 << 10,
		ForceAttemptHTTP2:      true,
	}, nil
}

// unusable is an access that cannot be used as it is given.
type unusable struct{ words string }

func (u *unusable) Error() string { return u.words }

// trustOf says whom we trust and who we are.
func trustOf(access Access, certificate bool) (*tls.Config, error) {
	made := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: access.SkipVerify}
	if len(access.CA) > 0 {
		made.RootCAs = roots()
		if !made.RootCAs.AppendCertsFromPEM(access.CA) {
			return nil, &unusable{"the CA (ca.crt) holds no certificate in PEM"}
		}
	}
	if (len(access.Certificate) > 0) != (len(access.PrivateKey) > 0) {
		return nil, &unusable{"a client certificate needs both tls.crt and tls.key"}
	}
	if certificate && len(access.Certificate) > 0 {
		pair, err := tls.X509KeyPair(access.Certificate, access.PrivateKey)
		if err != nil {
			return nil, &unusable{fmt.Sprintf("the client certificate cannot be used (tls.crt, tls.key): %s", err)}
		}
		made.Certificates = []tls.Certificate{pair}
	}
	return made, nil
}

func roots() *x509.CertPool {
	if system, err := x509.SystemCertPool(); err == nil {
		return system
	}
	return x509.NewCertPool()
}
