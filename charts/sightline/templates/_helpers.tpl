{{/* Names, labels and the parts that all pods share. */}}

{{- define "sightline.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 40 | trimSuffix "-" }}
{{- else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 40 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{/* Labels that select: (list $ part). */}}
{{- define "sightline.selector" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: sightline
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{/* All labels: (list $ part). */}}
{{- define "sightline.labels" -}}
{{- $root := index . 0 -}}
{{ include "sightline.selector" . }}
app.kubernetes.io/part-of: sightline
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version }}
{{- end }}

{{/* An image of ours: (list $ name). */}}
{{- define "sightline.image" -}}
{{- $root := index . 0 }}{{- $name := index . 1 }}
{{- $image := printf "%ssightline-%s" (ternary "" (printf "%s/" $root.Values.image.registry) (empty $root.Values.image.registry)) $name }}
{{- with index $root.Values.image.digests $name }}{{ printf "%s@%s" $image . }}
{{- else }}{{ printf "%s:%s" $image ($root.Values.image.tag | default $root.Chart.AppVersion) }}
{{- end }}
{{- end }}

{{/* The settings of an analysing service, with its own over the common ones: (list $ name), as YAML. */}}
{{- define "sightline.analyser" -}}
{{- $root := index . 0 }}
{{- mustMergeOverwrite (deepCopy $root.Values.analysers) (deepCopy (index $root.Values.services (index . 1))) | toYaml }}
{{- end }}

{{/* Pod Security "restricted", for a pod. */}}
{{- define "sightline.podSecurity" -}}
runAsNonRoot: true
runAsUser: {{ .Values.podSecurity.user }}
runAsGroup: {{ .Values.podSecurity.user }}
fsGroup: {{ .Values.podSecurity.user }}
fsGroupChangePolicy: OnRootMismatch
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{/* The same, for a container. */}}
{{- define "sightline.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{/* What every pod says of itself, as far as it depends on nothing but the release. */}}
{{- define "sightline.podBasics" -}}
automountServiceAccountToken: false
# A Service named face would put FACE_PORT into every pod, where settings that do not exist are refused.
enableServiceLinks: false
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
securityContext:
  {{- include "sightline.podSecurity" . | nindent 2 }}
{{- end }}

{{/* From the end of a pod's membership in its Service to SIGKILL. */}}
{{- define "sightline.grace" -}}
{{ add .Values.drain.seconds .Values.drain.delaySeconds 5 }}
{{- end }}

{{/* The Secret and key of a store: (list $ "postgres"). */}}
{{- define "sightline.storeKey" -}}
{{- $root := index . 0 }}{{- $store := index $root.Values (index . 1) }}
name: {{ $store.existingSecret | default (printf "%s-%s" (include "sightline.name" $root) (index . 1)) }}
key: {{ ternary "uri" $store.secretKey (empty $store.existingSecret) }}
{{- end }}

{{/* The variables of a service of ours: (list $ PREFIX settings secretEnv). */}}
{{- define "sightline.env" -}}
{{- $root := index . 0 }}{{- $prefix := index . 1 }}
- name: {{ $prefix }}POSTGRES__URL
  valueFrom:
    secretKeyRef:
      {{- include "sightline.storeKey" (list $root "postgres") | nindent 6 }}
{{- if $root.Values.pgbouncer.enabled }}
- name: {{ $prefix }}POSTGRES__POOLER
  value: postgresql://{{ include "sightline.name" $root }}-pgbouncer.{{ $root.Release.Namespace }}.svc:6432?sslmode=disable
{{- end }}
- name: {{ $prefix }}REDIS__URL
  valueFrom:
    secretKeyRef:
      {{- include "sightline.storeKey" (list $root "redis") | nindent 6 }}
- name: {{ $prefix }}BLOBS__URL
  value: {{ $root.Values.blobs.url | default "file:///var/lib/sightline/blobs" | quote }}
{{- with $root.Values.blobs.endpoint }}
- name: {{ $prefix }}BLOBS__S3_ENDPOINT
  value: {{ . | quote }}
{{- end }}
{{- with $root.Values.blobs.region }}
- name: {{ $prefix }}BLOBS__S3_REGION
  value: {{ . | quote }}
{{- end }}
{{- with $root.Values.blobs.existingSecret }}
- name: {{ $prefix }}BLOBS__S3_ACCESS_KEY_ID
  valueFrom:
    secretKeyRef: {name: {{ . }}, key: access_key_id}
- name: {{ $prefix }}BLOBS__S3_SECRET_ACCESS_KEY
  valueFrom:
    secretKeyRef: {name: {{ . }}, key: secret_access_key}
{{- end }}
{{- $fixed := dict
      "RPC__HOST" "0.0.0.0" "RPC__PORT" "50051" "RPC__DRAIN_SECONDS" (toString $root.Values.drain.seconds)
      "TELEMETRY__METRICS_HOST" "0.0.0.0" "TELEMETRY__METRICS_PORT" "9090"
      "TELEMETRY__LOG_LEVEL" $root.Values.logging.level "TELEMETRY__TRACE_SAMPLE_RATIO" (toString $root.Values.tracing.sampleRatio) }}
{{- if $root.Values.tracing.endpoint }}{{ $_ := set $fixed "TELEMETRY__OTLP_ENDPOINT" $root.Values.tracing.endpoint }}{{ end }}
{{- $given := mustMergeOverwrite $fixed (deepCopy $root.Values.settings) (deepCopy (index . 2)) }}
{{- range $name := keys $given | sortAlpha }}
- name: {{ $prefix }}{{ $name }}
  value: {{ index $given $name | toString | quote }}
{{- end }}
# Many threads share few arenas, and what one picture needs stays for the next; more goes back to the system.
{{- $kept := ternary "1048576" "33554432" (eq $prefix "GATEWAY_") }}
- {name: MALLOC_ARENA_MAX, value: "2"}
- {name: MALLOC_MMAP_THRESHOLD_, value: {{ $kept | quote }}}
- {name: MALLOC_TRIM_THRESHOLD_, value: {{ $kept | quote }}}
{{- with index . 3 }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Probes of a service of ours. A draining pod is not ready, and stays alive. */}}
{{- define "sightline.probes" -}}
startupProbe:
  httpGet: {path: /livez, port: telemetry}
  periodSeconds: 2
  failureThreshold: 60
livenessProbe:
  httpGet: {path: /livez, port: telemetry}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
readinessProbe:
  grpc: {port: 50051}
  periodSeconds: 5
  timeoutSeconds: 3
  failureThreshold: 2
lifecycle:
  preStop:
    sleep: {seconds: {{ .Values.drain.delaySeconds }}}
{{- end }}

{{/* The blobs as a volume, where they are no bucket. */}}
{{- define "sightline.blobVolume" -}}
{{- if not .Values.blobs.url }}
- name: blobs
  persistentVolumeClaim:
    claimName: {{ .Values.blobs.volume.existingClaim | default (printf "%s-blobs" (include "sightline.name" .)) }}
{{- end }}
{{- end }}

{{- define "sightline.blobMount" -}}
{{- if not .Values.blobs.url }}
- {name: blobs, mountPath: /var/lib/sightline/blobs}
{{- end }}
{{- end }}

{{/* Replicas apart from each other, on nodes and in zones: (list $ part). */}}
{{- define "sightline.spread" -}}
{{- range $key := list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
- maxSkew: 1
  topologyKey: {{ $key }}
  whenUnsatisfiable: ScheduleAnyway
  labelSelector:
    matchLabels:
      {{- include "sightline.selector" $ | nindent 6 }}
{{- end }}
{{- end }}

{{/* Where a pod may run: a block with nodeSelector, tolerations and affinity. */}}
{{- define "sightline.placement" -}}
{{- with .nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* Up at once, down slowly: a replica that goes gives its work back, but somebody else has to begin it anew. */}}
{{- define "sightline.behavior" -}}
scaleUp:
  stabilizationWindowSeconds: 0
  selectPolicy: Max
  policies:
    - {type: Percent, value: 100, periodSeconds: 15}
    - {type: Pods, value: 4, periodSeconds: 15}
scaleDown:
  stabilizationWindowSeconds: {{ .scaleDownSeconds }}
  selectPolicy: Max
  policies:
    - {type: Percent, value: 10, periodSeconds: 60}
    - {type: Pods, value: 1, periodSeconds: 60}
{{- end }}

{{/* The password of a store of the chart: made once, then kept: (list $ secret). */}}
{{- define "sightline.password" -}}
{{- $root := index . 0 }}
{{- $kept := lookup "v1" "Secret" $root.Release.Namespace (index . 1) }}
{{- if $kept }}{{ $kept.data.password | b64dec }}{{ else }}{{ randAlphaNum 32 }}{{ end }}
{{- end }}
