"""A chart whose objects others have a say in: `peace`."""

from typing import Any, Final

WORKLOADS: Final = """{{- range $name := list "web" "other" "canary" }}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ $name }}
  labels: {team: shop, colour: blue}
spec:
  replicas: 1
  selector:
    matchLabels: {app: {{ $name }}}
  template:
    metadata:
      labels: {app: {{ $name }}}
      {{- if $.Values.odd }}
      annotations: {}
      {{- end }}
    spec:
      {{- if $.Values.odd }}
      nodeSelector: {}
      securityContext: {}
      restartPolicy: Always
      {{- end }}
      containers:
      - name: main
        image: registry.invalid/app:1
        {{- if $.Values.odd }}
        env: [{name: EMPTY, value: ""}]
        ports: [{containerPort: 80, protocol: TCP}]
        resources:
          limits: {cpu: 1000m, memory: 1024Mi}
          requests: {cpu: "0.5"}
        {{- end }}
{{- end }}
"""
AUTOSCALER: Final = """{{- if .Values.autoscaled }}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: web
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  minReplicas: 3
  maxReplicas: 9
  metrics:
  - type: Resource
    resource: {name: cpu, target: {type: Utilization, averageUtilization: 50}}
{{- end }}
"""
INJECTED: Final = """{{- if .Values.injected }}
{{- range $name := list .Release.Name (print .Release.Name "-canary") }}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata:
  name: {{ $name }}
  labels: {colour: blue}
webhooks:
- name: nothing.peace.invalid
  admissionReviewVersions: [v1]
  sideEffects: None
  failurePolicy: Ignore
  clientConfig: {url: "https://127.0.0.1:1/", caBundle: ""}
  rules:
  - {apiGroups: [peace.invalid], apiVersions: [v1], resources: [nothings], operations: [CREATE]}
{{- end }}
{{- end }}
"""
SECRET: Final = """{{- if .Values.secret }}
apiVersion: v1
kind: Secret
metadata:
  name: token
stringData:
  token: {{ .Values.secret | quote }}
{{- end }}
"""
TEMPLATES: Final = {
    "workloads.yaml": WORKLOADS,
    "autoscaler.yaml": AUTOSCALER,
    "injected.yaml": INJECTED,
    "secret.yaml": SECRET,
}
VALUES: Final[dict[str, Any]] = {
    "autoscaled": False,
    "odd": False,
    "injected": False,
    "secret": "",
}
"""`autoscaled`: web has an autoscaler; `odd`: what the API server spells otherwise or leaves
out; `injected`: two webhook configurations whose authority is empty; `secret`: a Secret that
is given as text."""
