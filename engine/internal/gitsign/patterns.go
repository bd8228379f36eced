package gitsign

import (
	"slices"
	"strings"
)

// matches follows ssh's lists of patterns: one that starts with ! and fits
// refuses, whatever else fits.
func matches(patterns []string, name string) bool {
	fits := slices.ContainsFunc(patterns, func(pattern string) bool {
		return !strings.HasPrefix(pattern, "!") && fit(pattern, name)
	})
	return fits && !slices.ContainsFunc(patterns, func(pattern string) bool {
		rest, negated := strings.CutPrefix(pattern, "!")
		return negated && fit(rest, name)
	})
}

// fit knows * and ?. Text is compared as written.
func fit(pattern, text string) bool {
	if pattern == "" {
		return text == ""
	}
	if pattern[0] == '*' {
		rest := strings.TrimLeft(pattern, "*")
		for i := range len(text) + 1 {
			if fit(rest, text[i:]) {
				return true
			}
		}
		return false
	}
	return text != "" && (pattern[0] == '?' || pattern[0] == text[0]) && fit(pattern[1:], text[1:])
}

// fieldsOf splits at blanks, but not inside of quotes.
func fieldsOf(line string) []string {
	return split(strings.ReplaceAll(line, "\t", " "), ' ')
}

func split(text string, at rune) []string {
	quoted := false
	return strings.FieldsFunc(text, func(char rune) bool {
		if char == '"' {
			quoted = !quoted
		}
		return char == at && !quoted
	})
}
