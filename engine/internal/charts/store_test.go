package charts

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// chartNamed packs a chart that is some bytes large.
func chartNamed(t *testing.T, name string, size int) []byte {
	t.Helper()
	noise := make([]byte, size)
	seed := uint32(size)
	for at := range noise {
		seed = seed*1664525 + 1013904223
		noise[at] = 'a' + byte(seed>>24)%26
	}
	return archive(t, name, map[string]string{"noise.txt": string(noise)})
}

func storeIn(folder string, budget int64) *store { return newStore(newDisk(folder, budget)) }

func put(t *testing.T, s *store, packed []byte) string {
	t.Helper()
	digest, _, err := s.put(packed)
	if err != nil {
		t.Fatal(err)
	}
	return digest
}

func TestAChartOutlivesTheProcess(t *testing.T) {
	folder := t.TempDir()
	digest := put(t, storeIn(folder, 1<<20), chartNamed(t, "app", 10))
	if found := storeIn(folder, 1<<20).get(digest); found == nil || found.Name() != "app" {
		t.Errorf("got %v", found)
	}
}

func TestADamagedChartIsRemoved(t *testing.T) {
	packed := chartNamed(t, "app", 10)
	parsed, _, err := parse(packed)
	if err != nil {
		t.Fatal(err)
	}
	for _, digest := range []string{digestOf(packed), "tree:" + strings.Repeat("ab", 32)} {
		t.Run(digest[:4], func(t *testing.T) {
			folder := t.TempDir()
			storeIn(folder, 1<<20).keep(digest, packed, parsed)
			again := storeIn(folder, 1<<20)
			path := again.path(digest)
			content, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			content[len(content)/2] ^= 1
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
			if again.get(digest) != nil {
				t.Error("it was served")
			}
			if _, err := os.Stat(path); !os.IsNotExist(err) {
				t.Errorf("it is still there: %v", err)
			}
		})
	}
}

func TestAPackedChartOutlivesTheProcess(t *testing.T) {
	folder, packed, digest := t.TempDir(), chartNamed(t, "app", 10), "tree:"+strings.Repeat("ab", 32)
	parsed, _, err := parse(packed)
	if err != nil {
		t.Fatal(err)
	}
	storeIn(folder, 1<<20).keep(digest, packed, parsed)
	if found := storeIn(folder, 1<<20).get(digest); found == nil {
		t.Error("it is gone")
	}
}

func TestDigestsThatAreNoneHaveNoFile(t *testing.T) {
	s := storeIn(t.TempDir(), 1<<20)
	for _, digest := range []string{"", "sha256:", "sha256:../../x", "md5:" + strings.Repeat("ab", 32), "sha256:" + strings.Repeat("x", 64)} {
		if s.path(digest) != "" || s.get(digest) != nil {
			t.Errorf("%q has one", digest)
		}
	}
}

func TestTheLeastRecentlyUsedGoesFirst(t *testing.T) {
	folder := t.TempDir()
	packed := [][]byte{chartNamed(t, "a", 5000), chartNamed(t, "b", 5001), chartNamed(t, "c", 5002)}
	s := storeIn(folder, int64(len(packed[0])+len(packed[1])+len(packed[2])/2))
	a, b := put(t, s, packed[0]), put(t, s, packed[1])
	old, older := time.Now().Add(-time.Hour), time.Now().Add(-2*time.Hour)
	if os.Chtimes(s.path(a), older, older) != nil || os.Chtimes(s.path(b), old, old) != nil {
		t.Fatal("no times")
	}
	if storeIn(folder, 1<<20).get(a) == nil { // By another process: that is a use.
		t.Fatal("a is gone")
	}
	c := put(t, s, packed[2])
	left := storeIn(folder, 1<<20)
	for digest, want := range map[string]bool{a: true, b: false, c: true} {
		if got := left.get(digest) != nil; got != want {
			t.Errorf("%s: kept %v", digest[:12], got)
		}
	}
}

func TestTheBoundIsOfTheWholeFolder(t *testing.T) {
	folder := t.TempDir()
	s := storeIn(folder, 30_000)
	other := filepath.Join(folder, indexesFolder, "x.index")
	if err := os.WriteFile(other, make([]byte, 20_000), 0o600); err != nil {
		t.Fatal(err)
	}
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(other, old, old); err != nil {
		t.Fatal(err)
	}
	for i := range lookAfter {
		put(t, s, chartNamed(t, "app", 3000+i))
	}
	if _, size := s.disk.files(); size > 30_000 {
		t.Errorf("it takes %d bytes", size)
	}
	if _, err := os.Stat(other); !os.IsNotExist(err) {
		t.Errorf("the oldest is still there: %v", err)
	}
}

func TestFormerFilesAndLeftoversAreRemoved(t *testing.T) {
	folder := t.TempDir()
	put(t, storeIn(folder, 1<<20), chartNamed(t, "app", 10))
	former, leftover := filepath.Join(folder, "abc.tgz"), filepath.Join(folder, chartsFolder, "incoming-1")
	young := filepath.Join(folder, chartsFolder, "incoming-2")
	for _, path := range []string{former, leftover, young} {
		if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	old := time.Now().Add(-2 * time.Hour)
	if err := os.Chtimes(leftover, old, old); err != nil {
		t.Fatal(err)
	}
	storeIn(folder, 1<<20)
	for path, want := range map[string]bool{former: false, leftover: false, young: true} {
		if _, err := os.Stat(path); (err == nil) != want {
			t.Errorf("%s: %v", filepath.Base(path), err)
		}
	}
}

func TestAFolderThatCannotBeWrittenLeavesMemory(t *testing.T) {
	inTheWay := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(inTheWay, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s := storeIn(inTheWay, 1<<20)
	if digest := put(t, s, chartNamed(t, "app", 10)); s.get(digest) == nil {
		t.Error("it is gone")
	}
}

func TestManyProcessesShareAFolder(t *testing.T) {
	folder := t.TempDir()
	var packed [][]byte
	for i := range 8 {
		packed = append(packed, chartNamed(t, fmt.Sprintf("app%d", i), 2000+i))
	}
	var all sync.WaitGroup
	for range 4 {
		s := storeIn(folder, 6000)
		all.Go(func() {
			for range 5 {
				for _, one := range packed {
					if digest, _, err := s.put(one); err != nil || s.get(digest) == nil {
						t.Errorf("not kept: %v", err)
					}
				}
			}
		})
	}
	all.Wait()
}
