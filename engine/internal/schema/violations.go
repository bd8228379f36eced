package schema

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
)

const (
	most  = 20
	worst = 5
)

// violations are the leaves of an error: where and what, each once.
func violations(problem *jsonschema.ValidationError) []*pb.Violation {
	switch is := problem.ErrorKind.(type) {
	case *kind.AnyOf:
		return noneFits(problem)
	case *kind.OneOf:
		if len(is.Subschemas) == 0 {
			return noneFits(problem)
		}
		return []*pb.Violation{at(problem, "fits more than one of the forms of which it must have one")}
	case *kind.PropertyNames:
		return []*pb.Violation{below(problem, is.Property, "has a name that is not allowed")}
	}
	if len(problem.Causes) == 0 {
		return leaf(problem)
	}
	var found []*pb.Violation
	for _, cause := range problem.Causes {
		found = append(found, violations(cause)...)
	}
	return found
}

func at(problem *jsonschema.ValidationError, words string) *pb.Violation {
	return &pb.Violation{Path: slices.Clone(problem.InstanceLocation), Problem: words}
}

func below(problem *jsonschema.ValidationError, name, words string) *pb.Violation {
	return &pb.Violation{Path: append(slices.Clone(problem.InstanceLocation), name), Problem: words}
}

// leaf words what has no further cause; what is missing, or too much, is named
// by its own path.
func leaf(problem *jsonschema.ValidationError) []*pb.Violation {
	var found []*pb.Violation
	each := func(names []string, words string) []*pb.Violation {
		for _, name := range names {
			found = append(found, below(problem, name, words))
		}
		return found
	}
	switch is := problem.ErrorKind.(type) {
	case *kind.Required:
		return each(is.Missing, "is missing, and required")
	case *kind.Dependency:
		return each(is.Missing, fmt.Sprintf("is missing, and required where %q is set", is.Prop))
	case *kind.DependentRequired:
		return each(is.Missing, fmt.Sprintf("is missing, and required where %q is set", is.Prop))
	case *kind.AdditionalProperties:
		return each(is.Properties, "is not a value that the chart knows")
	default:
		return []*pb.Violation{at(problem, words(problem.ErrorKind))}
	}
}

// noneFits words why none of several forms fits: where all but one are of
// another type, what that one refuses.
func noneFits(problem *jsonschema.ValidationError) []*pb.Violation {
	var near [][]*pb.Violation
	var types []string
	got := ""
	for _, form := range problem.Causes {
		if wrong := typeOf(form); wrong != nil && len(form.InstanceLocation) == len(problem.InstanceLocation) {
			types, got = append(types, wrong.Want...), wrong.Got
			continue
		}
		near = append(near, violations(form))
	}
	switch {
	case len(near) == 1:
		return near[0]
	case len(near) == 0 && got != "":
		return []*pb.Violation{at(problem, words(&kind.Type{Got: got, Want: types}))}
	default:
		return []*pb.Violation{at(problem, "has none of the forms that the chart allows")}
	}
}

// typeOf is the wrong type that a form fails on, through references to it.
func typeOf(form *jsonschema.ValidationError) *kind.Type {
	for {
		if wrong, is := form.ErrorKind.(*kind.Type); is {
			return wrong
		}
		if len(form.Causes) != 1 {
			return nil
		}
		form = form.Causes[0]
	}
}

// refusal is the failure of all that is refused, in the order of the paths.
func refusal(found []*pb.Violation) error {
	slices.SortStableFunc(found, func(a, b *pb.Violation) int {
		return cmp.Or(slices.CompareFunc(a.Path, b.Path, token), strings.Compare(a.Problem, b.Problem))
	})
	found = slices.CompactFunc(found, func(a, b *pb.Violation) bool {
		return slices.Equal(a.Path, b.Path) && a.Problem == b.Problem
	})
	var said []string
	for _, one := range found[:min(worst, len(found))] {
		said = append(said, sentence(one))
	}
	if more := len(found) - worst; more > 0 {
		said = append(said, fmt.Sprintf("and %d more", more))
	}
	f := failure.New(pb.Failure_VALUES_INVALID,
		"the chart's schema refuses the values: %s", strings.Join(said, "; "))
	f.Violations = found[:min(most, len(found))]
	return f
}

func token(a, b string) int {
	one, wrong := strconv.Atoi(a)
	other, wrongToo := strconv.Atoi(b)
	if wrong == nil && wrongToo == nil {
		return cmp.Compare(one, other)
	}
	return strings.Compare(a, b)
}

func sentence(of *pb.Violation) string {
	text := Shown(of.Path) + " " + of.Problem
	if of.Chart != "" {
		text += " (schema of chart " + of.Chart + ")"
	}
	return text
}

// Shown writes a path as a template does: a.b[0].c
func Shown(path []string) string {
	if len(path) == 0 {
		return "the whole"
	}
	var text strings.Builder
	for i, step := range path {
		_, number := strconv.Atoi(step)
		switch {
		case number == nil && i > 0:
			text.WriteString("[" + step + "]")
		case strings.ContainsAny(step, ".[]\" /"), step == "":
			text.WriteString("[" + strconv.Quote(step) + "]")
		case i > 0:
			text.WriteString("." + step)
		default:
			text.WriteString(step)
		}
	}
	return text.String()
}
