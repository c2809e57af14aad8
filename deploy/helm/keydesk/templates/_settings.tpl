{{- /* What `config` may hold: the settings of Keydesk but its secrets and those that the chart sets. A test compares it with src/config.ts. */ -}}
{{- define "keydesk.configNames" -}}
HOST
ADMIN_BEARER
DATABASE_POOL_SIZE
DATABASE_CONNECT_TIMEOUT
DATABASE_STATEMENT_TIMEOUT
GOOGLE_ISSUER
ALLOWED_DOMAINS
ALLOWED_EMAILS
DENIED_EMAILS
ADMIN_EMAILS
SIGN_UP
INVITATION_TTL
ADMIN_CONTACT
ALLOWLIST_URL
ALLOWLIST_INTERVAL
ALLOWLIST_STALE_MAX
DANGEROUSLY_ALLOW_ANY_ACCOUNT
SESSION_IDLE
SESSION_MAX
COOKIE_DOMAIN
RETURN_TO_ORIGINS
UNKNOWN_HOST
IDENTITY_HEADERS
JWT_TTL
JWT_ALG
JWT_AUDIENCES
JWT_KEY_AGE_MAX
CORS_ALLOW_ORIGINS
KEY_LEASE
API_KEY_PREFIX
SSO_KEY_TTL
SSO_KEY_SCOPES
SSO_KEYS_MAX
SELF_SERVICE_SCOPES
SELF_SERVICE_KEYS_MAX
AUDIT_RETENTION
STATE_TTL
PROVIDER_TIMEOUT
ARGON2_MEMORY_KIB
ARGON2_TIME_COST
ARGON2_PARALLELISM
ARGON2_CONCURRENCY
ARGON2_QUEUE_MAX
ARGON2_QUEUE_TIMEOUT
VERIFIED_KEYS_MAX
USAGE_FLUSH_INTERVAL
KEY_RATE_LIMIT
FAILURE_RATE_LIMIT
AUTH_RATE_LIMIT
TRUSTED_PROXIES
LOG_LEVEL
{{- end -}}

{{- /* A misspelt setting would be read by nobody, and a secret does not belong into a ConfigMap. Of providers there can be any number. */ -}}
{{- define "keydesk.refuseConfig" -}}
{{- $known := splitList "\n" (include "keydesk.configNames" .) -}}
{{- $secret := values (fromYaml (include "keydesk.settingNames" .)) -}}
{{- $ours := dict "PORT" "service.port; a pod always listens on 3000" "SHUTDOWN_DELAY" "shutdownDelaySeconds" "METRICS_PORT" "metrics.port" -}}
{{- range $name, $_ := .Values.config -}}
{{- if has (trimSuffix "_FILE" $name) $secret -}}
{{- fail (printf "config.%s: belongs into secrets or existingSecret; a ConfigMap is not for it" $name) -}}
{{- else if hasKey $ours $name -}}
{{- fail (printf "config.%s: use %s" $name (get $ours $name)) -}}
{{- else if regexMatch "^PROVIDER_.*CLIENT_SECRET(_FILE)?$" $name -}}
{{- fail (printf "config.%s: belongs into secrets.providerClientSecrets, or into existingSecret with its key in existingSecretKeys.providerClientSecrets; a ConfigMap is not for it" $name) -}}
{{- else if regexMatch "^PROVIDER_[A-Z][A-Z0-9_]*_(LABEL|ISSUER|CLIENT_ID|TRUST_EMAIL)$" $name -}}
{{- else if not (has $name $known) -}}
{{- fail (printf "config.%s: is not a setting of this version of Keydesk; for other variables there is extraEnv" $name) -}}
{{- end -}}
{{- end -}}
{{- end -}}
