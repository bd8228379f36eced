package charts

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
	"helmward.dev/engine/internal/fetch"
)

// laid writes files into a folder of their own.
func laid(t *testing.T, files map[string]string) string {
	t.Helper()
	folder := t.TempDir()
	for name, content := range files {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

func packNow(s *Source, of Packing) (*Found, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	return s.Pack(ctx, of)
}

// The one whose folder is packed gives up; he who waits for it packs his own.
func TestOneWhoGivesUpLeavesTheOthers(t *testing.T) {
	reached, goOn := make(chan struct{}, 9), make(chan struct{})
	serving := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		reached <- struct{}{}
		<-goOn
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	defer serving.Close()
	needs := fmt.Sprintf("dependencies: [{name: sub, version: '1', repository: %q}]\n", serving.URL)
	hastys := laid(t, map[string]string{"Chart.yaml": chartYAML + needs})
	patients := laid(t, map[string]string{"Chart.yaml": chartYAML})
	s := NewSource(Options{})
	ctx, giveUp := context.WithCancel(context.Background())
	first, second := make(chan error, 1), make(chan error, 1)
	go func() {
		_, err := s.Pack(ctx, Packing{Key: "k", Folder: hastys})
		first <- err
	}()
	<-reached
	go func() {
		_, err := packNow(s, Packing{Key: "k", Folder: patients})
		second <- err
	}()
	giveUp()
	if err := <-first; !errors.Is(err, context.Canceled) {
		t.Errorf("the hasty one got %v", err)
	}
	close(goOn)
	if err := <-second; err != nil {
		t.Errorf("the patient one got %v", err)
	}
}

func TestAFolderIsReadAsAnArchiveIs(t *testing.T) {
	sub := string(tgz(t, file("deep/Chart.yaml", strings.Replace(chartYAML, "app", "deep", 1))))
	linked := string(tgz(t, file("x/Chart.yaml", chartYAML), item{name: "x/l", kind: '2', link: "/"}))
	cases := map[string]struct {
		files map[string]string
		kind  pb.Failure_Kind
		words string
	}{
		"archives in folders": {map[string]string{"charts/sub/Chart.yaml": strings.Replace(chartYAML, "app", "sub", 1), "charts/sub/charts/deep-1.tgz": sub}, 0, ""},
		"links in those":      {map[string]string{"charts/sub/Chart.yaml": chartYAML, "charts/sub/charts/x.tgz": linked}, invalid, "is a link"},
		"backslash":           {map[string]string{`a\b`: ""}, invalid, "backslash"},
		"helmignore":          {map[string]string{".helmignore": "**/x"}, invalid, ".helmignore cannot be read"},
	}
	for name, one := range cases {
		t.Run(name, func(t *testing.T) {
			one.files["Chart.yaml"] = chartYAML
			found, err := packNow(NewSource(Options{}), Packing{Key: "k", Folder: laid(t, one.files)})
			if one.words == "" {
				if err != nil || fileIn(found.Chart, "charts/sub/charts/deep-1/Chart.yaml") == nil {
					t.Errorf("got %v, %v", found, err)
				}
				return
			}
			if !failure.Is(err, one.kind) || !strings.Contains(err.Error(), one.words) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestAFolderIsNotReadPastTheLimit(t *testing.T) {
	folder := laid(t, map[string]string{"Chart.yaml": chartYAML, "big": ""})
	if err := os.Truncate(filepath.Join(folder, "big"), mostUnpacked); err != nil {
		t.Fatal(err)
	}
	_, err := packNow(NewSource(Options{}), Packing{Key: "k", Folder: folder})
	if !failure.Is(err, large) || !strings.Contains(err.Error(), "100 MiB") {
		t.Errorf("got %v", err)
	}
}

func TestWhatIsNoFileIsRefused(t *testing.T) {
	folder := laid(t, map[string]string{"Chart.yaml": chartYAML})
	if err := syscall.Mkfifo(filepath.Join(folder, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := packNow(NewSource(Options{}), Packing{Key: "k", Folder: folder})
	if !failure.Is(err, invalid) || !strings.Contains(err.Error(), "neither a file nor a folder") {
		t.Errorf("got %v", err)
	}
}

func TestAPackedChartIsKnownByWhatIsInItAndByItsKey(t *testing.T) {
	kept := t.TempDir()
	folder := laid(t, map[string]string{"Chart.yaml": chartYAML, "templates/a.yaml": "a: 1"})
	before, err := packNow(NewSource(Options{Folder: kept}), Packing{Key: "k", Folder: folder})
	if err != nil {
		t.Fatal(err)
	}
	after := NewSource(Options{Folder: kept})
	found, err := packNow(after, Packing{Key: "k"})
	if err != nil || found.Digest != before.Digest || treeOf(found.Chart) != before.Digest {
		t.Errorf("got %v, %v", found, err)
	}
	if _, err := packNow(after, Packing{Key: "other"}); !failure.Is(err, pb.Failure_CHART_UNKNOWN) {
		t.Errorf("got %v", err)
	}
	if _, err := packNow(after, Packing{}); !failure.Is(err, pb.Failure_INVALID) {
		t.Errorf("got %v", err)
	}
}

func TestKeysAreForgottenWhereThereAreTooMany(t *testing.T) {
	folder := t.TempDir()
	keys := newPackedKeys(newDisk(folder, 1<<30))
	for i := range mostKeys {
		keys.remember(fmt.Sprint(i), "tree:x")
		name := filepath.Join(folder, packedFolder, fmt.Sprint(i))
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(name, time.Unix(int64(i), 0), time.Unix(int64(i), 0)); err != nil {
			t.Fatal(err)
		}
	}
	keys.note("new", "tree:new")
	left, err := os.ReadDir(filepath.Join(folder, packedFolder))
	if err != nil || len(left) > mostKeys/2+1 || len(keys.memory) > mostKeys {
		t.Errorf("%d files, %d in memory, %v", len(left), len(keys.memory), err)
	}
	if got := newPackedKeys(newDisk(folder, 1<<30)).digest("new"); got != "tree:new" {
		t.Errorf("got %q", got)
	}
}

func TestTheLongestAddressThatCoversGivesTheAccess(t *testing.T) {
	p := &packer{of: Packing{Repositories: []Repository{
		{Name: "whole", URL: "https://charts.example.com", Access: fetch.Access{Username: "whole"}},
		{Name: "team", URL: "https://charts.example.com/team/", Access: fetch.Access{Username: "team"}},
		{Name: "registry", URL: "oci://registry.example.com/a", Access: fetch.Access{Username: "oci"}},
		{Name: "nowhere", URL: "https:///", Access: fetch.Access{Username: "nowhere"}},
	}}}
	for address, user := range map[string]string{
		"https://charts.example.com/team":          "team",
		"https://CHARTS.example.com:443/team/x/":   "team",
		"https://charts.example.com/teams":         "whole",
		"https://charts.example.com/team/../other": "whole",
		"http://charts.example.com/team":           "",
		"https://charts.example.com.evil/team":     "",
		"https://charts.example.com@evil/team":     "",
		"https://charts.example.com:8443/team":     "",
		"oci://registry.example.com/a/b":           "oci",
		"oci://registry.example.com/ab":            "",
		"://":                                      "",
	} {
		if got := p.access(address).Username; got != user {
			t.Errorf("%s: %q", address, got)
		}
	}
}

func TestTheSameFilesInAnyOrderAreOneTree(t *testing.T) {
	one, _, err := parse(crafted(t, file("app/x", "1"), file("app/y", "2")))
	if err != nil {
		t.Fatal(err)
	}
	other, _, err := parse(crafted(t, file("app/y", "2"), file("app/x", "1")))
	if err != nil {
		t.Fatal(err)
	}
	swapped, _, err := parse(crafted(t, file("app/x", "2"), file("app/y", "1")))
	if err != nil {
		t.Fatal(err)
	}
	digests := []string{treeOf(one), treeOf(other), treeOf(swapped)}
	if digests[0] != digests[1] || slices.Contains(digests[:2], digests[2]) {
		t.Errorf("got %q", digests)
	}
}
