package drift

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

const (
	mask = `"***"`
	// longest is how much of a value is shown: a longer one is told by its size,
	// since a part of a secret is not known as one.
	longest = 64
)

// telling are the names of what may be secret, and how an address with a
// password in it reads.
var telling = regexp.MustCompile(`(?i)passw|passphrase|passwd|secret|token|credential|private|api_?key|` +
	`[_-]key\b|\bkey\b|\bpwd\b|bearer|://[^/\s]*@`)

// Shown writes a value of a change as JSON, masked where it may be secret. No
// value, no words.
func Shown(object *unstructured.Unstructured, one Change, value any) string {
	switch {
	case value == nil:
		return ""
	case isSecret(object, one):
		return mask
	}
	words, err := written(value)
	switch {
	case err != nil || telling.MatchString(words):
		return mask
	case len([]rune(words)) > longest:
		return sized(value)
	default:
		return words
	}
}

func written(value any) (string, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return string(bytes.TrimSpace(text.Bytes())), err
}

func sized(value any) string {
	switch value := value.(type) {
	case map[string]any:
		return fmt.Sprintf(`"(%d fields)"`, len(value))
	case []any:
		return fmt.Sprintf(`"(%d items)"`, len(value))
	case string:
		return fmt.Sprintf(`"(%d characters)"`, len([]rune(value)))
	default:
		return mask
	}
}

// isSecret says whether the value of a field may be one that nobody is to read.
func isSecret(object *unstructured.Unstructured, one Change) bool {
	if object.GetKind() == "Secret" && object.GroupVersionKind().Group == "" {
		return len(one.Path) > 0 && one.Path[0] != "metadata" || len(one.Path) > 1 && one.Path[1] == "annotations"
	}
	last := len(one.at) - 1
	return last >= 0 && (telling.MatchString(one.at[last]) ||
		one.at[last] == ofMap+"value" && last > 0 && telling.MatchString(one.at[last-1]))
}
