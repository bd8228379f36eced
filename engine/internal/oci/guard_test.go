package oci

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

type nobody struct{}

var errSent = errors.New("sent")

func (nobody) RoundTrip(*http.Request) (*http.Response, error) { return nil, errSent }

func TestCredentialsStayAtHome(t *testing.T) {
	for name, row := range map[string]struct {
		home, to string
		pass     bool
		sent     bool
	}{
		"the registry itself":            {"https://r.example.com", "https://r.example.com/v2/", false, true},
		"with its port written":          {"https://r.example.com", "https://R.example.com:443/v2/", false, true},
		"in the same domain":             {"https://registry-1.docker.io", "https://auth.docker.io/token", false, true},
		"in the same domain, on a port":  {"https://r.example.co.uk:5000", "https://auth.example.co.uk/token", false, true},
		"at the same host, other port":   {"https://r.example.com:5000", "https://r.example.com/token", false, true},
		"in the same suffix":             {"https://r.co.uk", "https://evil.co.uk/token", false, false},
		"beside us at a host of many":    {"https://ours.github.io", "https://theirs.github.io/token", false, false},
		"in another domain":              {"https://r.example.com", "https://r.example.com.evil.com/", false, false},
		"in another domain, told to":     {"https://r.example.com", "https://tokens.example.org/", true, true},
		"in the open":                    {"https://r.example.com", "http://r.example.com/token", false, false},
		"in the open, told to":           {"https://r.example.com", "http://tokens.example.org/", true, false},
		"plain, at home":                 {"http://r.example.com:5000", "http://r.example.com:5000/token", false, true},
		"plain, on another port":         {"http://r.example.com:5000", "http://r.example.com:6000/token", false, false},
		"another name in the cluster":    {"https://r.one.svc.cluster.local", "https://r.two.svc.cluster.local/", false, false},
		"another address of the network": {"https://10.0.0.1", "https://10.1.0.1/token", false, false},
		"a name without domain":          {"https://registry", "https://tokens/", false, false},
	} {
		home, _ := url.Parse(row.home)
		at := &guard{next: nobody{}, home: home, pass: row.pass}
		for method, header := range map[string]string{http.MethodGet: "Basic cGxhbnRlZA==", http.MethodPost: ""} {
			request, _ := http.NewRequest(method, row.to, strings.NewReader("password=planted"))
			request.Header.Set("Authorization", header)
			_, err := at.RoundTrip(request)
			if errors.Is(err, errSent) != row.sent || strings.Contains(err.Error(), "planted") {
				t.Errorf("%s, %s: %v", name, method, err)
			}
		}
	}
}

func TestWhatShowsNothingGoesAnywhere(t *testing.T) {
	home, _ := url.Parse("https://r.example.com")
	request, _ := http.NewRequest(http.MethodGet, "http://blobs.example.org/", http.NoBody)
	if _, err := (&guard{next: nobody{}, home: home}).RoundTrip(request); !errors.Is(err, errSent) {
		t.Error(err)
	}
}
