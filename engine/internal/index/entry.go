package index

import (
	"sort"

	"github.com/Masterminds/semver/v3"
)

// Entry is one version of a chart.
type Entry struct {
	Version    string   `json:"version" yaml:"version"`
	AppVersion string   `json:"appVersion,omitempty" yaml:"appVersion"`
	URLs       []string `json:"urls" yaml:"urls"`
	Digest     string   `json:"digest,omitempty" yaml:"digest"`

	parsed *semver.Version
}

// sorted leaves out what is no version or has no address; the newest is first.
func sorted(versions []Entry) []Entry {
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
