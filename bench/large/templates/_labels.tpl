{{- define "large.name" -}}
{{ .release }}-{{ .part }}
{{- end -}}
{{- define "large.meta" -}}
name: {{ include "large.name" . }}
labels:
  app.kubernetes.io/name: {{ .part }}
  app.kubernetes.io/instance: {{ .release }}
  app.kubernetes.io/managed-by: Helm
  helm.sh/chart: large-1.0.0
{{- end -}}
{{- define "large.selector" -}}
app.kubernetes.io/name: {{ .part }}
app.kubernetes.io/instance: {{ .release }}
{{- end -}}
