package history

import (
	"testing"
	"time"

	"helm.sh/helm/v4/pkg/release/common"
)

func TestWhatCanBeGoneOnWith(t *testing.T) {
	until := "2026-01-02T03:04:05Z"
	for _, each := range []struct {
		status          common.Status
		phase, deadline string
		waits           bool
	}{
		{common.StatusPendingUpgrade, "waiting", until, true},
		{common.StatusPendingInstall, "waiting", until, true},
		{common.StatusPendingRollback, "waiting", until, true},
		{common.StatusPendingUpgrade, "applying", until, false},
		{common.StatusPendingUpgrade, "", until, false},
		{common.StatusPendingUpgrade, "waiting", "soon", false},
		{common.StatusFailed, "waiting", until, false},
	} {
		stamp := Stamp{Status: each.status, Annotations: map[string]string{
			Domain + "phase": each.phase, deadlineAnnotation: each.deadline,
		}}
		found, waits := stamp.Waiting()
		if waits != each.waits {
			t.Errorf("%+v: %v", each, waits)
		}
		if waits && found.Format(time.RFC3339) != until {
			t.Errorf("until %s", found)
		}
	}
}

func TestADeadlineIsNeverStoredSooner(t *testing.T) {
	exact := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for after, text := range map[time.Duration]string{
		0: "2026-01-02T03:04:05Z", 1: "2026-01-02T03:04:06Z", time.Second: "2026-01-02T03:04:06Z",
	} {
		if found := inSeconds(exact.Add(after)); found != text {
			t.Errorf("%s after: %s", after, found)
		}
	}
}

func TestGivenUpIsAnnotated(t *testing.T) {
	given := Stamp{Status: common.StatusSuperseded, Annotations: map[string]string{outcomeAnnotation: "superseded"}}
	if !given.GivenUp() || (Stamp{Status: common.StatusSuperseded}).GivenUp() {
		t.Error("what Helm supersedes was good once")
	}
}
