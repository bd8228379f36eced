package index

import (
	"errors"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

const small = "entries:\n  app:\n  - version: 1.0.0\n    urls: [x]\n  other:\n  - version: 2.0.0\n    urls: [y]\n"

func kept(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	path := filepath.Join(folder, "x.index")
	if x, err := Read(strings.NewReader(small), About{"tag", "then"}, folder, path); err != nil || !x.Kept {
		t.Fatalf("not kept: %v", err)
	}
	return path
}

func TestAFileIsWhatWasRead(t *testing.T) {
	x, _, err := Open(kept(t))
	if err != nil {
		t.Fatal(err)
	}
	if (x.About != About{"tag", "then"}) || len(x.Content) != 64 {
		t.Errorf("got %+v, %q", x.About, x.Content)
	}
	if found, err := x.Choose("here", "other", ">1"); err != nil || found.URLs[0] != "y" {
		t.Errorf("got %v, %v", found, err)
	}
}

func TestEveryDamageOfAFileIsSeen(t *testing.T) {
	path := kept(t)
	sound, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for at := range sound {
		damaged := append([]byte(nil), sound...)
		damaged[at] ^= 0x20
		for _, content := range [][]byte{damaged, sound[:at]} {
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
			if _, _, err := Open(path); err == nil {
				t.Fatalf("byte %d: not seen", at)
			}
		}
	}
}

func TestDamageAfterOpeningIsSeenToo(t *testing.T) {
	path := kept(t)
	x, _, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 3); err != nil {
		t.Fatal(err)
	}
	if _, err := x.Choose("here", "app", ""); !errors.Is(err, ErrBroken) {
		t.Errorf("got %v", err)
	}
}

func TestWithoutADiskItIsInMemory(t *testing.T) {
	t.Setenv("TMPDIR", "/nowhere")
	x, err := Read(strings.NewReader(small), About{}, "/nowhere", "/nowhere/x.index")
	if err != nil || x.Kept {
		t.Fatalf("kept %v, %v", x, err)
	}
	if _, err := x.Choose("here", "app", ""); err != nil {
		t.Error(err)
	}
}

// TestADiskThatFillsUpLeavesTheRestInMemory limits the size of files.
func TestADiskThatFillsUpLeavesTheRestInMemory(t *testing.T) {
	signal.Ignore(unix.SIGXFSZ)
	t.Cleanup(func() { signal.Reset(unix.SIGXFSZ) })
	s := newSpool(t.TempDir())
	var before unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: 8, Max: before.Max}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Setrlimit(unix.RLIMIT_FSIZE, &before) })
	for _, part := range []string{"first ", "second ", "third"} {
		if _, err := s.Write([]byte(part)); err != nil {
			t.Fatal(err)
		}
	}
	from, named, err := s.finish("")
	if err != nil || named {
		t.Fatalf("named %v, %v", named, err)
	}
	all := make([]byte, s.size)
	if _, err := from.ReadAt(all, 0); err != nil || string(all) != "first second third" {
		t.Errorf("got %q, %v", all, err)
	}
}

func TestNothingIsLeftWhereNoFolderWasGiven(t *testing.T) {
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	if _, err := Read(strings.NewReader(small), About{}, "", ""); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(temporary); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

func TestDistanceCountsEdits(t *testing.T) {
	for words, want := range map[[2]string]int{
		{"nginx", "nginx"}: 0, {"ngnix", "nginx"}: 2, {"redis", "rediss"}: 1, {"", "abc"}: 3,
	} {
		if got := distance(words[0], words[1]); got != want {
			t.Errorf("%v: %d", words, got)
		}
	}
}
