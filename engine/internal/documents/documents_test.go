package documents

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"helmward.dev/engine/internal/fetch"
)

func aPage(size int) *page {
	return &page{content: make([]byte, size), validators: fetch.Validators{ETag: "e"}, asked: time.Now()}
}

func TestTheShelfIsBoundedInMemoryAndOnDisk(t *testing.T) {
	folder := t.TempDir()
	s := newShelf(folder)
	s.disk.budget = 3 << 20
	for _, name := range []string{"a", "b", "c", "d"} {
		s.put(name, aPage(1<<20))
	}
	files, _ := os.ReadDir(filepath.Join(folder, "documents"))
	if len(files) > 3 {
		t.Errorf("%d are on disk", len(files))
	}
	for range 40 {
		s.put(strings.Repeat("x", s.recent.Len()+1), aPage(1<<20))
	}
	if s.size > memoryBudget || len(s.pages) != s.recent.Len() {
		t.Errorf("%d bytes in memory", s.size)
	}
}

func TestAPageThatIsNotWholeIsNotThere(t *testing.T) {
	folder := t.TempDir()
	newShelf(folder).put("a", aPage(10))
	path := filepath.Join(folder, "documents", "a")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{
		"cut": whole[:len(whole)-1], "empty": {}, "other": []byte("{}\nx"), "changed": append(whole[:len(whole)-1:len(whole)-1], 'x'),
	} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if newShelf(folder).get("a") != nil {
			t.Errorf("%s: it is served", name)
		}
	}
	if err := os.WriteFile(path, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	if kept := newShelf(folder).get("a"); kept == nil || kept.validators.ETag != "e" {
		t.Error("a whole one is not")
	}
}

func TestAClockThatWasSetBackMakesThingsOld(t *testing.T) {
	if age := (&page{asked: time.Now().Add(time.Hour)}).age(); age < 24*time.Hour {
		t.Errorf("is %s old", age)
	}
}

func TestADiskThatCannotBeWrittenCostsARequestOnly(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s := newShelf(file)
	s.put("a", aPage(10))
	if s.get("a") == nil {
		t.Error("it is not in memory either")
	}
}
