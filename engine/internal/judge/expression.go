package judge

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/ext"
	"github.com/google/cel-go/interpreter"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
)

const (
	// dearest is what an expression may cost, in CEL's own units: some thousand
	// times what a look at conditions does.
	dearest = 1_000_000
	// longest is how long it may take, and largest how many characters it may have.
	longest = time.Second
	largest = 10_000
	// often is after how many rounds of a loop the time is looked at.
	often = 100
)

// environment knows the dependency as `dep` and who asks as `self`.
var environment = sync.OnceValues(func() (*cel.Env, error) {
	return cel.NewEnv(
		cel.Variable("dep", cel.DynType), cel.Variable("self", cel.DynType),
		ext.Strings(), cel.OptionalTypes(), cel.EagerlyValidateDeclarations(true),
		cel.DefaultUTCTimeZone(true), cel.CrossTypeNumericComparisons(true),
	)
})

func byExpression(ctx context.Context, text string, object, self map[string]any) (Verdict, error) {
	program, err := compile(text)
	if err != nil {
		return Verdict{}, err
	}
	ctx, done := context.WithTimeout(ctx, longest)
	defer done()
	value, _, err := program.ContextEval(ctx, map[string]any{"dep": object, "self": self})
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return Verdict{}, refused("it takes longer than %s", longest)
	case isTooDear(err):
		return Verdict{}, refused("it costs more than is allowed: it goes over too much of the objects")
	case err != nil:
		// As a rule a field that is not there yet.
		return Verdict{Why: failure.Shorten(fmt.Sprintf("the expression has no value yet: %s", err))}, nil
	case value.Type() != types.BoolType:
		return Verdict{}, refused("its value is of type %s; it has to yield a bool", value.Type().TypeName())
	case value == types.True:
		return Verdict{Ready: true}, nil
	default:
		return Verdict{Why: "the expression is false"}, nil
	}
}

func isTooDear(err error) bool {
	var cancelled interpreter.EvalCancelledError
	return errors.As(err, &cancelled) && cancelled.Cause == interpreter.CostLimitExceeded
}

func compile(text string) (cel.Program, error) {
	if len(text) > largest {
		return nil, refused("it has %d characters; %d are allowed", len(text), largest)
	}
	env, err := environment()
	if err != nil {
		return nil, err
	}
	ast, issues := env.Compile(text)
	if issues != nil && issues.Err() != nil {
		return nil, refused("%s", spoken(issues))
	}
	if of := ast.OutputType(); of != cel.BoolType && of != cel.DynType {
		return nil, refused("its value is of type %s; it has to yield a bool", of)
	}
	return env.Program(ast, cel.CostLimit(dearest), cel.InterruptCheckFrequency(often), cel.EvalOptions(cel.OptOptimize))
}

// spoken are the faults in plain words, each with its place in the expression.
func spoken(issues *cel.Issues) string {
	words := ""
	for number, one := range issues.Errors() {
		if number > 0 {
			words += "; "
		}
		words += fmt.Sprintf("%d:%d: %s", one.Location.Line(), one.Location.Column()+1, one.Message)
	}
	return words
}

func refused(format string, values ...any) error {
	return failure.New(pb.Failure_INVALID, "the CEL expression is refused: %s", fmt.Sprintf(format, values...))
}
