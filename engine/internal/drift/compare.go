package drift

import (
	"maps"
	"reflect"
	"slices"
	"strconv"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Change is one field of ours that is not as we would have it.
type Change struct {
	// Path are the tokens of its JSON pointer, into the live object where it is there.
	Path []string
	// Desired and Live are its values; nil where there is none.
	Desired, Live any
	// at names it as managed fields do.
	at []string
	// Whole is where the item of a list begins that is missing with all that is
	// in it: how many tokens of the path lead there. 0: none is.
	whole int
	item  any
}

// Differences finds where a live object is not as an apply would leave it, of
// the fields that the apply would have. What others added is no difference.
func Differences(live, applied *unstructured.Unstructured, fields Fields) []Change {
	walk := &walk{}
	walk.down(place{live: live.Object, applied: applied.Object}, fields)
	return slices.DeleteFunc(walk.found, func(one Change) bool { return len(one.Path) > 0 && one.Path[0] == "status" })
}

type walk struct{ found []Change }

// place is one field on the way down.
type place struct {
	path, at      []string
	live, applied any
	whole         int
	item          any
}

func (w *walk) down(here place, fields Fields) {
	for _, element := range slices.Sorted(maps.Keys(fields)) {
		if element == itself {
			continue
		}
		there := here.step(element)
		if further := below(fields[element]); len(further) > 0 {
			w.down(there, further)
			continue
		}
		if !Same(there.live, there.applied) {
			w.found = append(w.found, Change{
				Path: there.path, at: there.at, Desired: there.applied, Live: there.live,
				whole: there.whole, item: there.item,
			})
		}
	}
}

func (p place) step(element string) place {
	live, token, isLive := step(p.live, element)
	applied, alternative, isApplied := step(p.applied, element)
	if !isLive {
		token = alternative
	}
	next := place{
		path: append(slices.Clone(p.path), token), at: append(slices.Clone(p.at), element),
		live: live, applied: applied, whole: p.whole, item: p.item,
	}
	if isItem := element[:min(2, len(element))] != ofMap; isItem && isApplied && !isLive && next.whole == 0 {
		next.whole, next.item = len(next.path), applied
	}
	return next
}

// Same says whether two values of JSON are equal, whatever their numbers are
// kept as.
func Same(a, b any) bool {
	switch a := a.(type) {
	case map[string]any:
		b, isMap := b.(map[string]any)
		return isMap && len(a) == len(b) && !slices.ContainsFunc(slices.Collect(maps.Keys(a)), func(key string) bool {
			value, found := b[key]
			return !found || !Same(a[key], value)
		})
	case []any:
		b, isList := b.([]any)
		return isList && slices.EqualFunc(a, b, Same)
	}
	if x, isNumber := number(a); isNumber {
		y, both := number(b)
		return both && x == y
	}
	return reflect.DeepEqual(a, b)
}

func number(value any) (float64, bool) {
	switch value := value.(type) {
	case float64:
		return value, true
	case int64:
		return float64(value), true
	default:
		return 0, false
	}
}

// Told is what is said of the changes: an item that is missing is one of them.
func Told(changes []Change) []Change {
	var told []Change
	seen := map[string]bool{}
	for _, one := range changes {
		if one.whole > 0 {
			one = Change{Path: one.Path[:one.whole], at: one.at[:one.whole], Desired: one.item}
		}
		if pointer := Pointer(one.Path) + strconv.FormatBool(one.Live == nil); !seen[pointer] {
			seen[pointer] = true
			told = append(told, one)
		}
	}
	return told
}
