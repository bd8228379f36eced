// Package kustomization builds what is in git with kustomize's own library, from
// the files that are handed over and nothing else.
//
// The library would clone repositories, fetch URLs, run helm and plugins. What
// asks for that is refused before it runs; and it runs in a process of its own
// (Run, Main) that has no way to do it, whose memory, time and output are
// bounded, and whose end is no one else's.
package kustomization

import (
	"path"
	"strings"

	pb "helmward.dev/engine/internal/enginepb"
)

const (
	mostFiles = 50_000
	mostBytes = 48 << 20
	// mostOutput leaves room in a message for what is around the objects.
	mostOutput = 48 << 20
)

// Built is an object and where it was written.
type Built struct {
	JSON []byte
	File string
}

// Build builds the kustomization in a folder. Files are named by their path
// from the root, which nothing leads out of.
func Build(files map[string][]byte, folder string) ([]Built, error) {
	folder = path.Clean("./" + folder)
	if err := bounded(files, folder); err != nil {
		return nil, err
	}
	found := walk(files, folder)
	if err := found.err(); err != nil {
		return nil, err
	}
	built, err := run(files, folder)
	if err != nil {
		return nil, found.explain(err, folder)
	}
	return built, nil
}

func bounded(files map[string][]byte, folder string) error {
	if len(files) > mostFiles {
		return tooLarge(folder, "%d files were handed over; %d are read at most", len(files), mostFiles)
	}
	size := 0
	for name, content := range files {
		size += len(content)
		if clean := path.Clean("./" + name); clean != name || !inside(name) {
			return refusal(pb.Failure_INVALID, Fault{File: name, Words: "is no path from the root of the repository"})
		}
	}
	if size > mostBytes {
		return tooLarge(folder, "the files have %d bytes; %d are read at most", size, mostBytes)
	}
	return nil
}

// inside says whether a clean path stays below the root.
func inside(name string) bool {
	return !path.IsAbs(name) && name != ".." && !strings.HasPrefix(name, "../")
}
