package fetch

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"path"
	"strings"
	"syscall"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
)

// guard decides where one request may go.
type guard struct {
	allowed []*url.URL
	closed  bool
	local   bool
}

func newGuard(prefixes []string, refuseLocal bool) (guard, error) {
	made := guard{closed: len(prefixes) > 0, local: refuseLocal}
	for _, prefix := range prefixes {
		parsed, err := url.Parse(prefix)
		if err != nil || parsed.Scheme == "" || parsed.User != nil || parsed.Opaque != "" {
			return guard{}, failure.New(pb.Failure_INVALID,
				"--allow-url %q is not the beginning of a URL, such as https://charts.example.com/team/", prefix)
		}
		made.allowed = append(made.allowed, parsed)
	}
	return made, nil
}

// check refuses an address that no prefix allows; lifted says that a prefix
// names the host, which then may be of this very machine.
func (g guard) check(address *url.URL) (lifted bool, err error) {
	if !g.closed {
		return false, nil
	}
	for _, prefix := range g.allowed {
		if covers(prefix, address) {
			return prefix.Hostname() != "", nil
		}
	}
	return false, refused(address, "is not among the URLs that may be asked: --allow-url would add it")
}

func refused(address *url.URL, format string, values ...any) error {
	return failure.New(pb.Failure_NOT_ALLOWED, "%s %w", Shown(address), fmt.Errorf(format, values...))
}

// covers compares scheme, host and port, and whole segments of the path.
func covers(prefix, address *url.URL) bool {
	if !strings.EqualFold(prefix.Scheme, address.Scheme) {
		return false
	}
	if prefix.Host == "" {
		return strings.Trim(prefix.Path, "/") == ""
	}
	if origin(prefix) != origin(address) {
		return false
	}
	wanted, given := strings.TrimSuffix(clean(prefix), "/"), clean(address)
	return given == wanted || strings.HasPrefix(given, wanted+"/")
}

// clean resolves dot segments, also those that are written with escapes: what
// a server may take for `..` counts as that.
func clean(address *url.URL) string {
	given := address.Path
	for range 3 {
		decoded, err := url.PathUnescape(given)
		if err != nil || decoded == given {
			break
		}
		given = decoded
	}
	return path.Clean("/" + strings.ReplaceAll(given, `\`, "/"))
}

// origin is what credentials are bound to.
func origin(address *url.URL) string {
	scheme := strings.ToLower(address.Scheme)
	port := address.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[scheme]
	}
	return scheme + "://" + strings.TrimSuffix(strings.ToLower(address.Hostname()), ".") + ":" + port
}

// forbidden is the reason why a host must not be connected to.
type forbidden struct{ words string }

func (f *forbidden) Error() string { return f.words }

// Nothing that charts come from lies there, and much that must stay secret.
var metadata = []netip.Prefix{
	netip.MustParsePrefix("169.254.0.0/16"),
	netip.MustParsePrefix("fe80::/10"),
	netip.MustParsePrefix("fd00:ec2::254/128"),
	netip.MustParsePrefix("100.100.100.200/32"),
}

// translated is how IPv6 alone reaches IPv4 addresses.
var translated = netip.MustParsePrefix("64:ff9b::/96")

// refuses says why an address of the network must not be connected to.
func (g guard) refuses(ip netip.Addr) error {
	ip = ip.Unmap().WithZone("")
	if translated.Contains(ip) {
		bytes := ip.As16()
		ip = netip.AddrFrom4([4]byte(bytes[12:]))
	}
	for _, prefix := range metadata {
		if prefix.Contains(ip) {
			return &forbidden{fmt.Sprintf(
				"is at %s, a link-local address, where clouds keep secrets: --allow-url would allow its host", ip)}
		}
	}
	if g.local && (ip.IsLoopback() || ip.IsUnspecified()) {
		return &forbidden{fmt.Sprintf(
			"is at %s, an address of this very machine: --allow-url would allow its host", ip)}
	}
	return nil
}

// control is asked after names are resolved, for each address before it is
// connected to: a name cannot change what it means in between.
func (g guard) control(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return &forbidden{"is at no address of the network"}
	}
	return g.refuses(at.Addr())
}

// name is all that can be looked at where a proxy connects for us.
func (g guard) name(host string) error {
	if ip, err := netip.ParseAddr(host); err == nil {
		return g.refuses(ip)
	}
	if g.local && strings.EqualFold(strings.TrimSuffix(host, "."), "localhost") {
		return &forbidden{"is this very machine: --allow-url would allow its host"}
	}
	return nil
}

// asForbidden finds the guard's own words in an error of a connection.
func asForbidden(address *url.URL, err error) error {
	var own *forbidden
	if errors.As(err, &own) {
		return refused(address, "%s", own.words)
	}
	return nil
}
