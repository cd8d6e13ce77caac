#!/bin/bash
# build.sh - kube-apiserver and etcd for the tests in this folder, built from their Go modules (server/go.mod).
#
#   build.sh         builds both, unless they are there already, and prints where they are
#   build.sh --dir   prints the directory and does nothing else
#
# The directory is VERSION-KEY within $GONODE_KUBERNETES, or within ${XDG_CACHE_HOME:-$HOME/.cache}/gonode/kubernetes. The key
# is made of all that goes into the programs: another Go or another server/go.mod has a directory of its own.
# Needs Go, the module proxy and 2 GB of disk; runs as any user.
set -euo pipefail
umask 022
cd "$(dirname "${BASH_SOURCE[0]}")"

die() { echo "build.sh: $1" >&2; exit "${2:-1}"; }
case ${1:-} in '' | --dir) ;; *) sed -n '2,9p' "${BASH_SOURCE[0]}" >&2; exit 2 ;; esac

if [ -n "${GONODE_KUBERNETES:-}" ]; then DIR=$GONODE_KUBERNETES
elif [ -n "${XDG_CACHE_HOME:-}" ]; then DIR=$XDG_CACHE_HOME/gonode/kubernetes
elif [ -n "${HOME:-}" ]; then DIR=$HOME/.cache/gonode/kubernetes
else die "no HOME; set GONODE_KUBERNETES to the directory the programs are to be in" 2
fi

GO=${GO:-go}
export CGO_ENABLED=0 GOFLAGS='-mod=readonly -buildvcs=false' GOWORK=off
VERSION=$(sed -n 's#^[[:space:]]*k8s.io/kubernetes \(v[0-9.]*\).*#\1#p' server/go.mod)
MINOR=${VERSION#v1.} MINOR=${MINOR%%.*}
# The server says which version it is by variables that its own build sets.
LDFLAGS="-s -w -X k8s.io/component-base/version.gitVersion=$VERSION
  -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=$MINOR"
KEY=$({ $GO version; $GO env GOOS GOARCH; echo "$LDFLAGS"; grep -v "^//" server/go.mod; cat server/go.sum; } | sha256sum | cut -c1-16)
OUT=$DIR/$VERSION-$KEY
if [ "${1:-}" = --dir ]; then echo "$OUT"; exit; fi

mkdir -p "$DIR"
exec 9> "$DIR/.lock"; flock 9                   # one run at a time
if [ -e "$OUT/complete" ]; then echo "Kubernetes $VERSION: already in $OUT"; exit; fi
rm -rf "$OUT"; mkdir -p "$OUT"
echo "Kubernetes $VERSION: building, which takes some minutes the first time" >&2
SECONDS=0
cd server
$GO build -o "$OUT/" -ldflags="$LDFLAGS" k8s.io/kubernetes/cmd/kube-apiserver
$GO build -o "$OUT/etcd" -ldflags='-s -w' go.etcd.io/etcd/server/v3
touch "$OUT/complete"
echo "Kubernetes $VERSION: built in $SECONDS s, in $OUT"
