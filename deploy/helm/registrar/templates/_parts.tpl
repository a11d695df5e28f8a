{{/* What every process of registrar has in common. */}}

{{- define "registrar.labels" -}}
app.kubernetes.io/name: registrar
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "registrar.name" -}}
{{ .root.Release.Name }}-{{ .component }}
{{- end }}

{{- define "registrar.pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  seccompProfile: { type: RuntimeDefault }
volumes:
  - name: tmp
    emptyDir: { sizeLimit: 64Mi }
{{- if .keys }}
  - name: epochs
    persistentVolumeClaim: { claimName: {{ .root.Values.epochKeysClaim }} }
{{- end }}
{{- if .seals }}
  - name: log-key
    secret: { secretName: {{ .root.Values.sealing.secret }}, defaultMode: 0440 }
{{- with .root.Values.sealing.anchorsClaim }}
  - name: anchors
    persistentVolumeClaim: { claimName: {{ . }} }
{{- end }}
{{- end }}
{{- end }}

{{- define "registrar.container" -}}
image: {{ printf "%s:%s" .root.Values.image.repository (.root.Values.image.tag | default .root.Chart.AppVersion) | quote }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
volumeMounts:
  - { name: tmp, mountPath: /tmp }
  {{- if .keys }}
  - { name: epochs, mountPath: /epochs }
  {{- end }}
  {{- if .seals }}
  - { name: log-key, mountPath: /keys, readOnly: true }
  {{- if .root.Values.sealing.anchorsClaim }}
  - { name: anchors, mountPath: /anchors }
  {{- end }}
  {{- end }}
resources: {{- toYaml .resources | nindent 2 }}
env:
  - name: POD_NAME
    valueFrom: { fieldRef: { fieldPath: metadata.name } }
  - { name: REGISTRAR_DATA, value: /tmp/registrar }
  - { name: REGISTRAR_EXAMPLE, value: "false" }
  - { name: REGISTRAR_KAFKA, value: {{ .root.Values.settings.kafka | quote }} }
  - { name: REGISTRAR_CLUSTER, value: {{ .root.Values.settings.cluster | quote }} }
  - { name: REGISTRAR_PARTITIONS, value: {{ .root.Values.settings.partitions | quote }} }
  - { name: REGISTRAR_RATE_LIMIT_PER_SECOND, value: {{ .root.Values.settings.rateLimitPerSecond | quote }} }
  - { name: REGISTRAR_RATE_LIMIT_BURST, value: {{ .root.Values.settings.rateLimitBurst | quote }} }
  - { name: REGISTRAR_ACTOR_RATE_LIMIT_PER_SECOND, value: {{ .root.Values.settings.actorRateLimitPerSecond | quote }} }
  - { name: REGISTRAR_ACTOR_RATE_LIMIT_BURST, value: {{ .root.Values.settings.actorRateLimitBurst | quote }} }
  - { name: REGISTRAR_ACCESS, value: {{ ternary "issuer" "off" (hasKey .root.Values.identity "issuer") | quote }} }
  {{- range $name, $value := .root.Values.identity }}
  - { name: REGISTRAR_{{ upper $name }}, value: {{ $value | quote }} }
  {{- end }}
  {{- if hasKey .root.Values.identity "issuer" }}
  - name: REGISTRAR_CONSOLE_SECRET
    valueFrom: { secretKeyRef: { name: {{ .root.Values.secret }}, key: console-secret, optional: true } }
  {{- end }}
  {{- range $name, $key := dict "DATABASE" .database "ELASTICSEARCH" "elasticsearch-url" "REDIS" "redis-url" }}
  - name: REGISTRAR_{{ $name }}_URL
    valueFrom: { secretKeyRef: { name: {{ $.root.Values.secret }}, key: {{ $key }}, optional: {{ eq $name "REDIS" }} } }
  {{- end }}
  {{- if .keys }}
  - name: REGISTRAR_KEYS_URL
    valueFrom: { secretKeyRef: { name: {{ .root.Values.secret }}, key: keys-url } }
  - { name: REGISTRAR_EPOCH_KEYS, value: /epochs/keys }
  {{- end }}
  {{- if .seals }}
  - { name: REGISTRAR_LOG_KEY, value: /keys/log.key }
  - { name: REGISTRAR_LOG_ORIGIN, value: {{ .root.Values.sealing.origin | quote }} }
  {{- if .root.Values.sealing.anchorsClaim }}
  - { name: REGISTRAR_ANCHORS, value: /anchors }
  {{- end }}
  {{- end }}
{{- end }}

{{/* Asks from inside the container, because registrar listens on loopback. */}}
{{- define "registrar.asks" -}}
exec:
  command:
    - python
    - -c
    - import urllib.request as u; u.urlopen("http://127.0.0.1:{{ .port }}{{ .path }}", timeout=4)
timeoutSeconds: 6
{{- end }}

{{- define "registrar.disruption" -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ include "registrar.name" . }}
  labels: {{- include "registrar.labels" . | nindent 4 }}
spec:
  maxUnavailable: 1
  selector:
    matchLabels: {{- include "registrar.labels" . | nindent 6 }}
{{- end }}
