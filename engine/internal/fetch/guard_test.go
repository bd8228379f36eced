package fetch

import (
	"net/netip"
	"strings"
	"testing"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
)

func TestAPrefixCoversNoMoreThanItSays(t *testing.T) {
	for line, want := range map[string]bool{
		"https://host/team/ https://host/team/a.tgz":           true,
		"https://host/team https://host/team":                  true,
		"https://host/team/ https://host/team":                 true,
		"https://host https://HOST:443/x":                      true,
		"https://host:443/ HTTPS://host/x":                     true,
		"https://host/ https://host./x":                        true,
		"https:// https://any/x":                               true,
		"https://host/team https://host/team-b/x":              false,
		"https://host/team/ https://host/team/../other":        false,
		"https://host/team/ https://host/team/%2e%2e/other":    false,
		"https://host/team/ https://host/team/%252e%252e/x":    false,
		`https://host/team/ https://host/team/..%5cother`:      false,
		"https://host/team/ https://host/team//../../x":        false,
		"https://host/ http://host/":                           false,
		"https://host/ https://host:8443/":                     false,
		"https://host https://host.evil/":                      false,
		"https://host https://host@evil/":                      false,
		"https://host/ https://evil/https://host/":             false,
		"https://ok https://ok.evil/":                          false,
		"https://[::1]/ https://[::1]:443/x":                   true,
		"s3://bucket/charts/ s3://bucket/charts/index.yaml":    true,
		"s3://bucket/charts/ s3://other/charts/index.yaml":     false,
		"https://host/team/ https://host/team/a.tgz?x=/../../": true,
	} {
		prefix, address, _ := strings.Cut(line, " ")
		guard, err := newGuard([]string{prefix}, false)
		if err != nil {
			t.Fatal(err)
		}
		parsed := at(t, address)
		if _, err := guard.check(parsed); (err == nil) != want {
			t.Errorf("%s: %v", line, err)
		} else if err != nil {
			blames(t, err, pb.Failure_NOT_ALLOWED, "--allow-url")
		}
	}
}

func TestAPrefixThatIsNoneIsRefused(t *testing.T) {
	for _, prefix := range []string{"host/team", "https://user:planted@host/", "::", "mailto:x"} {
		if _, err := newGuard([]string{prefix}, false); !failure.Is(err, pb.Failure_INVALID) {
			t.Errorf("%s: %v", prefix, err)
		}
	}
}

func TestAddressesAreRefusedForWhatTheyAre(t *testing.T) {
	for ip, want := range map[string]struct{ open, closed bool }{
		"169.254.169.254":        {true, true},
		"::ffff:169.254.169.254": {true, true},
		"64:ff9b::a9fe:a9fe":     {true, true},
		"fe80::1%eth0":           {true, true},
		"fd00:ec2::254":          {true, true},
		"127.0.0.1":              {false, true},
		"127.8.9.10":             {false, true},
		"::1":                    {false, true},
		"0.0.0.0":                {false, true},
		"::":                     {false, true},
		"::ffff:127.0.0.1":       {false, true},
		"10.0.0.1":               {false, false},
		"192.0.2.1":              {false, false},
		"2001:db8::1":            {false, false},
	} {
		parsed := netip.MustParseAddr(ip)
		if (guard{}).refuses(parsed) != nil != want.open || (guard{local: true}).refuses(parsed) != nil != want.closed {
			t.Errorf("%s is judged wrong", ip)
		}
	}
}

func TestThisMachineIsRefusedAfterItsNameIsResolved(t *testing.T) {
	s := newSite(t, says("ok"))
	c := New(Options{RefuseLocal: true})
	named := strings.Replace(s.URL, "127.0.0.1", "localhost", 1)
	for _, address := range []string{s.URL, named} {
		_, err := read(t, c, Request{Address: at(t, address+"/?q=planted")})
		blames(t, err, pb.Failure_NOT_ALLOWED, "--allow-url")
	}
	if len(s.asked()) != 0 {
		t.Error("it was asked")
	}
}

func TestAPrefixThatNamesTheHostLiftsThat(t *testing.T) {
	s := newSite(t, says("ok"))
	c := New(Options{RefuseLocal: true})
	for prefix, want := range map[string]bool{s.URL: true, "http://": false} {
		_, err := read(t, c, Request{Address: at(t, s.URL), Allowed: []string{prefix}})
		if (err == nil) != want {
			t.Errorf("%s: %v", prefix, err)
		}
	}
	_, err := read(t, c, Request{Address: at(t, s.URL)})
	blames(t, err, pb.Failure_NOT_ALLOWED, "this very machine")
}

func TestWhoAnswersFromMemoryIsGuardedToo(t *testing.T) {
	c := New(Options{RefuseLocal: true})
	for address, allowed := range map[string][]string{
		"http://127.0.0.1/x": nil, "http://localhost/x": nil, "http://169.254.169.254/": nil,
		"http://host/": {"https://host/"},
	} {
		blames(t, c.Allows(at(t, address), allowed), pb.Failure_NOT_ALLOWED, "--allow-url")
	}
	for address, allowed := range map[string][]string{
		"http://host/x": nil, "http://127.0.0.1/x": {"http://127.0.0.1/"}, "data:,": {"https://host/"},
	} {
		if err := c.Allows(at(t, address), allowed); err != nil {
			t.Errorf("%s: %v", address, err)
		}
	}
}
