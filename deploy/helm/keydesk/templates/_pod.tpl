{{- /* Secrets come from files: nothing that prints an environment prints them. AUTH_BASE_URL and GOOGLE_CLIENT_ID are none. */ -}}
{{- define "keydesk.environment" -}}
{{- $keys := fromYaml (include "keydesk.secretKeys" .) -}}
- name: PORT
  value: "3000"
- name: SHUTDOWN_DELAY
  value: {{ ternary "0" (printf "%ds" (int .Values.shutdownDelaySeconds)) (eq (int .Values.shutdownDelaySeconds) 0) | quote }}
{{- if .Values.metrics.enabled }}
- name: METRICS_PORT
  value: {{ int .Values.metrics.port | quote }}
{{- end }}
{{- range $member, $setting := dict "authBaseUrl" "AUTH_BASE_URL" "googleClientId" "GOOGLE_CLIENT_ID" }}
{{- if hasKey $keys $setting }}
- name: {{ $setting }}
  valueFrom:
    secretKeyRef:
      name: {{ include "keydesk.secretName" $ }}
      key: {{ get $keys $setting }}
{{- else if get $.Values.secrets $member }}
- name: {{ $setting }}
  value: {{ get $.Values.secrets $member | quote }}
{{- end }}
{{- end }}
# Empty means "not set", and takes away the file that the image sets.
- name: DATABASE_URL
  value: {{ ternary .Values.secrets.databaseUrl "" (eq (include "keydesk.isFile" .) "true") | quote }}
{{- range $setting, $_ := omit $keys "AUTH_BASE_URL" "GOOGLE_CLIENT_ID" }}
- name: {{ $setting }}_FILE
  value: /etc/keydesk/secrets/{{ $setting }}
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "keydesk.volumes" -}}
- name: secrets
  secret:
    secretName: {{ include "keydesk.secretName" . }}
    # Owned by root, readable by the group of the pod (fsGroup).
    defaultMode: 0440
    items:
      {{- range $setting, $key := omit (fromYaml (include "keydesk.secretKeys" .)) "AUTH_BASE_URL" "GOOGLE_CLIENT_ID" }}
      - key: {{ $key }}
        path: {{ $setting }}
      {{- end }}
{{- if include "keydesk.isFile" . }}
- name: data
  persistentVolumeClaim:
    claimName: {{ default (include "keydesk.fullname" .) .Values.persistence.existingClaim }}
- name: tmp
  emptyDir:
    sizeLimit: 64Mi
{{- else }}
- name: data
  emptyDir: {}
{{- end }}
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}
