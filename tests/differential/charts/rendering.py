"""Charts whose templates ask for much: of Helm, of the cluster, of one another."""

from typing import Final

from tests.differential.case import Case, Edition
from tests.support.charts import SIX_TEMPLATES, SIX_VALUES
from tests.support.helm import config_map

SIX: Final = Edition(SIX_TEMPLATES, SIX_VALUES, {"greeting": "one"})
NOTES: Final = (
    "{{ .Release.Name }} {{ .Release.Revision }}: {{ .Values.greeting }} {{ .Chart.Name }}\n"
)
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
  groups: |
  {{- range sortAlpha .Capabilities.APIVersions }}
  {{- if hasPrefix "batch" . }}
    {{ . }}
  {{- end }}
  {{- end }}
"""

CASES: Final = (
    Case(
        "notes",
        SIX.but(templates={**SIX_TEMPLATES, "NOTES.txt": NOTES}),
        SIX.but(templates={**SIX_TEMPLATES, "NOTES.txt": NOTES}, given={"greeting": "two"}),
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
)
