package charts

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"sort"
	"strings"

	"github.com/Masterminds/semver/v3"
	"go.yaml.in/yaml/v3"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
	"helmward.dev/engine/internal/fetch"
)

// index is what a repository lists, newest version first.
type index struct {
	entries map[string][]entry
}

type entry struct {
	Version    string   `yaml:"version"`
	AppVersion string   `yaml:"appVersion"`
	URLs       []string `yaml:"urls"`
	Digest     string   `yaml:"digest"`

	parsed *semver.Version
}

func parseIndex(body []byte) (*index, error) {
	if start := bytes.TrimSpace(body); len(start) > 0 && start[0] == '<' {
		return nil, errors.New("answered with a web page (HTML), not with an index.yaml: is the address a chart repository?")
	}
	var document struct {
		Entries map[string][]entry `yaml:"entries"`
	}
	err := yaml.Unmarshal(body, &document)
	var odd *yaml.TypeError
	if err != nil && (!errors.As(err, &odd) || len(document.Entries) == 0) {
		return nil, fmt.Errorf("answered with an index.yaml that is not valid YAML: %w", err)
	}
	if document.Entries == nil {
		return nil, errors.New("answered with a document that has no `entries`: is the address a chart repository?")
	}
	for name, versions := range document.Entries {
		document.Entries[name] = sorted(versions)
	}
	return &index{entries: document.Entries}, nil
}

// sorted leaves out what is no version or has no address.
func sorted(versions []entry) []entry {
	kept := versions[:0]
	for _, one := range versions {
		parsed, err := semver.NewVersion(one.Version)
		if err != nil || len(one.URLs) == 0 {
			continue
		}
		one.parsed = parsed
		kept = append(kept, one)
	}
	sort.SliceStable(kept, func(i, j int) bool { return kept[i].parsed.GreaterThan(kept[j].parsed) })
	return kept
}

// choose finds what Helm would: the exact version, else the newest in range;
// an empty version is the newest stable one.
func (x *index) choose(repository *url.URL, name, version string) (*entry, error) {
	versions, listed := x.entries[name]
	if !listed || len(versions) == 0 {
		return nil, x.noChart(repository, name)
	}
	for i := range versions {
		if version != "" && versions[i].Version == version {
			return &versions[i], nil
		}
	}
	wanted := version
	if wanted == "" {
		wanted = "*"
	}
	constraint, err := semver.NewConstraint(wanted)
	if err != nil {
		return nil, failure.New(pb.Failure_INVALID, "chart version %q is neither a version nor a range", version)
	}
	for i := range versions {
		if constraint.Check(versions[i].parsed) {
			return &versions[i], nil
		}
	}
	return nil, noVersion(repository, name, version, versions)
}

func noVersion(repository *url.URL, name, version string, versions []entry) error {
	newest := make([]string, 0, 5)
	for _, one := range versions[:min(5, len(versions))] {
		newest = append(newest, one.Version)
	}
	what := fmt.Sprintf("no version %s", version)
	if version == "" {
		what = "no stable version"
	}
	return failure.New(pb.Failure_CHART_NOT_FOUND, "chart %q in %s has %s; the newest are %s",
		name, fetch.Shown(repository), what, strings.Join(newest, ", "))
}

func (x *index) noChart(repository *url.URL, name string) error {
	message := fmt.Sprintf("no chart %q in %s", name, fetch.Shown(repository))
	if near := x.near(name); len(near) > 0 {
		message += "; did you mean " + strings.Join(near, ", ") + "?"
	}
	return failure.New(pb.Failure_CHART_NOT_FOUND, "%s", message)
}

// near lists up to three chart names that a typing error could have meant.
func (x *index) near(name string) []string {
	type candidate struct {
		name  string
		edits int
	}
	var found []candidate
	for other := range x.entries {
		edits := distance(name, other)
		if strings.Contains(other, name) || strings.Contains(name, other) {
			edits = min(edits, 1)
		}
		if edits <= 1+len(name)/4 {
			found = append(found, candidate{other, edits})
		}
	}
	slices.SortFunc(found, func(a, b candidate) int {
		if a.edits != b.edits {
			return a.edits - b.edits
		}
		return strings.Compare(a.name, b.name)
	})
	names := make([]string, 0, 3)
	for _, one := range found[:min(3, len(found))] {
		names = append(names, one.name)
	}
	return names
}

// distance counts single-letter edits between two short words.
func distance(a, b string) int {
	if len(a)-len(b) > 8 || len(b)-len(a) > 8 {
		return 9
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			diagonal, row[j] = row[j], min(row[j]+1, row[j-1]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
