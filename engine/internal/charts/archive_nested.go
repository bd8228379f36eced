package charts

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	buffered "helm.sh/helm/v4/pkg/chart/loader/archive"

	"helmward.dev/engine/internal/failure"
)

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

// isNested holds for what Helm reads as a chart, at any depth: names with _ or .
// in front are left alone.
func isNested(name string) bool {
	parts := strings.Split(name, "/")
	if path.Ext(name) != ".tgz" || len(parts)%2 != 0 {
		return false
	}
	for i := 0; i < len(parts); i += 2 {
		if parts[i] != "charts" || strings.IndexAny(parts[i+1], "_.") == 0 {
			return false
		}
	}
	return true
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
