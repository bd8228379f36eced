package verbs

import (
	"bytes"
	"encoding/json"

	"helm.sh/helm/v4/pkg/chart/v2/loader"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
)

// readValues reads values as `helm install -f` reads a file: through the SDK's
// own loader, so that numbers and nulls mean the same.
func readValues(document []byte) (map[string]any, error) {
	if len(bytes.TrimSpace(document)) == 0 {
		return map[string]any{}, nil
	}
	// YAML reads JSON, but not JSON's escapes beyond the basic plane.
	if bytes.Contains(document, []byte(`\u`)) {
		plain, err := withoutEscapes(document)
		if err != nil {
			return nil, failure.New(pb.Failure_VALUES_INVALID, "the values are not a JSON object")
		}
		document = plain
	}
	values, err := loader.LoadValues(bytes.NewReader(document))
	if err != nil {
		return nil, failure.New(pb.Failure_VALUES_INVALID, "the values are not a JSON object")
	}
	if values == nil {
		values = map[string]any{}
	}
	return values, nil
}

func withoutEscapes(document []byte) ([]byte, error) {
	decoder := json.NewDecoder(bytes.NewReader(document))
	decoder.UseNumber()
	var values map[string]any
	if err := decoder.Decode(&values); err != nil {
		return nil, err
	}
	var plain bytes.Buffer
	encoder := json.NewEncoder(&plain)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(values)
	return plain.Bytes(), err
}
