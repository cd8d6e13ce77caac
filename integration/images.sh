#!/bin/bash
# images.sh - the images that docker-compose.yml needs, where there is a registry and where there is none.
#
#   images.sh                erlang:25, erlang:27 and gonode
#   images.sh NAME...        some of them: gonode, or erlang:VERSION of a VERSION that otp.sh knows
#
# erlang:VERSION is the official image where a registry has it. Where none answers, an image of the same name is made of
# Debian packages: the release that otp.sh unpacks, its C library and what else it needs, and busybox for /bin/sh.
# gonode is built from this tree: a static binary, and deploy/Dockerfile.
#
# Images made here carry a label, gonode.key, of what they were made of. One that is up to date is left alone, as is an
# erlang image from elsewhere.
#
# Needs: a Docker engine, Go, and for the Erlang images what otp.sh needs.
#
# Environment: GONODE_IMAGES  "debian" asks no registry
#              GO             the go command (default go)
set -euo pipefail
umask 022
cd "$(dirname "${BASH_SOURCE[0]}")/.."

die() { echo "images.sh: $1" >&2; exit "${2:-1}"; }

# The time for a registry to answer at all, and for a pull, in seconds.
PULL_LIMIT=300

TMP=$(mktemp -d)
trap 'rm -rf "$TMP"' EXIT

# key_of IMAGE: the label of an image, "-" if it has none; fails if there is no such image.
key_of() { docker image inspect --format '{{or (index .Config.Labels "gonode.key") "-"}}' "$1" 2> /dev/null; }

# applets ROOT: busybox and a link for each program it can be, but for those that are there.
applets() {
  local name
  for name in $("$1/bin/busybox" --list); do
    [ -e "$1/bin/$name" ] || [ -e "$1/usr/bin/$name" ] || ln -s busybox "$1/bin/$name"
  done
}

# rootfs VERSION ROOT: what goes into the image. In otp.sh's tree programs are behind wrappers that name its place on this
# machine; here each is where Debian has it.
rootfs() {
  local v=$1 root=$2 from erts d f
  from=$(integration/otp.sh --dir)/otp$v/root
  cp -a "$from/." "$root"
  integration/otp.sh --unpack "$v" "$root" busybox-static
  for d in bin lib lib64 sbin; do               # suites before and after Debian moved these into /usr
    mkdir -p "$root/usr/$d"
    if [ -d "$root/$d" ] && [ ! -L "$root/$d" ]; then cp -a "$root/$d/." "$root/usr/$d"; rm -rf "${root:?}/$d"; fi
    ln -sfn "usr/$d" "$root/$d"
  done
  erts=$(echo "$root"/usr/lib/erlang/erts-*/bin)
  mv -f "$erts"/elf/* "$erts"; rmdir "$erts/elf"
  for f in "$erts/erl" "$root/usr/lib/erlang/bin/erl"; do
    { echo '#!/bin/sh'
      echo "ROOTDIR=/usr/lib/erlang BINDIR=${erts#"$root"} EMU=beam PROGNAME=erl"
      echo "export ROOTDIR BINDIR EMU PROGNAME"
      echo 'exec "$BINDIR/erlexec" "$@"'; } > "$f"
    chmod 755 "$f"
  done
  for f in erl erlc epmd escript erl_call; do ln -sfn "${erts#"$root"}/$f" "$root/usr/bin/$f"; done
  applets "$root"
  rm -rf "$root"/usr/{include,share/java} "$root"/usr/lib/erlang/{src,usr/lib} "$root"/usr/lib/x86_64-linux-gnu/*.a
  mkdir -p "$root"/{etc,root,tmp,dev,proc,sys}
  chmod 1777 "$root/tmp"
  echo 'root:x:0:0:root:/root:/bin/sh' > "$root/etc/passwd"
  echo 'root:x:0:' > "$root/etc/group"
  echo 'hosts: files dns' > "$root/etc/nsswitch.conf"
}

# erlang VERSION: the image erlang:VERSION.
erlang() {
  local v=$1 image=erlang:$1 have key
  have=$(key_of "$image") || have=
  if [ "$have" = - ]; then echo "$image: already here"; return; fi
  if [ -z "$have" ] && [ "${GONODE_IMAGES:-}" != debian ] && timeout "$PULL_LIMIT" docker pull -q "$image" > /dev/null 2>&1
  then echo "$image: from the registry"; return; fi
  integration/otp.sh "$v" > /dev/null
  key=$(cat "$(integration/otp.sh --dir)/otp$v/manifest" integration/images.sh | sha256sum | cut -c 1-16)
  if [ "$have" = "$key" ]; then echo "$image: already here, of Debian's packages"; return; fi
  mkdir "$TMP/$v"
  rootfs "$v" "$TMP/$v"
  tar --owner=0 --group=0 --numeric-owner -C "$TMP/$v" -c . |
    docker import -c "LABEL gonode.key=$key" -c 'CMD ["erl"]' - "$image" > /dev/null
  rm -rf "${TMP:?}/$v"
  echo "$image: made of Debian's packages; no registry has answered"
}

# gonode: the image gonode, of this tree.
gonode() {
  local key have
  mkdir -p bin/image
  CGO_ENABLED=0 GOOS=linux "${GO:-go}" build -trimpath -ldflags "-s -w" -o bin/image/gonode ./cmd/gonode
  key=$(cat bin/image/gonode deploy/Dockerfile | sha256sum | cut -c 1-16)
  have=$(key_of gonode) || have=
  if [ "$have" = "$key" ]; then echo "gonode: already here, of this tree"; return; fi
  DOCKER_BUILDKIT=${DOCKER_BUILDKIT:-0} docker build -q --label "gonode.key=$key" -t gonode -f deploy/Dockerfile . > /dev/null
  echo "gonode: built"
}

command -v docker > /dev/null && docker version > /dev/null 2>&1 || die "no Docker engine answers here" 3
[ $# -ge 1 ] || set -- erlang:25 erlang:27 gonode
for image; do
  case $image in
    gonode) gonode ;;
    erlang:*) erlang "${image#erlang:}" ;;
    *) die "no image '$image' (gonode, erlang:VERSION)" 2 ;;
  esac
done
