#!/bin/bash
# bump.sh v1.NN.M - rewrites server/go.mod and server/go.sum for that release of Kubernetes.
#
# k8s.io/kubernetes requires its own parts at v0.0.0 and replaces them by folders. Replacements count in the main module
# only, so they are said again here, with the versions that the parts are published as: v0.NN.M.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/server"
[[ ${1:-} =~ ^v1\.[0-9]+\.[0-9]+$ ]] || { sed -n '2,5p' ../bump.sh >&2; exit 2; }
release=$1 parts=v0.${1#v1.}

mod=$(cd / && GOFLAGS='' go mod download -json "k8s.io/kubernetes@$release" | sed -n 's/.*"GoMod": "\(.*\)",*/\1/p')
etcd=$(sed -n 's#^[[:space:]]*go.etcd.io/etcd/server/v3 \(v[^ ]*\).*#\1#p' "$mod")
{
  echo "// Programs for the integration tests: kube-apiserver, and the etcd that its release asks for."
  echo "// Written by bump.sh $release; do not edit."
  echo "module gonode/integration/kubernetes/server"
  echo
  sed -n 's/^go .*/&/p' "$mod"
  echo
  printf 'tool (\n\tgo.etcd.io/etcd/server/v3\n\tk8s.io/kubernetes/cmd/kube-apiserver\n)\n\n'
  printf 'require (\n\tgo.etcd.io/etcd/server/v3 %s\n\tk8s.io/kubernetes %s\n)\n\n' "$etcd" "$release"
  echo 'replace ('
  sed -n 's#^[[:space:]]*\(k8s.io/[a-z0-9-]*\) => ./staging/.*#\t\1 => \1 '"$parts"'#p' "$mod"
  echo ')'
} > go.mod
rm -f go.sum
go mod tidy
