package drift

import (
	"slices"
	"strconv"
	"strings"
)

// Keep makes an object that is about to be applied leave a field as it is live:
// with the live value where the field is ours, else without the field. Left out,
// a field of ours would go; named, one of another's would be ours as well.
func Keep(object map[string]any, one Change, isOurs bool) {
	at, value := one.at, one.Live
	if one.whole > 0 {
		at, value = at[:one.whole], nil
	}
	if !isOurs {
		value = nil
	}
	amended(object, at, value)
}

// IsOurs says whether a field is among the fields.
func (c Change) IsOurs(fields Fields) bool { return fields.Has(c.at) }

// SharesItem says whether a change is about a missing item of a list that is put
// back because of one of the others: it comes back as a whole.
func (c Change) SharesItem(others []Change) bool {
	return c.whole > 0 && slices.ContainsFunc(others, func(other Change) bool {
		return other.whole == c.whole && slices.Equal(other.at[:c.whole], c.at[:c.whole])
	})
}

// amended is a value with a field in it set, or taken out where it is to be nil.
// An item of a list that is not there is not made.
func amended(value any, at []string, to any) any {
	if len(at) == 0 {
		return to
	}
	if name, isMap := strings.CutPrefix(at[0], ofMap); isMap {
		return inMap(value, name, at[1:], to)
	}
	items, _ := value.([]any)
	_, token, found := step(value, at[0])
	if !found {
		return value
	}
	place, _ := strconv.Atoi(token)
	now := amended(items[place], at[1:], to)
	if now == nil {
		return slices.Delete(slices.Clone(items), place, place+1)
	}
	items[place] = now
	return items
}

func inMap(value any, name string, at []string, to any) any {
	from, isMap := value.(map[string]any)
	if !isMap {
		if to == nil || value != nil {
			return value
		}
		from = map[string]any{}
	}
	if now := amended(from[name], at, to); now != nil {
		from[name] = now
	} else {
		delete(from, name)
	}
	return from
}
