package judge

import (
	"context"
	"strings"
	"testing"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
)

func TestWithoutAnExpressionAnObjectSaysItself(t *testing.T) {
	for name, row := range map[string]struct{ object, why string }{
		"a ConfigMap":      {`{"apiVersion":"v1","kind":"ConfigMap"}`, ""},
		"no condition yet": {`{"apiVersion":"x/v1","kind":"X"}`, ""},
		"ready":            {`{"apiVersion":"x/v1","kind":"X","status":{"conditions":[{"type":"Ready","status":"True"}]}}`, ""},
		"not ready": {
			`{"apiVersion":"x/v1","kind":"X","status":{"conditions":[{"type":"Ready","status":"False","message":"no disk"}]}}`,
			"no disk",
		},
		"unknown": {
			`{"apiVersion":"x/v1","kind":"X","status":{"conditions":[{"type":"Ready","status":"Unknown"}]}}`, "Ready",
		},
		"stalled, whatever it was": {
			`{"apiVersion":"x/v1","kind":"X","status":{"conditions":[{"type":"Ready","status":"True"},
				{"type":"Stalled","status":"True","message":"given up"}]}}`,
			"given up",
		},
		"of a spec before": {
			`{"apiVersion":"x/v1","kind":"X","metadata":{"generation":2},"status":{"observedGeneration":1,
				"conditions":[{"type":"Ready","status":"True"}]}}`,
			"generation",
		},
		"about to go": {
			`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"deletionTimestamp":"2026-01-01T00:00:00Z"}}`, "deletion",
		},
		"a Deployment on its way": {
			`{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"generation":1},"spec":{"replicas":2},
				"status":{"observedGeneration":1,"replicas":2,"updatedReplicas":2,"readyReplicas":1,"availableReplicas":1}}`,
			"vailable: 1/2",
		},
		"a claim without its volume": {
			`{"apiVersion":"v1","kind":"PersistentVolumeClaim","status":{"phase":"Pending"}}`, "PVC",
		},
	} {
		t.Run(name, func(t *testing.T) {
			verdict, err := Of(context.Background(), []byte(row.object), nil, "")
			if err != nil {
				t.Fatal(err)
			}
			if verdict.Ready != (row.why == "") || !strings.Contains(verdict.Why, row.why) {
				t.Errorf("%+v", verdict)
			}
		})
	}
}

const (
	dependency = `{"metadata":{"name":"db","generation":3,"labels":{"a/b":"1"}},"spec":{"n":2},
		"status":{"phase":"Up","observedGeneration":3,"conditions":[{"type":"Synced","status":"True"}]}}`
	asking = `{"metadata":{"name":"web"},"spec":{"n":1}}`
)

func TestAnExpressionDecides(t *testing.T) {
	for expression, why := range map[string]string{
		`dep.status.phase == "Up"`:                                                  "",
		`dep.status.observedGeneration == dep.metadata.generation`:                  "",
		`dep.status.conditions.exists(c, c.type == "Synced" && c.status == "True")`: "",
		`dep.spec.n > self.spec.n`:                                                  "",
		`dep.metadata.labels["a/b"] == "1"`:                                         "",
		`has(dep.status.address)`:                                                   "the expression is false",
		`dep.status.address != ""`:                                                  "no such key: address",
		`dep.?status.?address.orValue("") == "x"`:                                   "the expression is false",
		`dep.status.phase.lowerAscii() == "down"`:                                   "the expression is false",
		`self.metadata.name == "db"`:                                                "the expression is false",
	} {
		t.Run(expression, func(t *testing.T) {
			verdict, err := Of(context.Background(), []byte(dependency), []byte(asking), expression)
			if err != nil {
				t.Fatal(err)
			}
			if verdict.Ready != (why == "") || !strings.Contains(verdict.Why, why) {
				t.Errorf("%+v", verdict)
			}
		})
	}
}

func TestAnExpressionThatCannotDecideIsRefusedWithItsPlace(t *testing.T) {
	endless := `dep.l.all(a, dep.l.all(b, dep.l.all(c, dep.l.all(d, a + b + c + d > 0))))`
	list := `{"l":[` + strings.Repeat("1,", 199) + `1]}`
	for name, row := range map[string]struct{ object, expression, says string }{
		"a fault":            {`{}`, "dep.a ==\n  && dep.b", "2:3: Syntax error"},
		"an unknown name":    {`{}`, "true && deep.a", "1:9: undeclared reference to 'deep'"},
		"no bool":            {`{}`, `"yes"`, "of type string"},
		"no bool as it runs": {`{"a":1}`, "dep.a", "of type int"},
		"too dear":           {list, endless, "it "},
		"too long":           {`{}`, strings.Repeat("true && ", 2000) + "true", "characters"},
		"no object":          {`[]`, "true", "dependency_json"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Of(context.Background(), []byte(row.object), nil, row.expression)
			if !failure.Is(err, pb.Failure_INVALID) || !strings.Contains(err.Error(), row.says) {
				t.Errorf("got %v", err)
			}
		})
	}
}
