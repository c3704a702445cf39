#!/bin/sh
# Roll an overlay out in the order that expand-contract migrations need: engines, roles, migrations, and only then the
# processes. A step that fails stops the roll-out with the old processes still serving.
#     deploy/k8s/roll-out.sh deploy/k8s/overlays/production
set -eu
overlay=${1:?"usage: roll-out.sh <overlay directory>"}
rendered=$(mktemp)
trap 'rm -f "$rendered"' EXIT
kubectl kustomize "$overlay" > "$rendered"

role=app.kubernetes.io/component
in_namespace() { kubectl --namespace constellation "$@"; }

jobs() { # run the Jobs of one role to completion; a Job cannot be changed, so that of the last roll-out goes first
    in_namespace delete job --selector "$role=$1" --ignore-not-found
    in_namespace apply --filename "$rendered" --selector "$role=$1"
    in_namespace wait job --selector "$role=$1" --for=condition=Complete --timeout=10m
}

kubectl apply --filename "$rendered" --selector "!$role" # engines, policies, settings, names
in_namespace wait cluster.postgresql.cnpg.io/postgres --for=condition=Ready --timeout=15m
in_namespace wait kafka.kafka.strimzi.io/broker --for=condition=Ready --timeout=15m
jobs bootstrap
jobs migrate
kubectl apply --filename "$rendered" --selector "$role,$role notin (bootstrap, migrate)"
in_namespace rollout status deployment --selector app.kubernetes.io/part-of=constellation --timeout=15m
