package schema

import (
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

const (
	mostChoices = 10
	longestWord = 100
)

// words says what is wrong by what the schema wants; what it got is named by
// its type at most.
func words(of jsonschema.ErrorKind) string { //nolint:cyclop // one row a keyword
	switch is := of.(type) {
	case *kind.Type:
		return fmt.Sprintf("must be %s, not %s", types(is.Want), types([]string{is.Got}))
	case *kind.Enum:
		return "must be " + choices(is.Want)
	case *kind.Const:
		return "must be " + choices([]any{is.Want})
	case *kind.Pattern:
		return "must match the pattern " + short(is.Want)
	case *kind.Format:
		return "must be a valid " + short(is.Want)
	case *kind.Minimum:
		return "must be at least " + number(is.Want)
	case *kind.Maximum:
		return "must be at most " + number(is.Want)
	case *kind.ExclusiveMinimum:
		return "must be more than " + number(is.Want)
	case *kind.ExclusiveMaximum:
		return "must be less than " + number(is.Want)
	case *kind.MultipleOf:
		return "must be a multiple of " + number(is.Want)
	default:
		return sizes(of)
	}
}

func sizes(of jsonschema.ErrorKind) string {
	switch is := of.(type) {
	case *kind.MinLength:
		return fmt.Sprintf("must have %d characters or more", is.Want)
	case *kind.MaxLength:
		return fmt.Sprintf("must have %d characters or less", is.Want)
	case *kind.MinItems:
		return fmt.Sprintf("must have %d entries or more", is.Want)
	case *kind.MaxItems:
		return fmt.Sprintf("must have %d entries or less", is.Want)
	case *kind.MinProperties:
		return fmt.Sprintf("must have %d keys or more", is.Want)
	case *kind.MaxProperties:
		return fmt.Sprintf("must have %d keys or less", is.Want)
	case *kind.AdditionalItems:
		return fmt.Sprintf("has %d entries more than are allowed", is.Count)
	case *kind.UniqueItems:
		return fmt.Sprintf("has the same entry twice: %d and %d", is.Duplicates[0], is.Duplicates[1])
	case *kind.Contains, *kind.MinContains, *kind.MaxContains:
		return "has too few, or too many, entries of a form that the chart wants"
	case *kind.FalseSchema:
		return "must not be set here"
	case *kind.Not:
		return "has a form that is not allowed"
	default:
		return "is not what the chart's schema allows"
	}
}

var typeWords = map[string]string{
	"string": "a string", "number": "a number", "integer": "an integer", "boolean": "a boolean",
	"object": "a map", "array": "a list", "null": "null",
}

func types(names []string) string {
	var said []string
	for _, name := range names {
		if word := typeWords[name]; !slices.Contains(said, word) {
			said = append(said, word)
		}
	}
	return strings.Join(said, " or ")
}

// choices are the schema's own, so they may be named.
func choices(allowed []any) string {
	var said []string
	for i, one := range allowed {
		if i == mostChoices {
			said = append(said, fmt.Sprintf("one of %d more", len(allowed)-i))
			break
		}
		switch one := one.(type) {
		case map[string]any, []any:
			said = append(said, "a certain map or list")
		case nil:
			said = append(said, "null")
		case string:
			said = append(said, short(strconv.Quote(one)))
		default:
			said = append(said, short(fmt.Sprint(one)))
		}
	}
	return strings.Join(said, ", or ")
}

func short(text string) string {
	if len(text) <= longestWord {
		return text
	}
	return strings.ToValidUTF8(text[:longestWord], "") + "…"
}

func number(of *big.Rat) string {
	if of.IsInt() {
		return short(of.Num().String())
	}
	near, _ := of.Float64()
	return strconv.FormatFloat(near, 'g', -1, 64)
}
