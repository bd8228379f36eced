package history

import (
	"strings"
	"testing"

	"helm.sh/helm/v4/pkg/chart/common"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	rcommon "helm.sh/helm/v4/pkg/release/common"
	release "helm.sh/helm/v4/pkg/release/v1"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
)

func aRelease() *release.Release {
	return &release.Release{
		Name: "web", Namespace: "default", Version: 3,
		Info:   &release.Info{Status: rcommon.StatusDeployed},
		Chart:  &chart.Chart{Metadata: &chart.Metadata{Name: "app", Version: "1.0.0"}},
		Labels: map[string]string{"team": "blue", "status": "forged"},
	}
}

func TestWhatIsEncodedIsDecoded(t *testing.T) {
	value, err := encode(aRelease())
	if err != nil {
		t.Fatal(err)
	}
	back, err := decode(value)
	if err != nil {
		t.Fatal(err)
	}
	if back.Name != "web" || back.Version != 3 || back.Info.Status != rcommon.StatusDeployed {
		t.Errorf("got %+v", back)
	}
}

func TestARecordThatNoSecretHoldsIsRefused(t *testing.T) {
	rel := aRelease()
	noise := make([]byte, 2<<20)
	for i, seed := 0, uint32(1); i < len(noise); i++ {
		seed = seed*1664525 + 1013904223
		noise[i] = byte(seed >> 24)
	}
	rel.Chart.Files = []*common.File{{Name: "large", Data: noise}}
	_, err := encode(rel)
	if !failure.Is(err, pb.Failure_CHART_INVALID) || !strings.Contains(err.Error(), "too large files") {
		t.Errorf("got %v", err)
	}
}

func TestHelmsLabelsWinOverTheUsers(t *testing.T) {
	all := labels(aRelease(), "modifiedAt", 7)
	want := map[string]string{
		"name": "web", "owner": "helm", "status": "deployed", "version": "3", "modifiedAt": "7", "team": "blue",
	}
	for name, value := range want {
		if all[name] != value {
			t.Errorf("%s is %q", name, all[name])
		}
	}
	if own := ownLabels(all); len(own) != 1 || own["team"] != "blue" {
		t.Errorf("own labels are %v", own)
	}
}

func TestGarbageIsNoRelease(t *testing.T) {
	for _, garbage := range []string{"", "!", "e30=", "H4sI", "bnVsbA=="} {
		if _, err := decode([]byte(garbage)); err == nil {
			t.Errorf("%q was decoded", garbage)
		}
	}
}

func TestTheRevisionIsReadOffLabelOrName(t *testing.T) {
	for name, labels := range map[string]map[string]string{
		"sh.helm.release.v1.web.v12": nil, "anything": {"version": "12"},
	} {
		if got := revisionOf(name, labels); got != 12 {
			t.Errorf("%s: %d", name, got)
		}
	}
	if got := revisionOf("", nil); got != 0 {
		t.Errorf("of nothing: %d", got)
	}
}

func TestTheCacheAnswersOnlyForTheVeryVersion(t *testing.T) {
	cache := NewCache()
	key := cacheKey{"operator", "default", "web"}
	stamp := Stamp{Revision: 3, UID: "u", ResourceVersion: "7"}
	cache.put(key, Record{stamp, aRelease()})
	if cache.get(key, stamp.Base()) == nil {
		t.Error("it is not found")
	}
	for _, other := range []Base{{3, "u", "8"}, {3, "x", "7"}, {2, "u", "7"}} {
		if cache.get(key, other) != nil {
			t.Errorf("%v is found", other)
		}
	}
	if cache.get(cacheKey{"user", "default", "web"}, stamp.Base()) != nil {
		t.Error("another identity finds it")
	}
	cache.get(key, stamp.Base()).Release.Info.Status = rcommon.StatusFailed
	if got := cache.get(key, stamp.Base()).Release.Info.Status; got != rcommon.StatusDeployed {
		t.Errorf("a user changed what is kept: %s", got)
	}
}
