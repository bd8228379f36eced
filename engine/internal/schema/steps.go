package schema

import (
	"errors"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// A schema can ask for more steps than there are atoms in a few lines, and the
// library cannot be stopped from outside. No honest one comes near this.
const mostSteps = 500_000

var (
	errEndless = errors.New("it takes too many steps: its parts refer to each other too often")
	errCircle  = errors.New("a part of it refers to itself")
)

// inCircles says whether a part refers to itself without looking at another value.
func inCircles(problem *jsonschema.ValidationError) bool {
	if _, is := problem.ErrorKind.(*kind.RefCycle); is {
		return true
	}
	return slices.ContainsFunc(problem.Causes, inCircles)
}

type steps struct{ left int }

// Validate counts one part of the schema against one value.
func (s *steps) Validate(*jsonschema.ValidatorContext, any) {
	if s.left--; s.left < 0 {
		panic(errEndless)
	}
}

// counted is a vocabulary without words: it is asked at every step.
func counted() *jsonschema.Vocabulary {
	all := &steps{left: mostSteps}
	return &jsonschema.Vocabulary{
		URL:    "urn:helmward:steps",
		Schema: anything,
		Compile: func(*jsonschema.CompilerContext, map[string]any) (jsonschema.SchemaExt, error) {
			return all, nil
		},
	}
}

var anything = func() *jsonschema.Schema {
	compiler := jsonschema.NewCompiler()
	schema, err := jsonschema.UnmarshalJSON(strings.NewReader("true"))
	if err == nil {
		err = compiler.AddResource("urn:helmward:anything", schema)
	}
	if err != nil {
		panic(err)
	}
	return compiler.MustCompile("urn:helmward:anything")
}()
