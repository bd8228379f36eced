"""A chart whose values decide how its life goes: `app`, in two versions."""

from pathlib import Path
from typing import Any, Final

from tests.support.charts import make_chart

CONFIG: Final = """{{- range $number := until (int .Values.objects) }}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ $.Release.Name }}-{{ $number }}
data:
  colour: {{ $.Values.colour | quote }}
  version: {{ $.Chart.Version | quote }}
{{- end }}
"""
EXTRA: Final = """{{- range .Values.extra }}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ $.Release.Name }}-{{ . }}
data: {}
{{- end }}
"""
REFUSED: Final = """{{- if .Values.refused }}
apiVersion: v1
kind: Service
metadata:
  name: {{ .Release.Name }}-refused
spec:
  ports: [{port: 99999}]
{{- end }}
"""
WORKLOAD: Final = """{{- if .Values.workload }}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
spec:
  replicas: 1
  selector:
    matchLabels: {app: {{ .Release.Name }}}
  template:
    metadata:
      labels: {app: {{ .Release.Name }}}
      annotations:
        colour: {{ .Values.colour | quote }}
        {{- with .Values.pods }}
        {{- range $name, $value := . }}
        devplane.helmward.dev/{{ $name }}: {{ $value | quote }}
        {{- end }}
        {{- end }}
    spec:
      containers: [{name: main, image: "registry.invalid/app:1"}]
{{- end }}
"""
VOLUME: Final = """{{- if .Values.volume }}
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: {{ .Release.Name }}-data
spec:
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 1Mi}}
{{- end }}
"""
JOB: Final = """{{{{- with .Values.{name} }}}}
apiVersion: batch/v1
kind: Job
metadata:
  name: {{{{ $.Release.Name }}}}-{name}
  annotations:
    helm.sh/hook: "{hooks}"
    {{{{- with $.Values.policy }}}}
    helm.sh/hook-delete-policy: {{{{ . | quote }}}}
    {{{{- end }}}}
spec:
  backoffLimit: 0
  template:
    metadata:
      annotations:
        {{{{- range $name, $value := . }}}}
        devplane.helmward.dev/{{{{ $name }}}}: {{{{ $value | quote }}}}
        {{{{- end }}}}
    spec:
      restartPolicy: Never
      containers: [{{name: main, image: "registry.invalid/job:1"}}]
{{{{- end }}}}
"""
VALUES: Final[dict[str, Any]] = {
    "colour": "blue",
    "objects": 1,
    "extra": [],
    "refused": False,
    "workload": False,
    "pods": {},
    "volume": False,
    "before": {},
    "after": {},
    "check": {},
    "leaving": {},
    "back": {},
    "policy": "",
}


def make_app(folder: Path, *versions: str) -> None:
    """Pack the chart `app`.

    Values: `objects` ConfigMaps of a `colour`; `extra` ones by name; `refused`
    adds an object that the API server refuses; `workload` a Deployment whose
    pods live as `pods` says (the devplane's annotations); `volume` a claim;
    `before`, `after`, `leaving`, `back` (before a rollback) hooks and `check` a
    test, each a Job whose pods live as it says; `policy` is when they are deleted.
    """
    templates = {
        "config.yaml": CONFIG,
        "extra.yaml": EXTRA,
        "refused.yaml": REFUSED,
        "workload.yaml": WORKLOAD,
        "volume.yaml": VOLUME,
        "before.yaml": JOB.format(name="before", hooks="pre-install,pre-upgrade"),
        "after.yaml": JOB.format(name="after", hooks="post-install,post-upgrade"),
        "leaving.yaml": JOB.format(name="leaving", hooks="pre-delete"),
        "back.yaml": JOB.format(name="back", hooks="pre-rollback"),
        "check.yaml": JOB.format(name="check", hooks="test"),
    }
    for version in versions:
        make_chart(folder, "app", version, templates, VALUES)
