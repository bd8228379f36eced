package charts

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	buffered "helm.sh/helm/v4/pkg/chart/loader/archive"
	chart "helm.sh/helm/v4/pkg/chart/v2"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
)

// Charts that name each other by file:// go no deeper.
const deepest = 8

// packer makes one chart whole.
type packer struct {
	source *Source
	of     Packing
	folder *folder
	// stale is why a repository could not be asked, if one could not.
	stale error
}

// chart reads the chart in a folder, its dependencies fetched as `helm
// dependency update` would; above are the charts that it is a dependency of.
func (p *packer) chart(ctx context.Context, name string, above []string) ([]*buffered.BufferedFile, error) {
	inside, err := p.folder.inside(name)
	if err != nil {
		return nil, err
	}
	switch {
	case slices.Contains(above, inside):
		return nil, failure.New(pb.Failure_CHART_INVALID,
			"charts depend on each other in a circle: %s", strings.Join(append(above, inside), " -> "))
	case len(above) > deepest:
		return nil, failure.New(pb.Failure_CHART_INVALID,
			"dependencies by file:// go deeper than %d: %s", deepest, strings.Join(append(above, inside), " -> "))
	}
	files, err := p.folder.files(inside)
	if err != nil {
		return nil, err
	}
	if files, err = nestedUnpacked(files, &p.folder.left); err != nil {
		return nil, err
	}
	parsed, err := chartOf(copied(files))
	if err != nil {
		return nil, saying(err, "the chart in folder %q", inside)
	}
	if p.of.SkipDependencies {
		return files, nil
	}
	return p.whole(ctx, files, parsed, append(above, inside))
}

// copied shares no names: the SDK writes into them.
func copied(files []*buffered.BufferedFile) []*buffered.BufferedFile {
	own := make([]*buffered.BufferedFile, len(files))
	for i, file := range files {
		again := *file
		own[i] = &again
	}
	return own
}

// whole puts what a chart depends on into its charts/ folder.
func (p *packer) whole(
	ctx context.Context, files []*buffered.BufferedFile, of *chart.Chart, trail []string,
) ([]*buffered.BufferedFile, error) {
	fetched := map[string][]*buffered.BufferedFile{}
	replaced := map[string]bool{}
	var order []string
	for _, wanted := range of.Metadata.Dependencies {
		if wanted == nil {
			continue
		}
		if wanted.Repository == "" {
			if err := vendored(of, wanted); err != nil {
				return nil, err
			}
			continue
		}
		one, err := p.find(ctx, wanted, trail)
		if err != nil {
			return nil, saying(err, "dependency %s of chart %s", wanted.Name, of.Name())
		}
		replaced[wanted.Name] = true
		if key := one.name + " " + one.version; fetched[key] == nil {
			fetched[key] = one.files
			order = append(order, key)
		}
	}
	files = without(files, replaced)
	for _, key := range order {
		name, _, _ := strings.Cut(key, " ")
		files = under(freeFolder("charts/"+name, files), fetched[key], files)
	}
	return files, nil
}

// saying says of whom an error speaks; what else it knows stays with it.
func saying(err error, format string, values ...any) error {
	var known *failure.Failure
	if !errors.As(err, &known) {
		return fmt.Errorf(format+": %w", append(values, err)...)
	}
	own := *known
	own.Message = fmt.Sprintf(format, values...) + ": " + known.Message
	return &own
}

func under(
	folder string, inside []*buffered.BufferedFile, files []*buffered.BufferedFile,
) []*buffered.BufferedFile {
	for _, file := range copied(inside) {
		file.Name = folder + "/" + file.Name
		files = append(files, file)
	}
	return files
}

// without leaves out the charts in charts/ that have these names.
func without(files []*buffered.BufferedFile, names map[string]bool) []*buffered.BufferedFile {
	folders := map[string]bool{}
	for _, file := range files {
		parts := strings.Split(file.Name, "/")
		if len(parts) == 3 && parts[0] == "charts" && parts[2] == "Chart.yaml" && names[nameIn(file.Data)] {
			folders[parts[1]] = true
		}
	}
	return slices.DeleteFunc(files, func(file *buffered.BufferedFile) bool {
		rest, found := strings.CutPrefix(file.Name, "charts/")
		name, _, _ := strings.Cut(rest, "/")
		return found && folders[name]
	})
}

// installable adds what can be done about what is missing.
func (p *packer) installable(of *chart.Chart) error {
	err := Installable(of)
	if err != nil && p.of.SkipDependencies && len(of.Metadata.Dependencies) > 0 {
		return failure.New(pb.Failure_CHART_INVALID,
			"%w: commit them into charts/, or let them be fetched (chart.skipDepUpdate: false)", err)
	}
	return err
}

func metadataIn(files []*buffered.BufferedFile) (*chart.Metadata, error) {
	own := slices.DeleteFunc(copied(files), func(file *buffered.BufferedFile) bool {
		return file.Name != "Chart.yaml"
	})
	parsed, err := chartOf(own)
	if err != nil {
		return nil, err
	}
	return parsed.Metadata, nil
}

func nameIn(chartYAML []byte) string {
	metadata, err := metadataIn([]*buffered.BufferedFile{{Name: "Chart.yaml", Data: chartYAML}})
	if err != nil {
		return ""
	}
	return metadata.Name
}
