package plane

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func opened(t *testing.T, path string) *folder {
	t.Helper()
	home, err := openFolder(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(home.close)
	return home
}

// Two etcds on the same data would spoil it.
func TestAFolderHasOneOwnerAtATime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "plane")
	first := opened(t, path)
	if _, err := openFolder(path); err == nil || !strings.Contains(err.Error(), "another plane") {
		t.Errorf("opened twice: %v", err)
	}
	first.close()
	opened(t, path)
}

func TestAFolderRemembersItsPort(t *testing.T) {
	home := opened(t, t.TempDir())
	if port := home.earlierPort(); port != 0 {
		t.Errorf("a new folder remembers port %d", port)
	}
	if err := home.rememberPort(4711); err != nil {
		t.Fatal(err)
	}
	if port := home.earlierPort(); port != 4711 {
		t.Errorf("remembers %d", port)
	}
}

func TestTheEndOfALogIsQuoted(t *testing.T) {
	log := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(log, []byte("one\ntwo\nthree\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if quoted := tail(log, 2); quoted != "    two\n    three" {
		t.Errorf("quoted %q", quoted)
	}
}
