{{- /* Stops the installation where the pods would not start, or would start and lose keys. */ -}}
{{- define "keydesk.refuse" -}}
{{- $secrets := .Values.secrets -}}
{{- if .Values.existingSecret -}}
{{- range $member := list "masterKey" "masterKeyPrevious" "googleClientSecret" "databaseListenUrl" "metricsToken" "allowlistToken" "providerClientSecrets" -}}
{{- if get $secrets $member -}}
{{- fail (printf "secrets.%s: existingSecret is set, and the two contradict; put it into that Secret and name its key in existingSecretKeys.%s" $member $member) -}}
{{- end -}}
{{- end -}}
{{- if and $secrets.databaseUrl (not (include "keydesk.isFile" .)) -}}
{{- fail "secrets.databaseUrl: existingSecret is set, and the two contradict; put the URL into that Secret" -}}
{{- end -}}
{{- $_ := required "existingSecretKeys.masterKey: is required; the key of existingSecret that holds the master key" .Values.existingSecretKeys.masterKey -}}
{{- if not (or $secrets.databaseUrl .Values.existingSecretKeys.databaseUrl) -}}
{{- fail "existingSecretKeys.databaseUrl: is required; or set secrets.databaseUrl to file:/data/keydesk.db and replicaCount to 1" -}}
{{- end -}}
{{- if not (or $secrets.authBaseUrl .Values.existingSecretKeys.authBaseUrl) -}}
{{- fail "existingSecretKeys.authBaseUrl: is required; or set secrets.authBaseUrl" -}}
{{- end -}}
{{- else -}}
{{- $_ := required "secrets.masterKey: is required; make one with: openssl rand -hex 32, or set existingSecret" $secrets.masterKey -}}
{{- if lt (len $secrets.masterKey) 32 -}}
{{- fail "secrets.masterKey: must have at least 32 characters; make one with: openssl rand -hex 32" -}}
{{- end -}}
{{- if and $secrets.masterKeyPrevious (lt (len $secrets.masterKeyPrevious) 32) -}}
{{- fail "secrets.masterKeyPrevious: must have at least 32 characters; give the former value, or remove it" -}}
{{- end -}}
{{- $_ := required "secrets.authBaseUrl: is required; the public URL, for example https://keys.acme.test" $secrets.authBaseUrl -}}
{{- $_ := required "secrets.databaseUrl: is required; postgres://..., or file:/data/keydesk.db with replicaCount 1" $secrets.databaseUrl -}}
{{- if and $secrets.googleClientId (not $secrets.googleClientSecret) -}}
{{- fail "secrets.googleClientSecret: is required when secrets.googleClientId is set" -}}
{{- end -}}
{{- end -}}
{{- if include "keydesk.isFile" . -}}
{{- if gt (int .Values.replicaCount) 1 -}}
{{- fail (printf "replicaCount: is %d, and secrets.databaseUrl is a SQLite file, which one machine has alone; set replicaCount to 1, or use Postgres" (int .Values.replicaCount)) -}}
{{- end -}}
{{- if not (hasPrefix "file:/data/" $secrets.databaseUrl) -}}
{{- fail "secrets.databaseUrl: a SQLite file must be below /data, where the volume is: file:/data/keydesk.db" -}}
{{- end -}}
{{- end -}}
{{- include "keydesk.refuseConfig" . -}}
{{- if and .Values.metrics.serviceMonitor.enabled (not .Values.metrics.enabled) -}}
{{- fail "metrics.serviceMonitor.enabled: needs metrics.enabled, or there is nothing to collect" -}}
{{- end -}}
{{- end -}}
