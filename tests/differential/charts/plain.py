"""Charts of objects alone: what is in them, and what becomes of them in the next version."""

import random
from typing import Any, Final

from tests.differential.case import NAMESPACE, Case, Edition, Verb
from tests.support.charts import SIX_TEMPLATES, SIX_VALUES
from tests.support.helm import config_map

SIX: Final = Edition(SIX_TEMPLATES, SIX_VALUES, {"greeting": "one"})
ONE: Final = Edition({"c.yaml": config_map("c", v="{{ .Values.v }}")}, {"v": "0"}, {"v": "1"})
NOTES: Final = (
    "{{ .Release.Name }} {{ .Release.Revision }}: {{ .Values.greeting }} {{ .Chart.Name }}\n"
)

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
data: {".": "dot", "a.b_c-d": "{{ .Values.text }}"}
binaryData: {bytes: AAEC}
"""
TPL: Final = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ include "app.name" . }}
  labels: {{- include "app.labels" (dict "root" . "part" "front") | nindent 4 }}
data:
  tpl: {{ tpl .Values.template . | quote }}
  checksum: {{ include (print $.Template.BasePath "/other.yaml") . | sha256sum }}
  sum: {{ add 1 2 .Values.count | quote }}
  dig: {{ dig "a" "b" "none" .Values.tree | quote }}
  {{- range $name, $_ := .Files.Glob "conf/*" }}
  {{ base $name }}: {{ $.Files.Get $name | quote }}
  {{- end }}
  all: | {{- .Values.tree | toYaml | nindent 4 }}
"""
HELPERS: Final = """\
{{- define "app.name" -}}{{ .Release.Name | trunc 20 }}-{{ .Chart.Name }}{{- end -}}
{{- define "app.labels" -}}
app: {{ .root.Chart.Name }}
part: {{ .part }}
version: {{ .root.Chart.Version | replace "+" "_" }}
{{- end -}}
"""
NULLS: Final = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: c}
data: {values: {{ .Values | toJson | quote }}}
"""
LOOKUP: Final = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: c}
data:
  found: {{ (lookup "v1" "ConfigMap" .Release.Namespace "outside").data | toJson | quote }}
  own: {{ (lookup "v1" "ConfigMap" .Release.Namespace "c").data | toJson | quote }}
  absent: {{ lookup "v1" "Secret" .Release.Namespace "nosuch" | toJson | quote }}
  all: {{ len (lookup "v1" "ConfigMap" .Release.Namespace "").items | quote }}
"""
CAPABLE: Final = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: c}
data:
  version: {{ .Capabilities.KubeVersion | quote }}
  helm: {{ .Capabilities.HelmVersion.Version | quote }}
  deployments: {{ .Capabilities.APIVersions.Has "apps/v1/Deployment" | quote }}
  things: {{ .Capabilities.APIVersions.Has "nowhere.example/v1" | quote }}
  groups: {{ range .Capabilities.APIVersions }}{{ if hasPrefix "batch" . }}{{ . }} {{ end }}{{ end }}
"""


def many(count: int) -> dict[str, str]:
    """Write templates of so many objects in all."""
    one = (
        "{{ range until (int .Values.count) }}\n"
        "apiVersion: v1\nkind: KIND\nmetadata: {name: 'n{{ . }}', labels: {v: '{{ $.Values.v }}'}}\n"
        "---\n{{ end }}"
    )
    kinds = ("ConfigMap", "Secret", "ServiceAccount", "Service")
    spec = "spec: {ports: [{port: 80}]}\n---\n{{ end }}"
    texts = {kind: one.replace("KIND", kind) for kind in kinds}
    texts["Service"] = texts["Service"].replace("---\n{{ end }}", spec)
    return {f"{kind.lower()}.yaml": text for kind, text in texts.items()} | {"count": str(count)}


def huge(count: int) -> Edition:
    """Return a chart of so many objects."""
    templates = many(count)
    del templates["count"]
    return Edition(templates, {"v": "0"}, {"v": "1", "count": count // len(templates)})


def noise(size: int) -> str:
    """Return text of which gzip can spare only a quarter."""
    return "".join(
        random.Random(1).choices(
            "0123456789abcdefghijklmnopqrstuvwxyz_-ABCDEFGHIJKLMNOPQRSTUVWXYZ", k=size
        )
    )  # noqa: S311


def cases() -> tuple[Case, ...]:
    """Return the rows."""
    return (
        Case("six-objects", SIX, SIX.but(given={"greeting": "two", "replicas": 2})),
        Case("no-objects", Edition({}), Edition({"c.yaml": ""}, given={"a": 1})),
        Case(
            "notes",
            SIX.but(templates={**SIX_TEMPLATES, "NOTES.txt": NOTES}),
            SIX.but(templates={**SIX_TEMPLATES, "NOTES.txt": NOTES}, given={"greeting": "two"}),
        ),
        Case(
            "objects-come-and-go",
            Edition(
                {name: config_map(name[0], v="1") for name in ("a.yaml", "b.yaml", "old.yaml")}
            ),
            Edition(
                {name: config_map(name[0], v="2") for name in ("b.yaml", "c.yaml", "new.yaml")}
            ),
        ),
        Case(
            "kept",
            Edition({"k.yaml": KEPT, "c.yaml": config_map("c")}),
            Edition({"c.yaml": config_map("c")}),
            before=(),
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
            fails={Verb.ROLLBACK: ()} if False else {},
        ),
        Case(
            "unusual-names",
            Edition({"u.yaml": UNUSUAL}, given={"text": "ä ö ü 漢字 \\u00e9"}),
            Edition({"u.yaml": UNUSUAL}, given={"text": "<&>'{}"}),
            release="1.a-b",
        ),
        Case(
            "tpl",
            Edition(
                {"a.yaml": TPL, "_helpers.tpl": HELPERS, "other.yaml": config_map("other")},
                {"template": "{{ .Release.Name }}-{{ .Values.count }}", "count": 3, "tree": {}},
                {"tree": {"a": {"b": [1, 2.5, True, None, "x"]}}},
                {"conf/a.txt": "one\ntwo\n", "conf/b.txt": "", "README.md": "read"},
            ),
            Edition(
                {"a.yaml": TPL, "_helpers.tpl": HELPERS, "other.yaml": config_map("other", a="b")},
                {"template": '{{ include "app.name" . }}', "count": 1e6, "tree": {}},
                {"tree": {"a": {"b": "c"}}},
                {"conf/b.txt": "two", ".helmignore": "*.md\n"},
            ),
        ),
        Case(
            "nulls",
            Edition(
                {"c.yaml": NULLS}, {"a": 1, "b": {"c": 2, "d": [3]}, "e": None}, {"b": {"c": None}}
            ),
            Edition(
                {"c.yaml": NULLS},
                {"a": 1, "b": {"c": 2, "d": [3]}, "e": None},
                {"a": None, "b": {"d": None, "x": {}}, "big": 12345678901, "f": 1.0},
            ),
        ),
        Case(
            "lookup",
            Edition({"c.yaml": LOOKUP}),
            Edition({"c.yaml": LOOKUP}),
            before=({"metadata": {"name": "outside"}, "data": {"a": "b"}},),
        ),
        Case("capabilities", Edition({"c.yaml": CAPABLE}), Edition({"c.yaml": CAPABLE})),
        Case("huge", huge(400), huge(400).but(given={"v": "2", "count": 90})),
        Case(
            "large-object",
            Edition(
                {"c.yaml": config_map("c", v="{{ .Values.one | repeat 900000 }}")}, {"one": "1"}
            ),
            Edition(
                {"c.yaml": config_map("c", v="{{ .Values.one | repeat 900000 }}")}, {"one": "2"}
            ),
        ),
        Case(
            "record-too-large",
            ONE,
            ONE.but(files={"noise.txt": noise(1_300_000)}, given={"v": "2"}),
            fails={Verb.UPGRADE: ("Secret",)},
        ),
        Case("namespace-in-names", *(_own_names(v) for v in "12")),
    )


def _own_names(v: str) -> Edition:
    text = config_map(f"{NAMESPACE}-c", v=v, own="{{ .Release.Namespace }}")
    return Edition({"c.yaml": text}, {"where": NAMESPACE})


PLAIN: Final[Any] = cases()
