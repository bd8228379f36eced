"""Charts of objects alone: what is in them, and what becomes of them in the next version."""

from typing import Final

from tests.differential.case import NAMESPACE, Case, Edition
from tests.support.charts import SIX_TEMPLATES, SIX_VALUES
from tests.support.helm import config_map

SIX: Final = Edition(SIX_TEMPLATES, SIX_VALUES, {"greeting": "one"})
ONE: Final = Edition({"c.yaml": config_map("c", v="{{ .Values.v }}")}, {"v": "0"}, {"v": "1"})


KEPT: Final = (
    "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: kept\n"
    "  annotations: {helm.sh/resource-policy: keep}\n"
)
STATEFUL: Final = """\
apiVersion: v1
kind: Service
metadata: {name: db}
spec: {clusterIP: None, selector: {app: db}, ports: [{port: 5432}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  replicas: {{ .Values.replicas }}
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      containers:
        - {name: db, image: "db:1", volumeMounts: [{name: data, mountPath: /data}]}
  volumeClaimTemplates:
    - metadata: {name: data}
      spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
"""
LIST: Final = """\
apiVersion: v1
kind: List
items:
  - {apiVersion: v1, kind: ConfigMap, metadata: {name: one}, data: {v: "{{ .Values.v }}"}}
  {{- if .Values.two }}
  - {apiVersion: v1, kind: ConfigMap, metadata: {name: two}}
  {{- end }}
"""
CLUSTER_WIDE: Final = """\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: "{{ .Release.Namespace }}:reader"}
rules: [{apiGroups: [""], resources: [configmaps], verbs: {{ .Values.verbs | toJson }}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: "{{ .Release.Namespace }}:reader"}
roleRef:
  {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: "{{ .Release.Namespace }}:reader"}
subjects: [{kind: ServiceAccount, name: default, namespace: "{{ .Release.Namespace }}"}]
---
apiVersion: scheduling.k8s.io/v1
kind: PriorityClass
metadata: {name: "{{ .Release.Namespace }}-high"}
value: 1000
"""
OTHER_SPACES: Final = """\
{{- range .Values.spaces }}
apiVersion: v1
kind: Namespace
metadata: {name: "{{ $.Release.Namespace }}-{{ . }}"}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: c, namespace: "{{ $.Release.Namespace }}-{{ . }}"}
data: {v: "{{ $.Values.v }}"}
---
{{- end }}
"""
UNUSUAL: Final = """\
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: "web:reader.of_things"}
rules: []
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: "0.a-b.c"
  labels: {"example.com/empty": "", "a_b.c": "1"}
  annotations: {"example.com/text": "{{ .Values.text }}", "number": "1"}
data: {".a": "dot", "a.b_c-d": "{{ .Values.text }}"}
binaryData: {bytes: AAEC}
"""


def named_after(v: str) -> Edition:
    text = config_map(f"{NAMESPACE}-c", v=v, own="{{ .Release.Namespace }}")
    return Edition({"c.yaml": text}, {"where": NAMESPACE})


CASES: Final = (
    Case("six-objects", SIX, SIX.but(given={"greeting": "two", "replicas": 2})),
    Case("no-objects", Edition({}), Edition({"c.yaml": ""}, given={"a": 1})),
    Case(
        "objects-come-and-go",
        Edition(
            {
                name: config_map(name.split(".")[0], v="1")
                for name in ("a.yaml", "b.yaml", "old.yaml")
            }
        ),
        Edition(
            {
                name: config_map(name.split(".")[0], v="2")
                for name in ("b.yaml", "c.yaml", "new.yaml")
            }
        ),
    ),
    Case(
        "kept",
        Edition({"k.yaml": KEPT, "c.yaml": config_map("c")}),
        Edition({"c.yaml": config_map("c")}),
    ),
    Case(
        "kept-at-uninstall",
        Edition({"k.yaml": KEPT + "data: {v: '{{ .Release.Revision }}'}\n"}),
        Edition({"k.yaml": KEPT + "data: {w: '{{ .Release.Revision }}'}\n"}),
    ),
    Case(
        "stateful",
        Edition({"db.yaml": STATEFUL}, given={"replicas": 1}),
        Edition({"db.yaml": STATEFUL}, given={"replicas": 2}),
    ),
    Case(
        "list",
        Edition({"l.yaml": LIST}, given={"v": "1", "two": True}),
        Edition({"l.yaml": LIST}, given={"v": "2", "two": False}),
    ),
    Case(
        "cluster-wide",
        Edition({"c.yaml": CLUSTER_WIDE}, given={"verbs": ["get"]}),
        Edition({"c.yaml": CLUSTER_WIDE}, given={"verbs": ["get", "list"]}),
    ),
    Case(
        "several-namespaces",
        Edition({"s.yaml": OTHER_SPACES}, given={"v": "1", "spaces": ["b", "c"]}),
        Edition({"s.yaml": OTHER_SPACES}, given={"v": "2", "spaces": ["b", "c", "d"]}),
    ),
    Case(
        "unusual-names",
        Edition({"u.yaml": UNUSUAL}, given={"text": "ä ö ü 漢字 \\u00e9"}),
        Edition({"u.yaml": UNUSUAL}, given={"text": "<&>'{}"}),
        release="1.a-b",
    ),
    Case("namespace-in-names", named_after("1"), named_after("2")),
)
