package cause

import (
	"strings"
	"testing"
	"unicode/utf8"

	pb "helmward.dev/engine/internal/enginepb"
)

func code(number int32) *int32 { return &number }

func TestACauseInWords(t *testing.T) {
	rows := []struct {
		name  string
		cause *pb.Cause
		words string
	}{
		{"who crashed has spoken in its log", &pb.Cause{
			Object: "Deployment/web", Pod: "web-5d-x", Container: "app", Reason: "CrashLoopBackOff", ExitCode: code(1),
			Message: "restarted 4 times", LogLines: []string{"starting", `cannot open "db"`},
			Event: "BackOff: Back-off restarting failed container",
		}, `Deployment/web: pod web-5d-x, container app: CrashLoopBackOff (exit code 1): last log line "cannot open \"db\""`},
		{"a silent crash", &pb.Cause{
			Object: "Deployment/web", Pod: "web-5d-x", Container: "app", Reason: "OOMKilled", ExitCode: code(137),
			Message: "ended by SIGKILL; restarted once",
		}, `Deployment/web: pod web-5d-x, container app: OOMKilled (exit code 137): ended by SIGKILL; restarted once`},
		{"an exit code of 0 is told too", &pb.Cause{
			Object: "Pod/a", Pod: "a", Container: "app", Reason: "Completed", ExitCode: code(0),
		}, `Pod/a, container app: Completed (exit code 0)`},
		{"an event that says more", &pb.Cause{
			Object: "StatefulSet/db", Pod: "db-0", Container: "pg", Reason: "ProbeFailed", Message: "it runs, but is not ready",
			Event: "Unhealthy: Readiness probe failed: HTTP 503", LogLines: []string{"recovering"},
		}, `StatefulSet/db: pod db-0, container pg: ProbeFailed: it runs, but is not ready; ` +
			`event Unhealthy: Readiness probe failed: HTTP 503; last log line "recovering"`},
		{"an event that says the same", &pb.Cause{
			Object: "Deployment/web", Pod: "web-1", Reason: "Unschedulable", Message: "0/3 nodes are available",
			Event: "FailedScheduling: 0/3 nodes are available",
		}, `Deployment/web: pod web-1: Unschedulable: 0/3 nodes are available`},
		{"an event around the same", &pb.Cause{
			Object: "Deployment/web", Reason: "FailedCreate", Message: "exceeded quota: none",
			Event: "FailedCreate: Error creating: exceeded quota: none",
		}, `Deployment/web: FailedCreate: exceeded quota: none`},
		{"events about backing off", &pb.Cause{
			Object: "Deployment/web", Pod: "web-1", Container: "app", Reason: "ImagePullBackOff", Message: "not found",
			Event: "Failed: Error: ImagePullBackOff",
		}, `Deployment/web: pod web-1, container app: ImagePullBackOff: not found`},
		{"a crash that is backed off from", &pb.Cause{
			Object: "Pod/a", Pod: "a", Container: "app", Reason: "OOMKilled", ExitCode: code(137), Message: "restarted once",
			Event: "BackOff: Back-off restarting failed container",
		}, `Pod/a, container app: OOMKilled (exit code 137): restarted once`},
		{"no pod", &pb.Cause{Object: "Job/migrate", Reason: "DeadlineExceeded", Message: "was active longer than it may"},
			`Job/migrate: DeadlineExceeded: was active longer than it may`},
		{"nothing", nil, ""},
		{"hardly anything", &pb.Cause{}, "an object:"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			if got := Words(row.cause); got != row.words {
				t.Errorf("got %s", got)
			}
		})
	}
}

func TestWordsAreOneLineOfBoundedLength(t *testing.T) {
	nasty := "a\nb\r\tc\x00\x1b[31mred\x1b[0m \x1b]0;title\x07 \u202etxt \xff" + strings.Repeat("é", 2000)
	got := Words(&pb.Cause{
		Object: "Deployment/web", Reason: "X", Message: nasty, Event: "Y: " + nasty, LogLines: []string{nasty},
	})
	if len([]rune(got)) > longestWords || !utf8.ValidString(got) {
		t.Errorf("%d characters, valid: %t", len([]rune(got)), utf8.ValidString(got))
	}
	if !strings.HasPrefix(got, "Deployment/web: X: a b cred txt �é") || strings.ContainsAny(got, "\n\r\t\x00\x1b\u202e") {
		t.Errorf("got %q", got)
	}
}
