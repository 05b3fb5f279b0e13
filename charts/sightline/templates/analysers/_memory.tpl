{{/* One account of memory: the limit of the container, what the service may take of it, and what its children may. */}}

{{/* MiB of a quantity such as 512Mi or 3Gi. */}}
{{- define "sightline.mebibytes" -}}
{{- $quantity := toString . }}
{{- if regexMatch "^[0-9]+Gi$" $quantity }}{{ trimSuffix "Gi" $quantity | int | mul 1024 }}
{{- else if regexMatch "^[0-9]+Mi$" $quantity }}{{ trimSuffix "Mi" $quantity | int }}
{{- else }}{{ fail (printf "a limit of memory is to be in whole Mi or Gi, not %s" $quantity) }}
{{- end }}
{{- end }}

{{/* MiB that the children of a service may take, one for each slot. */}}
{{- define "sightline.childrenMiB" -}}
{{ mul (int .slots) (int .memory.childMiB) }}
{{- end }}

{{/* MiB of a container: as is said, or what the service and its children may take. */}}
{{- define "sightline.limitMiB" -}}
{{- $limit := dig "limits" "memory" "" .resources }}
{{- if $limit }}{{ include "sightline.mebibytes" $limit }}
{{- else }}{{ add (int .memory.serviceMiB) (include "sightline.childrenMiB" . | int) }}
{{- end }}
{{- end }}

{{/* The settings of an analysing service with those that follow from its memory: (list $name $service), as YAML. */}}
{{- define "sightline.memorySettings" -}}
{{- $name := index . 0 }}{{- $service := index . 1 }}
{{- range $variable := list "WORKER__SLOTS" "WORKER__MEMORY_LIMIT_BYTES" "CHILD__MEMORY_BYTES" }}
{{- if hasKey $service.settings $variable }}
{{- fail (printf "%s of %s follows from `slots`, `memory` and the limit of memory" $variable $name) }}
{{- end }}
{{- end }}
{{- $own := sub (include "sightline.limitMiB" $service | int) (include "sightline.childrenMiB" $service | int) }}
{{- if lt $own (int64 $service.memory.serviceMiB) }}
{{- fail (printf "%s: a limit of %s MiB leaves %d MiB beside %d children of %d MiB, and the service needs %d"
      $name (include "sightline.limitMiB" $service) $own (int $service.slots) (int $service.memory.childMiB) (int $service.memory.serviceMiB)) }}
{{- end }}
WORKER__SLOTS: {{ $service.slots | int | quote }}
CHILD__MEMORY_BYTES: {{ mul (int $service.memory.childMiB) 1048576 | quote }}
# What the worker measures is itself, without its children.
WORKER__MEMORY_LIMIT_BYTES: {{ mul $own 1048576 | quote }}
{{- end }}
