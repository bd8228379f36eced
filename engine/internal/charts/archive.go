package charts

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"slices"

	buffered "helm.sh/helm/v4/pkg/chart/loader/archive"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/chart/v2/loader"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
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
func chartOf(files []*buffered.BufferedFile) (parsed *chart.Chart, err error) {
	// Others wait for the same reading: a panic would not end in the call's own.
	defer func() {
		if problem := recover(); problem != nil {
			parsed, err = nil, failure.New(pb.Failure_CHART_INVALID, "it is no chart that Helm can read: %v", problem)
		}
	}()
	if !slices.ContainsFunc(files, func(one *buffered.BufferedFile) bool { return one.Name == "Chart.yaml" }) {
		return nil, failure.New(pb.Failure_CHART_INVALID,
			"it is no chart: there is no Chart.yaml in its folder; was it packed with `helm package`?")
	}
	parsed, err = loader.LoadFiles(files)
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

// unpack reads an archive's files, by their paths from the chart's folder; an
// archive in charts/ becomes a folder of its own.
func unpack(packed []byte, left *budget) ([]*buffered.BufferedFile, error) {
	zipped, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, failure.New(pb.Failure_CHART_INVALID,
			"it is no chart but something else: a chart is a .tgz, a tar archive packed with gzip")
	}
	unzipped := &inflating{from: zipped, packed: int64(len(packed))}
	files, err := entries(unzipped, left)
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

func entries(unzipped *inflating, left *budget) ([]*buffered.BufferedFile, error) {
	from := tar.NewReader(unzipped)
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
		if err := unzipped.check(header.Size); err != nil {
			return nil, err
		}
		if name == "" {
			continue
		}
		if seen[name] {
			return nil, refused(header.Name, "is there twice")
		}
		seen[name] = true
		content := make([]byte, header.Size)
		if _, err := io.ReadFull(from, content); err != nil {
			return nil, err
		}
		files = append(files, &buffered.BufferedFile{
			Name: name, ModTime: header.ModTime, Data: bytes.TrimPrefix(content, byteOrderMark),
		})
	}
}
