package cause

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	pb "helmward.dev/engine/internal/enginepb"
)

// How much of a log is asked for, and for how long: the API server fetches it
// from a node, which may be the very thing that is broken.
const (
	logLines   = 10
	logBytes   = 64 << 10
	longestLog = 3 * time.Second
)

// withEvidence adds what the container said last, and what was said about it.
func (s *search) withEvidence(told *finding) *pb.Cause {
	cause := told.cause
	if told.log != noLog {
		cause.LogLines = s.logLines(cause, told.log)
	}
	if cause.GetEvent() == "" {
		s.withEvent(told)
	}
	return cause
}

// withEvent takes the newest warning about the nearest object that has one.
// Where nothing else tells what is wrong, it is the reason.
func (s *search) withEvent(told *finding) {
	for _, uid := range told.about {
		event := s.warning(told.cause.GetNamespace(), uid, told.cause.GetContainer())
		if event == nil {
			continue
		}
		message := plain(event.Message, longestMessage)
		told.cause.Event = event.Reason + ": " + message
		if told.rank == starting {
			told.rank = broken
			told.cause.Reason, told.cause.Message = event.Reason, message
		}
		return
	}
}

// withReason asks for the event at once: what has no pod, or is nothing but
// slow as far as it says itself, may be kept from starting all the same.
func (s *search) withReason(told *finding, of metav1.Object) *finding {
	if told != nil && told.rank == starting {
		told.about = []types.UID{of.GetUID()}
		told.cause.Namespace = of.GetNamespace()
		s.withEvent(told)
	}
	return told
}

func (s *search) warning(namespace string, uid types.UID, container string) *corev1.Event {
	if namespace == "" || uid == "" {
		return nil
	}
	query := map[string]string{"fieldSelector": fmt.Sprintf("involvedObject.uid=%s,type=%s", uid, corev1.EventTypeWarning)}
	events := &corev1.EventList{}
	if s.from.Read(s.ctx, "/api/v1/namespaces/"+namespace+"/events", query, events) != nil {
		return nil
	}
	return relevant(events.Items, container)
}

// relevant is the newest event that is not about another container, nor about
// finding a node once there are containers. That a container is backed off
// from is known; any other event tells more.
func relevant(events []corev1.Event, container string) *corev1.Event {
	var best *corev1.Event
	for i := range events {
		event := &events[i]
		path := event.InvolvedObject.FieldPath
		isOther := strings.Contains(path, "{") && !strings.Contains(path, "{"+container+"}")
		if container != "" && (isOther || event.Reason == "FailedScheduling") {
			continue
		}
		if best == nil || weight(event).after(weight(best)) {
			best = event
		}
	}
	return best
}

type eventWeight struct {
	tells bool
	at    time.Time
}

func (w eventWeight) after(other eventWeight) bool {
	if w.tells != other.tells {
		return w.tells
	}
	return w.at.After(other.at)
}

func weight(event *corev1.Event) eventWeight {
	at := slices.MaxFunc([]time.Time{
		event.CreationTimestamp.Time, event.LastTimestamp.Time, event.EventTime.Time, lastOf(event.Series),
	}, time.Time.Compare)
	return eventWeight{tells: event.Reason != "BackOff", at: at}
}

func lastOf(series *corev1.EventSeries) time.Time {
	if series == nil {
		return time.Time{}
	}
	return series.LastObservedTime.Time
}

// logLines are the last lines of a container; none where they cannot be had.
func (s *search) logLines(cause *pb.Cause, which log) []string {
	ctx, cancel := context.WithTimeout(s.ctx, longestLog)
	defer cancel()
	query := map[string]string{
		"container":  cause.GetContainer(),
		"tailLines":  strconv.Itoa(logLines),
		"limitBytes": strconv.Itoa(logBytes),
	}
	if which == previousLog {
		query["previous"] = "true"
	}
	path := collection("Pod", cause.GetNamespace()) + "/" + cause.GetPod() + "/log"
	text, err := s.from.Text(ctx, path, query, logBytes)
	if err != nil {
		return nil
	}
	return lines(text)
}

func lines(text string) []string {
	var kept []string
	for line := range strings.Lines(text) {
		if line = plain(line, longestLine); line != "" {
			kept = append(kept, line)
		}
	}
	return kept[max(0, len(kept)-logLines):]
}
