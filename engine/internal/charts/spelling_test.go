package charts

import (
	"net/url"
	"testing"

	"helmward.dev/engine/internal/fetch"
)

func keyOf(t *testing.T, address string) string {
	t.Helper()
	parsed, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	access, bare := fetch.Access{}.At(parsed)
	return spelling(bare) + " " + identity(access, bare)
}

func TestOneRepositoryHasManySpellings(t *testing.T) {
	want := keyOf(t, "https://charts.example.com/stable")
	for _, other := range []string{
		"https://charts.example.com/stable/", "https://charts.example.com/stable//", "HTTPS://Charts.Example.COM/stable",
		"https://charts.example.com:443/stable", "https://charts.example.com/stable?v=1", "https://charts.example.com/stable#x",
	} {
		if got := keyOf(t, other); got != want {
			t.Errorf("%s: %s", other, got)
		}
	}
	if keyOf(t, "http://x:80/") != keyOf(t, "http://x") {
		t.Error("port 80 makes another")
	}
}

func TestOtherRepositoriesAreOthers(t *testing.T) {
	seen := map[string]string{}
	for _, address := range []string{
		"https://x/a", "http://x/a", "https://x/A", "https://x:444/a", "https://y/a", "https://x/a%2Fb", "https://x/a/b",
		"https://u:p@x/a", "https://u:q@x/a",
		"https://x/a?token=1", "https://x/a?token=2", "https://x/a?sig=1", "https://x/a?v=0123456789abcdef",
	} {
		key := keyOf(t, address)
		if other, twice := seen[key]; twice {
			t.Errorf("%s is taken for %s", address, other)
		}
		seen[key] = address
	}
}
