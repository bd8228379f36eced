// Package schema checks values against the JSON schemas of a chart and its
// dependencies, as Helm does, and says in plain words what they refuse: where,
// and why, never what the value is.
package schema

import (
	"bytes"
	"fmt"

	"github.com/santhosh-tekuri/jsonschema/v6"
	chart "helm.sh/helm/v4/pkg/chart/v2"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
)

// Any says whether the chart or a dependency has a schema.
func Any(c *chart.Chart) bool {
	if c.Schema != nil {
		return true
	}
	for _, one := range c.Dependencies() {
		if Any(one) {
			return true
		}
	}
	return false
}

// Check refuses values, the charts' own counted in, that a schema refuses. The
// chart is one whose dependencies have been processed: it has those that are
// switched on, by the names that their values have.
func Check(c *chart.Chart, values map[string]any) error {
	var found []*pb.Violation
	if err := walk(c, values, nil, &found); err != nil {
		return err
	}
	if len(found) == 0 {
		return nil
	}
	return refusal(found)
}

func walk(c *chart.Chart, values map[string]any, prefix []string, found *[]*pb.Violation) error {
	of := ""
	if len(prefix) > 0 {
		of = c.Name()
	}
	if c.Schema != nil {
		refused, err := one(c, values)
		if err != nil {
			return err
		}
		for _, violation := range refused {
			violation.Path = append(append([]string{}, prefix...), violation.Path...)
			violation.Chart = of
		}
		*found = append(*found, refused...)
	}
	for _, dependency := range c.Dependencies() {
		below := append(append([]string{}, prefix...), dependency.Name())
		switch given := values[dependency.Name()].(type) {
		case nil:
		case map[string]any:
			if err := walk(dependency, given, below, found); err != nil {
				return err
			}
		default:
			*found = append(*found, &pb.Violation{
				Path: below, Problem: "must be a map: these are a dependency's values", Chart: dependency.Name(),
			})
		}
	}
	return nil
}

// one asks one schema. A panic is one of the library's, over a schema that it
// cannot follow, or our own, over one that never ends.
func one(c *chart.Chart, values map[string]any) (refused []*pb.Violation, err error) {
	defer func() {
		if problem := recover(); problem != nil {
			refused, err = nil, unusable(c, fmt.Errorf("%v", problem))
		}
	}()
	validator, err := compile(c.Schema)
	if err != nil {
		return nil, unusable(c, err)
	}
	problem, is := validator.Validate(values).(*jsonschema.ValidationError)
	switch {
	case !is:
		return nil, nil
	case inCircles(problem):
		return nil, unusable(c, errCircle)
	default:
		return violations(problem), nil
	}
}

func unusable(c *chart.Chart, err error) error {
	return failure.New(pb.Failure_CHART_INVALID, "values.schema.json of chart %s cannot be used: %w", c.Name(), err)
}

const own = "file:///values.schema.json"

func compile(text []byte) (*jsonschema.Schema, error) {
	schema, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("it is no JSON: %w", err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.UseLoader(elsewhere{})
	compiler.RegisterVocabulary(counted())
	compiler.AssertVocabs()
	if err := compiler.AddResource(own, closed(schema)); err != nil {
		return nil, err
	}
	return compiler.Compile(own)
}
