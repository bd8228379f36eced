package cause

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"

	pb "helmward.dev/engine/internal/enginepb"
)

// How much is said, in characters.
const (
	longestWords   = 600
	longestMessage = 400
	longestLine    = 300
)

// Words puts a cause into one line for a condition.
func Words(cause *pb.Cause) string {
	if cause == nil {
		return ""
	}
	line := where(cause) + ": " + cause.GetReason()
	if cause.ExitCode != nil {
		line += fmt.Sprintf(" (exit code %d)", cause.GetExitCode())
	}
	if more := details(cause); len(more) > 0 {
		line += ": " + strings.Join(more, "; ")
	}
	return plain(line, longestWords)
}

func where(cause *pb.Cause) string {
	object := cause.GetObject()
	if object == "" {
		object = "an object"
	}
	if pod := cause.GetPod(); pod != "" && object != "Pod/"+pod {
		object += ": pod " + pod
	}
	if container := cause.GetContainer(); container != "" {
		object += ", container " + container
	}
	return object
}

// details: who crashed has spoken in its log; whom nobody could start is
// spoken for by the kubelet, in the status and in events.
func details(cause *pb.Cause) []string {
	var words []string
	line := lastLine(cause)
	if line != "" && cause.ExitCode != nil {
		return append(words, line)
	}
	if message := cause.GetMessage(); message != "" {
		words = append(words, message)
	}
	if event := cause.GetEvent(); event != "" && !addsNothing(cause) {
		words = append(words, "event "+event)
	}
	if line != "" {
		words = append(words, line)
	}
	return words
}

// addsNothing: the event says what the status says, or that the kubelet backs
// off, which the reason has said.
func addsNothing(cause *pb.Cause) bool {
	reason, said, _ := strings.Cut(cause.GetEvent(), ": ")
	said, message := strings.TrimSuffix(said, "…"), strings.TrimSuffix(cause.GetMessage(), "…")
	return reason == "BackOff" || strings.Contains(said, cause.GetReason()) ||
		strings.Contains(message, said) || message != "" && strings.Contains(said, message)
}

func lastLine(cause *pb.Cause) string {
	lines := cause.GetLogLines()
	if len(lines) == 0 {
		return ""
	}
	return fmt.Sprintf("last log line %q", lines[len(lines)-1])
}

// escapes are what terminals take for colours and the like.
var escapes = regexp.MustCompile("\x1b(\\[[0-9;?]*[ -/]*[@-~]|\\][^\x07\x1b]*(\x07|\x1b\\\\)?|[@-_])")

// plain makes one line of any text: no control characters, no runs of blanks,
// no more than so many characters.
func plain(text string, most int) string {
	text = escapes.ReplaceAllString(strings.ToValidUTF8(text, "�"), "")
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, text)
	text = strings.Join(strings.Fields(text), " ")
	if letters := []rune(text); len(letters) > most {
		return string(letters[:most-1]) + "…"
	}
	return text
}
