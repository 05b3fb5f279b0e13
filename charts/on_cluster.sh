#!/usr/bin/env bash
# What a real API server says of the chart, and whether the release then works: charts/on_cluster.sh RELEASE NAMESPACE VALUES
#
# Asks the cluster of the current kubeconfig; the images must be where its nodes can pull them (k8s/README.md). DRY=1 stops
# before anything is made but the namespace.
set -euo pipefail
cd "$(dirname "$0")/.."
release=$1 namespace=$2 values=$3
helm=build/tools/helm kubectl=build/tools/kubectl

"$kubectl" version >/dev/null || { echo "no cluster: set KUBECONFIG (k8s/README.md makes one with kind)" >&2; exit 1; }
"$kubectl" create namespace "$namespace" --dry-run=client --output yaml | "$kubectl" apply --filename -
# Pod Security "restricted" is what the chart promises to hold to; the cluster then refuses each pod that does not.
"$kubectl" label namespace "$namespace" pod-security.kubernetes.io/enforce=restricted --overwrite

echo "--- the server's own validation of every object, which keeps nothing"
"$helm" template "$release" charts/sightline --namespace "$namespace" --values "$values" |
  "$kubectl" apply --namespace "$namespace" --server-side --dry-run=server --validate=strict --filename -
"$helm" upgrade --install "$release" charts/sightline --namespace "$namespace" --values "$values" --dry-run=server >/dev/null
[ -z "${DRY:-}" ] || exit 0

echo "--- install, wait for every pod, and ask the release"
"$helm" upgrade --install "$release" charts/sightline --namespace "$namespace" --values "$values" --wait --timeout 15m
"$helm" test "$release" --namespace "$namespace" || {
  "$kubectl" logs --namespace "$namespace" --selector "app.kubernetes.io/component=test,app.kubernetes.io/instance=$release"
  exit 1
}
