package charts

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

var anApp = asked{"https://x", "somebody", "app", "^1"}

func TestAResolutionOutlivesTheProcess(t *testing.T) {
	folder := t.TempDir()
	given := resolution{Digest: "sha256:1", Of: "index", At: time.Now().Truncate(0), ETag: "tag"}
	newResolved(newDisk(folder, 1<<20)).keep(anApp, given)
	again := newResolved(newDisk(folder, 1<<20))
	if got, known := again.get(anApp); !known || !got.same(given) || !got.At.Equal(given.At) {
		t.Errorf("got %+v, %v", got, known)
	}
	for name, other := range map[string]asked{
		"another access": {"https://x", "else", "app", "^1"},
		"nobody":         {"https://x", "", "app", "^1"},
		"another range":  {"https://x", "somebody", "app", "^2"},
	} {
		if _, known := again.get(other); known {
			t.Errorf("%s has it too", name)
		}
	}
}

func TestADamagedResolutionIsNone(t *testing.T) {
	folder := t.TempDir()
	newResolved(newDisk(folder, 1<<20)).keep(anApp, resolution{Digest: "sha256:1", At: time.Now()})
	path := filepath.Join(folder, resolvedFolder, anApp.file())
	for _, content := range []string{"", "{", "{}", "null", "[]"} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, known := newResolved(newDisk(folder, 1<<20)).get(anApp); known {
			t.Errorf("%q: got %+v", content, got)
		}
	}
}

func TestWhatIsKnownIsWrittenAgainAfterAnHourOnly(t *testing.T) {
	folder := t.TempDir()
	r := newResolved(newDisk(folder, 1<<20))
	begin := time.Now()
	for _, after := range []time.Duration{0, 40 * time.Minute, 80 * time.Minute, 100 * time.Minute} {
		r.keep(anApp, resolution{Digest: "sha256:1", At: begin.Add(after)})
	}
	written, _ := newResolved(newDisk(folder, 1<<20)).get(anApp)
	if got := written.At.Sub(begin).Round(time.Minute); got != 80*time.Minute {
		t.Errorf("written after %s", got)
	}
	if got, _ := r.get(anApp); got.At.Sub(begin) != 100*time.Minute {
		t.Errorf("in memory it is of %s", got.At.Sub(begin))
	}
}

func TestAnAgeIsKnownOfWhatWasSeenAndNotForgotten(t *testing.T) {
	r := newResolved(newDisk("", 1<<20))
	young := resolution{At: time.Now()}
	if age := r.age(young); age > time.Minute {
		t.Errorf("it is %s old", age)
	}
	if age := r.age(resolution{At: time.Now().Add(time.Hour)}); age < time.Hour {
		t.Errorf("what is of the future is %s old", age)
	}
	r.forget()
	if age := r.age(young); age < time.Hour {
		t.Errorf("forgotten it is %s old", age)
	}
}

func TestOnlySoManyResolutionsStay(t *testing.T) {
	folder := t.TempDir()
	r := newResolved(newDisk(folder, 1<<20))
	below := filepath.Join(folder, resolvedFolder)
	for i := range mostResolved + 5 {
		name := filepath.Join(below, time.Duration(i).String())
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r.keep(anApp, resolution{Digest: "sha256:1", At: time.Now()})
	left, err := os.ReadDir(below)
	if err != nil || len(left) > mostResolved {
		t.Errorf("%d are left, %v", len(left), err)
	}
	if _, known := newResolved(newDisk(folder, 1<<20)).get(anApp); !known {
		t.Error("the newest is gone")
	}
}
