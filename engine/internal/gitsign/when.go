package gitsign

import (
	"bytes"
	"strconv"
	"strings"
	"time"
)

// signedAt is when a commit or tag says that it was made, which is what the
// validity of SSH keys is held against, as git does: keys that were retired
// since go on speaking for their old commits. Nobody signs in the future.
func signedAt(payload []byte) time.Time {
	now := time.Now()
	for line := range bytes.Lines(payload) {
		text := strings.TrimRight(string(line), "\n")
		if text == "" {
			break
		}
		if !strings.HasPrefix(text, "committer ") && !strings.HasPrefix(text, "tagger ") {
			continue
		}
		words := strings.Fields(text[strings.LastIndexByte(text, '>')+1:])
		if len(words) == 0 {
			break
		}
		seconds, err := strconv.ParseInt(words[0], 10, 64)
		if at := time.Unix(seconds, 0); err == nil && at.Before(now) {
			return at
		}
		break
	}
	return now
}
