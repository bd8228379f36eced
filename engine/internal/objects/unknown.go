package objects

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/cli-runtime/pkg/resource"

	"helmward.dev/engine/internal/cluster"
)

// withoutUnknown takes fields out of an object that the API server refused for
// them; it gives nil when that changed it, else what is against it. Server-side
// apply refuses a field that it does not know however leniently it is told to
// validate; a POST drops it. So the server is asked what it would make of the
// object as a new one.
func (c *Client) withoutUnknown(info *resource.Info, at version, refused error) error {
	if !c.AnyFields || !strings.Contains(refused.Error(), "field not declared in schema") {
		return refused
	}
	answer, err := c.imagined(info, at)
	if err != nil && at == (version{}) {
		return err // What else is wrong with it.
	}
	if err != nil {
		return refused
	}
	object := info.Object.(*unstructured.Unstructured)
	known, _ := onlyKnown(object.Object, answer).(map[string]any)
	if text, written := object.Object["stringData"]; written && object.GetKind() == "Secret" {
		known["stringData"] = text // Which no answer ever shows.
	}
	if reflect.DeepEqual(known, object.Object) {
		return refused
	}
	info.Object = &unstructured.Unstructured{Object: known}
	return nil
}

// imagined is the object as it would be created; nothing is stored. The name of
// one that exists is taken: it gets another.
func (c *Client) imagined(info *resource.Info, at version) (map[string]any, error) {
	object := info.Object.(*unstructured.Unstructured).DeepCopy()
	if at != (version{}) {
		object.SetName("")
		object.SetGenerateName("helmward-")
	}
	body, err := json.Marshal(object.Object)
	if err != nil {
		return nil, err
	}
	answer := map[string]any{}
	err = c.access.Do(c.ctx, cluster.Request{
		Verb: http.MethodPost, Path: cluster.Path(info.Mapping, info.Namespace, ""),
		Type: "application/json", Body: body,
		Query: map[string]string{
			"fieldManager": FieldManager, "dryRun": metav1.DryRunAll,
			"fieldValidation": metav1.FieldValidationIgnore,
		},
	}, &answer)
	return answer, err
}

// onlyKnown leaves out the keys that the answer has not. What the answer says
// of a key does not matter.
func onlyKnown(asked, answer any) any {
	switch was := asked.(type) {
	case map[string]any:
		is, same := answer.(map[string]any)
		if !same {
			return asked
		}
		known := map[string]any{}
		for name, value := range was {
			if answered, has := is[name]; has {
				known[name] = onlyKnown(value, answered)
			}
		}
		return known
	case []any:
		is, _ := answer.([]any)
		known := make([]any, len(was))
		for i, value := range was {
			known[i] = onlyKnown(value, counterpart(value, i, was, is))
		}
		return known
	default:
		return asked
	}
}

// counterpart is the same item of the answered list: by name, as others may
// have been put among them, else by place.
func counterpart(item any, at int, asked, answered []any) any {
	if named, _ := item.(map[string]any); named["name"] != nil {
		for _, other := range answered {
			if one, _ := other.(map[string]any); one["name"] == named["name"] {
				return one
			}
		}
	}
	if len(asked) == len(answered) {
		return answered[at]
	}
	return nil
}
