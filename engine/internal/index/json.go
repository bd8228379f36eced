package index

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// readJSON goes through a JSON document one version at a time. What is not JSON
// may still be YAML in flow style.
func readJSON(source *bufio.Reader, into keep) error {
	from := json.NewDecoder(source)
	found := false
	_, err := open(from, '{')
	if err == nil {
		err = eachKey(from, func(name string) error { return readTop(from, name, &found, into) })
	}
	var wrong *json.SyntaxError
	switch {
	case errors.As(err, &wrong), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return errOdd
	case err == nil && !found:
		return errNoEntries
	}
	return err
}

func readTop(from *json.Decoder, name string, found *bool, into keep) error {
	if name != "entries" {
		token, err := from.Token()
		if err != nil {
			return err
		}
		return rest(from, token)
	}
	if *found {
		return errOdd
	}
	var err error
	*found, err = readCharts(from, into)
	return err
}

// eachKey goes through an object.
func eachKey(from *json.Decoder, do func(name string) error) error {
	for from.More() {
		key, err := from.Token()
		if err != nil {
			return err
		}
		if err := do(fmt.Sprint(key)); err != nil {
			return err
		}
	}
	_, err := from.Token()
	return err
}

// readCharts tells whether there is an object of charts at all.
func readCharts(from *json.Decoder, into keep) (bool, error) {
	if opened, err := open(from, '{'); err != nil || !opened {
		return false, err
	}
	return true, eachKey(from, func(name string) error {
		versions, err := readVersions(from)
		if err != nil {
			return err
		}
		if len(versions) > mostVersions {
			return into(name, nil, "it has too many versions")
		}
		return into(name, versions, "")
	})
}

func readVersions(from *json.Decoder) ([]Entry, error) {
	if opened, err := open(from, '['); err != nil || !opened {
		return nil, err
	}
	var versions []Entry
	for from.More() {
		var one jsonEntry
		var other *json.UnmarshalTypeError
		if err := from.Decode(&one); err != nil && !errors.As(err, &other) {
			return nil, err
		}
		if len(versions) <= mostVersions {
			versions = append(versions, one.entry())
		}
	}
	_, err := from.Token()
	return versions, err
}

// jsonEntry takes whatever stands in a version's place, as YAML does.
type jsonEntry struct {
	Version    text  `json:"version"`
	AppVersion text  `json:"appVersion"`
	URLs       texts `json:"urls"`
	Digest     text  `json:"digest"`
}

func (e jsonEntry) entry() Entry {
	return Entry{Version: string(e.Version), AppVersion: string(e.AppVersion), URLs: e.URLs, Digest: string(e.Digest)}
}

type text string

// UnmarshalJSON takes a number or a truth value as it is written.
func (t *text) UnmarshalJSON(raw []byte) error {
	switch raw[0] {
	case '"':
		return json.Unmarshal(raw, (*string)(t))
	case '{', '[', 'n':
		*t = ""
	default:
		*t = text(raw)
	}
	return nil
}

type texts []string

func (t *texts) UnmarshalJSON(raw []byte) error {
	if raw[0] != '[' {
		return nil
	}
	var many []json.RawMessage
	if err := json.Unmarshal(raw, &many); err != nil {
		return err
	}
	for _, one := range many {
		if strings.IndexByte("{[n", one[0]) < 0 {
			var word text
			_ = word.UnmarshalJSON(one)
			*t = append(*t, string(word))
		}
	}
	return nil
}

// open goes into an object or a list, and over anything else.
func open(from *json.Decoder, wanted json.Delim) (bool, error) {
	token, err := from.Token()
	if err != nil || token == wanted {
		return err == nil, err
	}
	return false, rest(from, token)
}

// rest goes over what a token has begun, without holding it.
func rest(from *json.Decoder, token json.Token) error {
	for depth := 0; ; {
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth == 0 {
			return nil
		}
		var err error
		if token, err = from.Token(); err != nil {
			return err
		}
	}
}
