package charts

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	buffered "helm.sh/helm/v4/pkg/chart/loader/archive"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/chart/v2/loader"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
)

// What an archive may hold, those inside it (charts/*.tgz) counted in. The sum
// is Helm's own; Helm has no limit on one file any more.
const (
	mostUnpacked = 100 << 20
	mostFiles    = 10_000
	mostNested   = 8
	longestPath  = 1024
	// No honest text shrinks to less than a hundredth; what is small may.
	highestRatio = 100
	ratioCounts  = 4 << 20
)

var byteOrderMark = []byte{0xEF, 0xBB, 0xBF}

// parse reads an archive within the limits above, never a file of it outside
// of the chart's folder.
func parse(packed []byte) (*chart.Chart, int64, error) {
	files, err := unpack(packed, &budget{})
	if err != nil {
		return nil, 0, err
	}
	parsed, err := chartOf(files)
	if err != nil {
		return nil, 0, err
	}
	return parsed, int64(len(packed)) + unpackedSize(parsed), nil
}

// chartOf makes a chart of its files, by their paths from its folder.
func chartOf(files []*buffered.BufferedFile) (*chart.Chart, error) {
	if !slices.ContainsFunc(files, func(one *buffered.BufferedFile) bool { return one.Name == "Chart.yaml" }) {
		return nil, failure.New(pb.Failure_CHART_INVALID,
			"it is no chart: there is no Chart.yaml in its folder; was it packed with `helm package`?")
	}
	parsed, err := loader.LoadFiles(files)
	if err != nil {
		return nil, failure.New(pb.Failure_CHART_INVALID, "it is no chart that Helm can read: %w", err)
	}
	return parsed, nil
}

func unpackedSize(c *chart.Chart) int64 {
	size := int64(len(c.Schema))
	for _, file := range c.Raw {
		size += int64(len(file.Data))
	}
	for _, dependency := range c.Dependencies() {
		size += unpackedSize(dependency)
	}
	return size
}

// budget is what is left to read: one for an archive and all inside it.
type budget struct {
	size   int64
	files  int
	nested int
}

// take counts a file in before it is read.
func (b *budget) take(name string, size int64) error {
	if b.files++; b.files > mostFiles {
		return tooLarge("it has more than %d entries: leave out what the chart does not need", mostFiles)
	}
	if b.size += size; size < 0 || b.size > mostUnpacked {
		return tooLarge("unpacked it is larger than %d MiB, which entry %q passes: "+
			"leave out what the chart does not need", mostUnpacked>>20, name)
	}
	return nil
}

func tooLarge(format string, values ...any) error {
	return failure.New(pb.Failure_TOO_LARGE, format, values...)
}

func refused(name, why string) error {
	return failure.New(pb.Failure_CHART_INVALID,
		"entry %q of the archive %s: pack it anew with `helm package`", shortName(name), why)
}

func shortName(name string) string {
	if len(name) <= longestPath/4 {
		return name
	}
	return strings.ToValidUTF8(name[:longestPath/4], "") + "…"
}

// unpack reads an archive's files, by their paths from the chart's folder; an
// archive in charts/ becomes a folder of its own.
func unpack(packed []byte, left *budget) ([]*buffered.BufferedFile, error) {
	zipped, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, failure.New(pb.Failure_CHART_INVALID,
			"it is no chart but something else: a chart is a .tgz, a tar archive packed with gzip")
	}
	unzipped := &inflating{from: zipped, packed: int64(len(packed))}
	files, err := entries(tar.NewReader(unzipped), left)
	if err == nil {
		// The checksum stands at the very end.
		_, err = io.Copy(io.Discard, unzipped)
	}
	if err != nil {
		return nil, broken(err)
	}
	return nestedUnpacked(files, left)
}

func broken(err error) error {
	var known *failure.Failure
	switch {
	case errors.As(err, &known):
		return known
	case errors.Is(err, io.ErrUnexpectedEOF):
		return failure.New(pb.Failure_CHART_INVALID, "the archive is no chart: it is cut short")
	default:
		return failure.New(pb.Failure_CHART_INVALID, "the archive is no chart: it is damaged: %w", err)
	}
}

// inflating ends where more comes out of an archive than can be honest.
type inflating struct {
	from         io.Reader
	packed, read int64
}

func (i *inflating) Read(into []byte) (int, error) {
	count, err := i.from.Read(into)
	i.read += int64(count)
	switch {
	case i.read > ratioCounts && i.read/highestRatio > i.packed:
		return count, tooLarge("it unpacks to more than %d times its size, as no honest chart does", highestRatio)
	case i.read > mostUnpacked+mostFiles*4*1024:
		return count, tooLarge("unpacked it is larger than %d MiB", mostUnpacked>>20)
	}
	return count, err
}

func entries(from *tar.Reader, left *budget) ([]*buffered.BufferedFile, error) {
	var files []*buffered.BufferedFile
	seen := map[string]bool{}
	for {
		header, err := from.Next()
		if errors.Is(err, io.EOF) {
			return files, nil
		}
		if err != nil {
			return nil, err
		}
		name, err := entryName(header)
		if err != nil {
			return nil, err
		}
		if err := left.take(header.Name, header.Size); err != nil {
			return nil, err
		}
		if name == "" {
			continue
		}
		if seen[name] {
			return nil, refused(header.Name, "is there twice")
		}
		seen[name] = true
		content, err := io.ReadAll(from)
		if err != nil {
			return nil, err
		}
		files = append(files, &buffered.BufferedFile{
			Name: name, ModTime: header.ModTime, Data: bytes.TrimPrefix(content, byteOrderMark),
		})
	}
}

// entryName is a file's path from the chart's folder; empty for what is no file
// and does no harm.
func entryName(header *tar.Header) (string, error) {
	switch header.Typeflag {
	case tar.TypeXGlobalHeader:
		return "", nil
	case tar.TypeReg, tar.TypeDir:
	case tar.TypeSymlink, tar.TypeLink:
		return "", refused(header.Name, "is a link")
	default:
		return "", refused(header.Name, "is neither a file nor a folder")
	}
	folder, name, below := strings.Cut(strings.TrimSuffix(header.Name, "/"), "/")
	if folder == "." {
		folder = "chart" // Packed from inside; what the folder is called does not matter.
	}
	whole := folder
	if below {
		whole += "/" + name
	}
	why := unsafePath(whole)
	switch {
	case why != "":
		return "", refused(header.Name, why)
	case header.Typeflag == tar.TypeDir:
		return "", nil
	case !below:
		return "", refused(header.Name, "lies outside of the chart's folder")
	}
	return name, nil
}

// unsafePath says what is wrong with a path that must lead down; empty: nothing.
func unsafePath(name string) string {
	switch {
	case len(name) > longestPath:
		return fmt.Sprintf("has a path of more than %d bytes", longestPath)
	case strings.Contains(name, `\`):
		return "has a backslash in its path"
	case strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return "has a control character in its path"
	case strings.HasPrefix(name, "/"), strings.Contains(name, "//"):
		return "has an absolute path, or an empty part in it"
	}
	for part := range strings.SplitSeq(name, "/") {
		switch {
		case part == "..":
			return "leads to a parent directory"
		case part == ".", part == "":
			return "has a part `.` in its path, or an empty one"
		case len(part) >= 2 && part[1] == ':' && isLetter(part[0]):
			return "has a drive letter in its path"
		}
	}
	return ""
}

func isLetter(b byte) bool { return 'a' <= b|0x20 && b|0x20 <= 'z' }

// nestedUnpacked replaces the archives in charts/ by what is in them, so that
// one budget holds for all.
func nestedUnpacked(files []*buffered.BufferedFile, left *budget) ([]*buffered.BufferedFile, error) {
	whole := make([]*buffered.BufferedFile, 0, len(files))
	for _, one := range files {
		if !isNested(one.Name) {
			whole = append(whole, one)
			continue
		}
		inside, err := unpackNested(one, left)
		if err != nil {
			return nil, err
		}
		folder := freeFolder(strings.TrimSuffix(one.Name, ".tgz"), files)
		for _, file := range inside {
			file.Name = folder + "/" + file.Name
		}
		whole = append(whole, inside...)
	}
	return whole, nil
}

// isNested holds for what Helm reads as a chart: names with _ or . in front are
// left alone.
func isNested(name string) bool {
	file, found := strings.CutPrefix(name, "charts/")
	return found && path.Ext(file) == ".tgz" && !strings.Contains(file, "/") && strings.IndexAny(file, "_.") != 0
}

func unpackNested(one *buffered.BufferedFile, left *budget) ([]*buffered.BufferedFile, error) {
	left.nested++
	defer func() { left.nested-- }()
	if left.nested > mostNested {
		return nil, tooLarge("archives in archives go deeper than %d at %s", mostNested, one.Name)
	}
	inside, err := unpack(one.Data, left)
	if err == nil {
		return inside, nil
	}
	var known *failure.Failure
	if errors.As(err, &known) {
		return nil, failure.New(known.Kind, "%s: %w", one.Name, known)
	}
	return nil, err
}

func freeFolder(wanted string, files []*buffered.BufferedFile) string {
	folder := wanted
	taken := func(one *buffered.BufferedFile) bool { return strings.HasPrefix(one.Name, folder+"/") }
	for number := 2; slices.ContainsFunc(files, taken); number++ {
		folder = fmt.Sprintf("%s-%d", wanted, number)
	}
	return folder
}
