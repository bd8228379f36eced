// Package judge tells whether an object is ready, for those who wait for it. It
// sees the object alone and sends nothing.
package judge

import (
	"context"
	"fmt"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/json"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
)

// Verdict is whether an object is ready, and if not, why.
type Verdict struct {
	Ready bool
	Why   string
}

// Of judges an object by an expression, or without one by its own conditions.
func Of(ctx context.Context, object, asking []byte, expression string) (Verdict, error) {
	found, err := read("dependency_json", object)
	if err != nil {
		return Verdict{}, err
	}
	if expression == "" {
		return byStatus(found), nil
	}
	self := map[string]any{}
	if len(asking) > 0 {
		if self, err = read("self_json", asking); err != nil {
			return Verdict{}, err
		}
	}
	return byExpression(ctx, expression, found, self)
}

func read(field string, document []byte) (map[string]any, error) {
	var object map[string]any
	if err := json.Unmarshal(document, &object); err != nil || object == nil {
		return nil, failure.New(pb.Failure_INVALID, "%s: not an object in JSON", field)
	}
	return object, nil
}

// byStatus are the rules of kstatus. An object with a condition Ready that none
// of them is about is ready when that says so.
func byStatus(object map[string]any) Verdict {
	of := &unstructured.Unstructured{Object: object}
	result, err := status.Compute(of)
	switch {
	case err != nil:
		return Verdict{Why: fmt.Sprintf("its status cannot be read: %s", err)}
	case result.Status != status.CurrentStatus && result.Message != "":
		return Verdict{Why: failure.Shorten(result.Message)}
	}
	if why := unready(object); why != "" {
		return Verdict{Why: why}
	}
	if result.Status != status.CurrentStatus {
		return Verdict{Why: fmt.Sprintf("it is %s", result.Status)}
	}
	return Verdict{Ready: true}
}

func unready(object map[string]any) string {
	conditions, _, _ := unstructured.NestedSlice(object, "status", "conditions")
	for _, entry := range conditions {
		one, _ := entry.(map[string]any)
		if one["type"] != "Ready" || one["status"] == "True" {
			continue
		}
		if text, _ := one["message"].(string); text != "" {
			return failure.Shorten(text)
		}
		return fmt.Sprintf("its condition Ready is %v", one["status"])
	}
	return ""
}
