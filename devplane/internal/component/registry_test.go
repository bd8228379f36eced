package component

import (
	"strings"
	"testing"
)

func TestARegistryIsToldWhatItMisses(t *testing.T) {
	for _, row := range []struct{ arguments, words string }{
		{"", ""},
		{"--dir x --user a --password b", ""},
		{"--tls-cert x --tls-key y", ""},
		{"--user a --dir x", "belong together"},
		{"--user a --password b", "--dir"},
		{"--user a --password b --dir x --htpasswd y", "either"},
		{"--tls-cert x", "belong together"},
		{"more", "what is"},
	} {
		_, err := parseRegistry(strings.Fields(row.arguments))
		if (err == nil) != (row.words == "") || err != nil && !strings.Contains(err.Error(), row.words) {
			t.Errorf("%q: %v", row.arguments, err)
		}
	}
}
