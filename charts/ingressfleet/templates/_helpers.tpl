{{/* Name of every object of the release, cluster-scoped ones too: two releases in one cluster do not meet. */}}
{{- define "ingressfleet.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride -}}
{{- else if contains .Chart.Name .Release.Name -}}
{{- .Release.Name -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 53 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "ingressfleet.serviceAccountName" -}}
{{- .Values.serviceAccount.name | default (include "ingressfleet.fullname" .) -}}
{{- end -}}

{{- define "ingressfleet.selectorLabels" -}}
app.kubernetes.io/name: ingressfleet
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: operator
{{- end -}}

{{- define "ingressfleet.labels" -}}
{{ include "ingressfleet.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}
