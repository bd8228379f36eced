package plane

import (
	"strings"
	"testing"
)

func TestFlagsBecomeOptions(t *testing.T) {
	options, err := ParseOptions([]string{"--dir", "here", "--port=7000", "--die-with-parent"})
	if err != nil {
		t.Fatal(err)
	}
	if options.Dir != "here" || options.Port != 7000 || !options.DieWithParent {
		t.Errorf("read as %+v", options)
	}
	if options.Nodes != 2 || options.UnsafeNoFsync {
		t.Errorf("defaults are %+v", options)
	}
}

func TestImpossibleFlagsAreRefusedInWords(t *testing.T) {
	cases := map[string]string{
		"":                         "--dir is missing",
		"--dir=x --port=70000":     "70000 is no port",
		"--dir=x --nodes=0":        "--nodes",
		"--dir=x leftover":         `what is "leftover"`,
		"--dir=x --deadline=never": "deadline",
	}
	for flags, words := range cases {
		_, err := ParseOptions(strings.Fields(flags))
		if err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%q: %v, expected %q", flags, err, words)
		}
	}
}
