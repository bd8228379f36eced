package charts

import (
	"net/url"
	"testing"
)

func TestATagIsChosenAsAVersionIs(t *testing.T) {
	tags := []string{
		"latest", "1.2.0", "sha256-00.sig", "v1.3.0", "1.3.0_build.2", "1.10.0", "2.0.0-rc.1", "1.2", "0.9.0_x", "nonsense_",
	}
	for version, wanted := range map[string]string{
		"":              "1.10.0",
		"*":             "1.10.0",
		"^1.2.0":        "1.10.0",
		"~1.3":          "v1.3.0",
		"1.2":           "1.2", // a tag that is written so
		"1.3.0+build.2": "1.3.0_build.2",
		"1.3.0":         "v1.3.0",
		">=2.0.0-0":     "2.0.0-rc.1",
		">=2":           "",
		"0.9.0":         "0.9.0_x",
		"latest":        "latest",
		"other":         "",
	} {
		if got, found := newest(tags, version); got != wanted || found != (wanted != "") {
			t.Errorf("%q: %q", version, got)
		}
	}
}

func TestRangesAreToldFromTags(t *testing.T) {
	for version, wanted := range map[string]bool{
		"": true, "*": true, "1": true, "1.x": true, "1.2": true, "^1.2.3": true, ">1 <2": true, "1.0.0 || 2.0.0": true,
		"1.2.3": false, "v1.2.3": false, "1.2.3-rc.1": false, "1.2.3+b": false, "latest": false, "main-4f2": false,
	} {
		if isRange(version) != wanted {
			t.Errorf("%q: %t", version, !wanted)
		}
	}
}

func TestAChartIsLookedForBelowItsAddress(t *testing.T) {
	for address, wanted := range map[string][]string{
		"oci://r.io/charts":      {"oci://r.io/charts/app"},
		"oci://r.io/charts/":     {"oci://r.io/charts/app"},
		"oci://r.io":             {"oci://r.io/app"},
		"oci://r.io/charts/app":  {"oci://r.io/charts/app/app", "oci://r.io/charts/app"},
		"oci://r.io/app?x=1#y":   {"oci://r.io/app/app", "oci://r.io/app"},
		"oci://r.io/charts/app2": {"oci://r.io/charts/app2/app"},
	} {
		parsed, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		places := placesIn(parsed, "app")
		if len(places) != len(wanted) {
			t.Fatalf("%s: %v", address, places)
		}
		for i, place := range places {
			if place.String() != wanted[i] {
				t.Errorf("%s: %s, not %s", address, place, wanted[i])
			}
		}
	}
}
