package verbs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	release "helm.sh/helm/v4/pkg/release/v1"
)

// difference says in what a revision differs from a chart and user values; empty
// where it does not. The words name places, never values.
//
// Helm stores no subcharts. Of them the revision knows name and version, and
// what values it had from them.
func difference(stored *release.Release, asked *chart.Chart, values map[string]any) string {
	if stored.Chart == nil || stored.Chart.Metadata == nil {
		return "the revision holds no chart"
	}
	if found := differentName(stored.Chart.Metadata, asked.Metadata); found != "" {
		return found
	}
	if at, differ := differentValue(settled(stored.Config, asked), settled(values, asked), ""); differ {
		return "values differ" + atPlace(at)
	}
	return differentContent(stored.Chart, asked)
}

func differentName(stored, asked *chart.Metadata) string {
	switch {
	case stored.Name != asked.Name || stored.Version != asked.Version:
		return fmt.Sprintf("chart %s-%s -> %s-%s", stored.Name, stored.Version, asked.Name, asked.Version)
	case stored.AppVersion != asked.AppVersion:
		return fmt.Sprintf("appVersion %s -> %s", stored.AppVersion, asked.AppVersion)
	}
	return ""
}

func differentContent(stored, asked *chart.Chart) string {
	if name := differentFile(stored.Templates, asked.Templates); name != "" {
		return "template " + name + " differs"
	}
	if found := differentDependency(stored.Metadata.Dependencies, asked.Metadata.Dependencies); found != "" {
		return found
	}
	if at, differ := differentValue(withoutNulls(stored.Values), withoutNulls(asked.Values), ""); differ {
		return "the chart's default values differ" + atPlace(at)
	}
	if !bytes.Equal(stored.Schema, asked.Schema) {
		return "values.schema.json differs"
	}
	if name := differentFile(stored.Files, asked.Files); name != "" {
		return "file " + name + " differs"
	}
	return ""
}

func differentFile(stored, asked []*common.File) string {
	before, after := byName(stored), byName(asked)
	for _, name := range namesOf(before, after) {
		was, had := before[name]
		is, has := after[name]
		if had != has || !bytes.Equal(was, is) {
			return name
		}
	}
	return ""
}

func byName(files []*common.File) map[string][]byte {
	named := make(map[string][]byte, len(files))
	for _, file := range files {
		if file != nil {
			named[file.Name] = file.Data
		}
	}
	return named
}

func differentDependency(stored, asked []*chart.Dependency) string {
	before, after := versions(stored), versions(asked)
	for _, name := range namesOf(before, after) {
		if before[name] != after[name] {
			return "dependency " + name + " differs"
		}
	}
	return ""
}

func versions(dependencies []*chart.Dependency) map[string]string {
	all := map[string]string{}
	for _, one := range dependencies {
		if one != nil {
			all[one.Name] = one.Version + " of " + one.Repository
		}
	}
	return all
}

// differentValue finds the first place at which two JSON values differ. Numbers
// compare by value, keys in no order.
func differentValue(stored, asked any, at string) (string, bool) {
	switch was := stored.(type) {
	case map[string]any:
		if is, same := asked.(map[string]any); same {
			return differentKey(was, is, at)
		}
	case []any:
		if is, same := asked.([]any); same && len(was) == len(is) {
			for i := range was {
				if where, differ := differentValue(was[i], is[i], at+"["+strconv.Itoa(i)+"]"); differ {
					return where, true
				}
			}
			return "", false
		}
	default:
		return at, stored != asked
	}
	return at, true
}

func differentKey(stored, asked map[string]any, at string) (string, bool) {
	for _, name := range namesOf(stored, asked) {
		was, had := stored[name]
		is, has := asked[name]
		place := name
		if at != "" {
			place = at + "." + name
		}
		if had != has {
			return place, true
		}
		if where, differ := differentValue(was, is, place); differ {
			return where, true
		}
	}
	return "", false
}

func namesOf[V any](one, other map[string]V) []string {
	all := slices.Collect(maps.Keys(one))
	all = slices.AppendSeq(all, maps.Keys(other))
	slices.Sort(all)
	return slices.Compact(all)
}

func atPlace(place string) string {
	if place == "" {
		return ""
	}
	return " at " + place
}

// settled leaves out the nulls that mean nothing: a null takes away a default,
// and where the chart has none it is as if it were not there.
func settled(values map[string]any, of *chart.Chart) map[string]any {
	defaults, err := util.CoalesceValues(of, nil)
	if err != nil {
		return plain(values)
	}
	return withoutIdleNulls(plain(values), plain(defaults))
}

func withoutIdleNulls(values, defaults map[string]any) map[string]any {
	kept := make(map[string]any, len(values))
	for name, value := range values {
		switch value := value.(type) {
		case nil:
			if defaults[name] != nil {
				kept[name] = nil
			}
		case map[string]any:
			below, _ := defaults[name].(map[string]any)
			kept[name] = withoutIdleNulls(value, below)
		default:
			kept[name] = value
		}
	}
	return kept
}

func withoutNulls(values map[string]any) map[string]any {
	return withoutIdleNulls(plain(values), nil)
}

// plain is values as JSON reads them: every number a float64.
func plain[V ~map[string]any](values V) map[string]any {
	read := map[string]any{}
	document, err := json.Marshal(values)
	if err != nil || json.Unmarshal(document, &read) != nil || read == nil {
		return map[string]any{}
	}
	return read
}
