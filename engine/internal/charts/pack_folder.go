package charts

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	buffered "helm.sh/helm/v4/pkg/chart/loader/archive"
	"helm.sh/helm/v4/pkg/ignore"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
)

const largestIgnore = 1 << 20

// folder reads charts below one folder and nothing outside of it, within the
// limits of one archive.
type folder struct {
	root *os.Root
	left budget
}

func openFolder(name string) (*folder, error) {
	root, err := os.OpenRoot(name)
	if err != nil {
		return nil, failure.New(pb.Failure_INTERNAL, "the folder to pack cannot be opened: %w", err)
	}
	return &folder{root: root}, nil
}

func (f *folder) close() { _ = f.root.Close() }

// inside is a path below the folder that leads through no link.
func (f *folder) inside(name string) (string, error) {
	cleaned := path.Clean("./" + name)
	if strings.Contains(name, `\`) || path.IsAbs(name) || !filepath.IsLocal(cleaned) {
		return "", failure.New(pb.Failure_CHART_INVALID, "path %q leads out of the repository", name)
	}
	steps := strings.Split(cleaned, "/")
	for i := range steps {
		step := strings.Join(steps[:i+1], "/")
		switch info, err := f.root.Lstat(step); {
		case errors.Is(err, fs.ErrNotExist):
			return "", failure.New(pb.Failure_CHART_INVALID, "there is no folder %q in the repository", cleaned)
		case err != nil:
			return "", failure.New(pb.Failure_INTERNAL, "%q cannot be read: %w", step, err)
		case info.Mode()&fs.ModeSymlink != 0:
			return "", linked(step)
		case !info.IsDir():
			return "", failure.New(pb.Failure_CHART_INVALID, "%q is no folder, so it holds no chart", step)
		}
	}
	return cleaned, nil
}

func linked(name string) error {
	return failure.New(pb.Failure_CHART_INVALID,
		"%q is a link, and links are not followed: put the file itself there, or name it in .helmignore", name)
}

// files reads a chart's files as Helm does, by their paths from its folder:
// without those that its .helmignore names.
func (f *folder) files(of string) ([]*buffered.BufferedFile, error) {
	rules, err := f.ignored(of)
	if err != nil {
		return nil, err
	}
	var files []*buffered.BufferedFile
	err = fs.WalkDir(f.root.FS(), of, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || name == of {
			return err
		}
		inside := strings.TrimPrefix(name, of+"/") // Of `.` nothing is in front.
		info, err := entry.Info()
		if err != nil {
			return err
		}
		switch {
		case rules.Ignore(inside, info) && entry.IsDir():
			return fs.SkipDir
		case rules.Ignore(inside, info), entry.IsDir():
			return nil
		}
		content, err := f.read(name, info)
		if err == nil {
			files = append(files, &buffered.BufferedFile{Name: inside, Data: content})
		}
		return err
	})
	if err != nil {
		return nil, unreadable(err)
	}
	return files, nil
}

func unreadable(err error) error {
	var known *failure.Failure
	if errors.As(err, &known) {
		return known
	}
	return failure.New(pb.Failure_INTERNAL, "the chart's folder cannot be read: %w", err)
}

func (f *folder) read(name string, info fs.FileInfo) ([]byte, error) {
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		return nil, linked(name)
	case !info.Mode().IsRegular():
		return nil, failure.New(pb.Failure_CHART_INVALID, "%q is neither a file nor a folder", name)
	}
	if why := unsafePath(name); why != "" {
		return nil, failure.New(pb.Failure_CHART_INVALID, "file %q %s: rename it", name, why)
	}
	if err := f.left.take(name, info.Size()); err != nil {
		return nil, err
	}
	content, err := f.most(name, info.Size())
	return bytes.TrimPrefix(content, byteOrderMark), err
}

func (f *folder) most(name string, size int64) ([]byte, error) {
	opened, err := f.root.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = opened.Close() }()
	return io.ReadAll(io.LimitReader(opened, size))
}

func (f *folder) ignored(of string) (*ignore.Rules, error) {
	rules := ignore.Empty()
	name := path.Join(of, ignore.HelmIgnore)
	info, err := f.root.Lstat(name)
	switch {
	case err == nil && info.Mode()&fs.ModeSymlink != 0:
		return nil, linked(name)
	case err == nil && info.Mode().IsRegular():
		text, err := f.most(name, largestIgnore)
		if err != nil {
			return nil, unreadable(err)
		}
		if rules, err = ignore.Parse(bytes.NewReader(text)); err != nil {
			return nil, failure.New(pb.Failure_CHART_INVALID, "%s cannot be read: %w", name, err)
		}
	}
	rules.AddDefaults()
	return rules, nil
}
