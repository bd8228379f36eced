package index

import (
	"fmt"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
)

// Choose finds what Helm would: the exact version, else the newest in range;
// an empty version is the newest stable one. The repository is named as shown.
//
// ErrBroken: what is kept of the index cannot be read any more.
func (x *Index) Choose(repository, name, version string) (*Entry, error) {
	versions, err := x.versions(repository, name)
	if err != nil {
		return nil, err
	}
	if len(versions) == 0 {
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

func noVersion(repository, name, version string, versions []Entry) error {
	newest := make([]string, 0, 5)
	for _, one := range versions[:min(5, len(versions))] {
		newest = append(newest, one.Version)
	}
	what := fmt.Sprintf("no version %s", version)
	if version == "" {
		what = "no stable version"
	}
	return failure.New(pb.Failure_CHART_NOT_FOUND, "chart %q in %s has %s; the newest are %s",
		name, repository, what, strings.Join(newest, ", "))
}

func (x *Index) noChart(repository, name string) error {
	message := fmt.Sprintf("no chart %q in %s", name, repository)
	if near := x.near(name); len(near) > 0 {
		message += "; did you mean " + strings.Join(near, ", ") + "?"
	}
	return failure.New(pb.Failure_CHART_NOT_FOUND, "%s", message)
}

// near lists up to three chart names that a typing error could have meant.
func (x *Index) near(name string) []string {
	type candidate struct {
		name  string
		edits int
	}
	var found []candidate
	for other := range x.places {
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
