package charts

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
)

const chartYAML = "apiVersion: v2\nname: app\nversion: 1.0.0\n"

// item is one entry of a crafted archive.
type item struct {
	name, content string
	kind          byte
	link          string
}

func file(name, content string) item { return item{name: name, content: content, kind: tar.TypeReg} }

// crafted packs entries as they are said, the chart's own two in front.
func crafted(t *testing.T, items ...item) []byte {
	t.Helper()
	return tgz(t, append([]item{file("app/Chart.yaml", chartYAML), file("app/values.yaml", "a: 1\n")}, items...)...)
}

func tgz(t *testing.T, items ...item) []byte {
	t.Helper()
	var packed bytes.Buffer
	zipped := gzip.NewWriter(&packed)
	tarred := tar.NewWriter(zipped)
	for _, one := range items {
		header := &tar.Header{Name: one.name, Mode: 0o644, Size: int64(len(one.content)), Typeflag: one.kind, Linkname: one.link}
		if one.kind == tar.TypeXGlobalHeader {
			header = &tar.Header{Typeflag: one.kind, PAXRecords: map[string]string{"comment": "a commit"}}
		}
		if err := tarred.WriteHeader(header); err != nil {
			t.Fatal(err)
		}
		if _, err := tarred.Write([]byte(one.content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := tarred.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zipped.Close(); err != nil {
		t.Fatal(err)
	}
	return packed.Bytes()
}

func zip(t *testing.T, raw []byte) []byte {
	t.Helper()
	var packed bytes.Buffer
	zipped := gzip.NewWriter(&packed)
	if _, err := zipped.Write(raw); err != nil {
		t.Fatal(err)
	}
	if err := zipped.Close(); err != nil {
		t.Fatal(err)
	}
	return packed.Bytes()
}

// noise does not shrink.
func noise(size int) string {
	random := rand.NewChaCha8([32]byte{1})
	bytes := make([]byte, size)
	_, _ = random.Read(bytes)
	return string(bytes)
}

func TestAnArchiveIsRefusedForWhatIsInIt(t *testing.T) {
	whole := crafted(t, file("app/files/noise", noise(64<<10)))
	header := crafted(t)
	cases := map[string]struct {
		archive []byte
		kind    pb.Failure_Kind
		words   []string
	}{
		"parent":           {crafted(t, file("app/../../out", "")), invalid, []string{`"app/../../out"`, "parent directory"}},
		"parent alone":     {crafted(t, file("../out", "")), invalid, []string{`"../out"`, "parent directory"}},
		"parent folder":    {crafted(t, item{name: "app/../x/", kind: tar.TypeDir}), invalid, []string{"parent directory"}},
		"absolute":         {crafted(t, file("/etc/passwd", "")), invalid, []string{`"/etc/passwd"`, "absolute path"}},
		"absolute below":   {crafted(t, file("app//etc/passwd", "")), invalid, []string{"absolute path"}},
		"backslash":        {crafted(t, file(`app\..\out`, "")), invalid, []string{"backslash"}},
		"drive":            {crafted(t, file("app/c:/windows", "")), invalid, []string{"drive letter"}},
		"drive in front":   {crafted(t, file("C:/windows", "")), invalid, []string{"drive letter"}},
		"dot":              {crafted(t, file("app/./x", "")), invalid, []string{"part `.`"}},
		"dot at the end":   {crafted(t, file("app/.", "")), invalid, []string{"part `.`"}},
		"dots as a name":   {crafted(t, file("app/..", "")), invalid, []string{"parent directory"}},
		"control":          {crafted(t, file("app/a\x1bb", "")), invalid, []string{"control character", `a\x1bb`}},
		"long path":        {crafted(t, file("app/"+strings.Repeat("x/", 600)+"y", "")), invalid, []string{"1024 bytes"}},
		"symlink":          {crafted(t, item{name: "app/files/s", kind: tar.TypeSymlink, link: "/etc/passwd"}), invalid, []string{`"app/files/s"`, "is a link"}},
		"hard link":        {crafted(t, item{name: "app/h", kind: tar.TypeLink, link: "app/Chart.yaml"}), invalid, []string{"is a link"}},
		"device":           {crafted(t, item{name: "app/d", kind: tar.TypeChar}), invalid, []string{"neither a file nor a folder"}},
		"fifo":             {crafted(t, item{name: "app/f", kind: tar.TypeFifo}), invalid, []string{"neither a file nor a folder"}},
		"twice":            {crafted(t, file("app/values.yaml", "")), invalid, []string{`"app/values.yaml"`, "is there twice"}},
		"twice by folder":  {crafted(t, file("other/values.yaml", "")), invalid, []string{"is there twice"}},
		"no folder":        {crafted(t, file("README", "")), invalid, []string{`"README"`, "outside of the chart's folder"}},
		"name of a path":   {tgz(t, file("app/Chart.yaml", strings.Replace(chartYAML, "app", "../app", 1))), invalid, []string{"../app", "is invalid"}},
		"name of dots":     {tgz(t, file("app/Chart.yaml", strings.Replace(chartYAML, "app", "..", 1))), invalid, []string{"not allowed"}},
		"no Chart.yaml":    {tgz(t, file("app/values.yaml", "a: 1")), invalid, []string{"no Chart.yaml", "helm package"}},
		"empty":            {tgz(t), invalid, []string{"no Chart.yaml"}},
		"no gzip":          {[]byte("a: document"), invalid, []string{"is no chart", "gzip"}},
		"no tar":           {zip(t, []byte(strings.Repeat("not a tar at all ", 99))), invalid, []string{"damaged"}},
		"truncated":        {whole[:len(whole)/2], invalid, []string{"cut short"}},
		"without its end":  {header[:len(header)-8], invalid, []string{"cut short"}},
		"flipped":          {flipped(whole), invalid, []string{"damaged"}},
		"gzip bomb":        {crafted(t, file("app/bomb", strings.Repeat("\x00", 8<<20))), large, []string{"100 times its size"}},
		"header bomb":      {zip(t, bytes.Repeat([]byte{0}, 8<<20)), large, []string{"100 times its size"}},
		"one large file":   {promising(t, mostUnpacked+1), large, []string{"100 MiB", `"app/big"`}},
		"one that says so": {promising(t, 8<<20), large, []string{"100 times its size"}},
		"alias bomb":       {tgz(t, file("app/Chart.yaml", chartYAML), file("app/values.yaml", laughs())), invalid, []string{"values.yaml"}},
		"deep document":    {tgz(t, file("app/Chart.yaml", chartYAML), file("app/values.yaml", "a: "+strings.Repeat("[", 20_000))), invalid, []string{"values.yaml"}},
		"many files":       {crafted(t, many(mostFiles)...), large, []string{"10000 entries"}},
		"many folders":     {crafted(t, folders(mostFiles)...), large, []string{"10000 entries"}},
		"nested bomb":      {crafted(t, file("app/charts/sub-1.tgz", string(crafted(t, file("sub/bomb", strings.Repeat("\x00", 8<<20)))))), large, []string{"charts/sub-1.tgz", "100 times"}},
		"nested link":      {crafted(t, file("app/charts/sub-1.tgz", string(crafted(t, item{name: "s/l", kind: tar.TypeSymlink, link: "/"})))), invalid, []string{"charts/sub-1.tgz", "is a link"}},
		"nested deep":      {deep(t, mostNested+1), large, []string{"go deeper than 8"}},
	}
	for name, one := range cases {
		t.Run(name, func(t *testing.T) {
			_, _, err := parse(one.archive)
			if !failure.Is(err, one.kind) {
				t.Fatalf("got %v", err)
			}
			for _, words := range one.words {
				if !strings.Contains(err.Error(), words) {
					t.Errorf("%q is missing in: %s", words, err)
				}
			}
		})
	}
}

const (
	invalid = pb.Failure_CHART_INVALID
	large   = pb.Failure_TOO_LARGE
)

// laughs is a document of which each line is ten times the one before.
func laughs() string {
	text := "a0: &a0 [x]\n"
	for i := range 12 {
		text += fmt.Sprintf("a%d: &a%d [%s]\n", i+1, i+1, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d,", i), 10), ","))
	}
	return text
}

// promising packs an entry that says it is so large, and ends.
func promising(t *testing.T, size int64) []byte {
	t.Helper()
	var raw bytes.Buffer
	header := &tar.Header{Name: "app/big", Mode: 0o644, Size: size, Typeflag: tar.TypeReg}
	if err := tar.NewWriter(&raw).WriteHeader(header); err != nil {
		t.Fatal(err)
	}
	return zip(t, raw.Bytes())
}

func many(count int) []item {
	items := make([]item, count)
	for i := range items {
		items[i] = file(fmt.Sprintf("app/files/%d", i), "")
	}
	return items
}

func folders(count int) []item {
	items := many(count)
	for i := range items {
		items[i] = item{name: items[i].name + "/", kind: tar.TypeDir}
	}
	return items
}

// deep packs a chart in a chart in a chart.
func deep(t *testing.T, depth int) []byte {
	t.Helper()
	packed := crafted(t)
	for range depth {
		packed = crafted(t, file("app/charts/app.tgz", string(packed)))
	}
	return packed
}

func flipped(packed []byte) []byte {
	damaged := slices.Clone(packed)
	damaged[len(damaged)-6] ^= 0xff
	return damaged
}

func TestAnArchiveIsReadForAllItsShapes(t *testing.T) {
	sub := tgz(t, file("sub/Chart.yaml", strings.Replace(chartYAML, "app", "sub", 1)), file("sub/values.yaml", "b: 2\n"))
	cases := map[string]struct {
		archive []byte
		files   []string
	}{
		"plain":             {crafted(t), []string{"Chart.yaml", "values.yaml"}},
		"another folder":    {tgz(t, file("x/Chart.yaml", chartYAML)), []string{"Chart.yaml"}},
		"folders":           {crafted(t, item{name: "app/", kind: tar.TypeDir}, file("app/t/x", "")), []string{"Chart.yaml", "t/x", "values.yaml"}},
		"from inside":       {tgz(t, item{name: "./", kind: tar.TypeDir}, file("./Chart.yaml", chartYAML)), []string{"Chart.yaml"}},
		"commit of git":     {tgz(t, item{kind: tar.TypeXGlobalHeader}, file("x/Chart.yaml", chartYAML)), []string{"Chart.yaml"}},
		"dots in a name":    {crafted(t, file("app/files/..data", "")), []string{"Chart.yaml", "files/..data", "values.yaml"}},
		"archive as a file": {crafted(t, file("app/files/x.tgz", "no archive")), []string{"Chart.yaml", "files/x.tgz", "values.yaml"}},
		"dependency":        {crafted(t, file("app/charts/sub-1.tgz", string(sub))), []string{"Chart.yaml", "charts/sub-1/Chart.yaml", "charts/sub-1/values.yaml", "values.yaml"}},
		"twice vendored": {crafted(t, file("app/charts/sub-1.tgz", string(sub)), file("app/charts/sub-1/Chart.yaml", chartYAML)), []string{
			"Chart.yaml", "charts/sub-1-2/Chart.yaml", "charts/sub-1-2/values.yaml", "charts/sub-1/Chart.yaml", "values.yaml",
		}},
		"shrinks well": {crafted(t, file("app/files/x", strings.Repeat("x", 3<<20))), []string{"Chart.yaml", "files/x", "values.yaml"}},
	}
	for name, one := range cases {
		t.Run(name, func(t *testing.T) {
			parsed, _, err := parse(one.archive)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, file := range parsed.Raw {
				got = append(got, file.Name)
			}
			slices.Sort(got)
			if !slices.Equal(got, one.files) {
				t.Errorf("got %q", got)
			}
		})
	}
}

func TestWhoIsNotInstallableIsReadAllTheSame(t *testing.T) {
	cases := map[string]string{
		"type: library\n": "is of type library and cannot be installed",
		"dependencies: [{name: sub, version: '1', repository: ''}]\n": "lacks its dependencies",
		"type: application\n": "",
	}
	for more, words := range cases {
		parsed, _, err := parse(tgz(t, file("app/Chart.yaml", chartYAML+more)))
		if err != nil {
			t.Fatal(err)
		}
		switch err := Installable(parsed); {
		case words == "" && err != nil:
			t.Errorf("%s: %v", more, err)
		case words != "" && (err == nil || !strings.Contains(err.Error(), words)):
			t.Errorf("%s: got %v", more, err)
		}
	}
}

func FuzzArchive(f *testing.F) {
	f.Add([]byte("x"))
	f.Fuzz(func(t *testing.T, tarred []byte) {
		parsed, _, err := parse(zip(t, tarred))
		if err != nil {
			return
		}
		for _, file := range parsed.Raw {
			if why := unsafePath(file.Name); why != "" {
				t.Errorf("%q %s", file.Name, why)
			}
		}
	})
}
