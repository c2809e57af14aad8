{{- /* Each secret of the values, and the setting of Keydesk that it is. */ -}}
{{- define "keydesk.settingNames" -}}
authBaseUrl: AUTH_BASE_URL
masterKey: PROXY_MASTER_KEY
masterKeyPrevious: PROXY_MASTER_KEY_PREVIOUS
googleClientId: GOOGLE_CLIENT_ID
googleClientSecret: GOOGLE_CLIENT_SECRET
databaseUrl: DATABASE_URL
databaseListenUrl: DATABASE_LISTEN_URL
metricsToken: METRICS_TOKEN
allowlistToken: ALLOWLIST_TOKEN
{{- end -}}

{{- define "keydesk.secretName" -}}
{{- default (include "keydesk.fullname" .) .Values.existingSecret -}}
{{- end -}}

{{- /* Not empty where the database is a file: SQLite. Its path is no secret. */ -}}
{{- define "keydesk.isFile" -}}
{{- if hasPrefix "file:" .Values.secrets.databaseUrl }}true{{ end -}}
{{- end -}}

{{- /* The settings that are in the Secret, ours or the existing one, and the key of each there. */ -}}
{{- define "keydesk.secretKeys" -}}
{{- $keys := dict -}}
{{- range $member, $setting := fromYaml (include "keydesk.settingNames" .) -}}
{{- $given := get $.Values.secrets $member -}}
{{- if and (eq $member "databaseUrl") (include "keydesk.isFile" $) -}}
{{- else if $.Values.existingSecret -}}
{{- $key := get $.Values.existingSecretKeys $member -}}
{{- if and $key (not $given) }}{{ $_ := set $keys $setting $key }}{{ end -}}
{{- else if $given -}}
{{- $_ := set $keys $setting $setting -}}
{{- end -}}
{{- end -}}
{{- range $id, $_ := .Values.secrets.providerClientSecrets -}}
{{- $setting := printf "PROVIDER_%s_CLIENT_SECRET" $id -}}
{{- $_ := set $keys $setting $setting -}}
{{- end -}}
{{- if .Values.existingSecret -}}
{{- range $id, $key := .Values.existingSecretKeys.providerClientSecrets -}}
{{- $_ := set $keys (printf "PROVIDER_%s_CLIENT_SECRET" $id) $key -}}
{{- end -}}
{{- end -}}
{{- toYaml $keys -}}
{{- end -}}

{{- /* Changes with every setting and every secret that the chart itself writes. */ -}}
{{- define "keydesk.checksum" -}}
{{- $config := include (print .Template.BasePath "/configmap.yaml") . -}}
{{- $secret := include (print .Template.BasePath "/secret.yaml") . -}}
{{- print $config $secret | sha256sum -}}
{{- end -}}
