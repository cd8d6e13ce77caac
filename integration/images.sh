#!/bin/bash
# images.sh - the images that docker-compose.yml needs, where there is a registry and where there is none.
#
#   images.sh                erlang:25, erlang:27 and gonode
#   images.sh NAME...        some of: gonode, gonode-systemd, erlang:VERSION of a VERSION that otp.sh knows
#
# erlang:VERSION is the official image where a registry has it. Where none answers, an image of the same name is made of
# Debian packages: the release that otp.sh unpacks, its C library and what else it needs, and busybox for /bin/sh.
# gonode is built from this tree: a static binary, and deploy/Dockerfile. gonode-systemd is Debian's systemd and busybox, to run
# the unit of deploy/systemd with.
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

# The time for a pull, in seconds.
PULL_LIMIT=300

TMP=$(mktemp -d)
trap 'rm -rf "$TMP"' EXIT

# key_of IMAGE: the label of an image, "-" if it has none; fails if there is no such image.
key_of() { docker image inspect --format '{{or (index .Config.Labels "gonode.key") "-"}}' "$1" 2> /dev/null; }

# key: the key of what is made of what is in standard input, by this script.
key() { cat - integration/images.sh | sha256sum | cut -c 1-16; }

# system ROOT: makes a system of unpacked packages, busybox-static among them: what their scripts would have done and little
# more, with busybox for each program that is not there.
system() {
  local root=$1 d name
  for d in bin lib lib64 sbin; do               # suites before and after Debian moved these into /usr
    mkdir -p "$root/usr/$d"
    if [ -d "$root/$d" ] && [ ! -L "$root/$d" ]; then cp -a "$root/$d/." "$root/usr/$d"; rm -rf "${root:?}/$d"; fi
    ln -sfn "usr/$d" "$root/$d"
  done
  for name in $("$root/bin/busybox" --list); do
    [ -e "$root/bin/$name" ] || [ -e "$root/sbin/$name" ] || ln -s busybox "$root/bin/$name"
  done
  mkdir -p "$root"/{etc,root,tmp,dev,proc,sys,run,var/log,usr/local/bin}
  chmod 1777 "$root/tmp"
  printf '%s\n' root:x:0:0:root:/root:/bin/sh nobody:x:65534:65534::/:/bin/false > "$root/etc/passwd"
  printf '%s\n' root:x:0: nogroup:x:65534: > "$root/etc/group"
  echo 'hosts: files dns' > "$root/etc/nsswitch.conf"
}

# import ROOT IMAGE KEY CHANGE: makes an image of a tree, which is removed.
import() {
  tar --owner=0 --group=0 --numeric-owner -C "$1" -c . | docker import -c "LABEL gonode.key=$3" -c "$4" - "$2" > /dev/null
  rm -rf "${1:?}"
}

# rootfs VERSION ROOT: what goes into the image. In otp.sh's tree programs are behind wrappers that name its place on this
# machine; here each is where Debian has it.
rootfs() {
  local v=$1 root=$2 from erts f
  from=$(integration/otp.sh --dir)/otp$v/root
  cp -a "$from/." "$root"
  integration/otp.sh --unpack "$v" "$root" busybox-static
  system "$root"
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
  rm -rf "$root"/usr/{include,share/java} "$root"/usr/lib/erlang/{src,usr/lib} "$root"/usr/lib/x86_64-linux-gnu/*.a
}

# erlang VERSION: the image erlang:VERSION.
erlang() {
  local v=$1 image=erlang:$1 have key
  have=$(key_of "$image") || have=
  if [ "$have" = - ]; then echo "$image: already here"; return; fi
  if [ -z "$have" ] && [ "${GONODE_IMAGES:-}" != debian ] && timeout "$PULL_LIMIT" docker pull -q "$image" > /dev/null 2>&1
  then echo "$image: from the registry"; return; fi
  integration/otp.sh "$v" > /dev/null
  key=$(key < "$(integration/otp.sh --dir)/otp$v/manifest")
  if [ "$have" = "$key" ]; then echo "$image: already here, of Debian's packages"; return; fi
  mkdir "$TMP/$v"
  rootfs "$v" "$TMP/$v"
  import "$TMP/$v" "$image" "$key" 'CMD ["erl"]'
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

# What systemd of Debian 12 needs.
SYSTEMD="busybox-static libacl1 libapparmor1 libargon2-1 libaudit1 libblkid1 libc6 libcap-ng0 libcap2 libcrypt1 libcryptsetup12
  libdevmapper1.02.1 libgcc-s1 libgcrypt20 libgpg-error0 libip4tc2 libjson-c5 libkmod2 liblz4-1 liblzma5 libmount1 libpam0g
  libpcre2-8-0 libseccomp2 libselinux1 libssl3 libsystemd-shared libsystemd0 libudev1 libuuid1 libzstd1 mount systemd zlib1g"

# systemd: the image gonode-systemd. In a container systemd does not make its mounts shared, without which LoadCredential fails.
systemd() {
  local key have
  key=$(key <<< "$SYSTEMD")
  have=$(key_of gonode-systemd) || have=
  if [ "$have" = "$key" ]; then echo "gonode-systemd: already here"; return; fi
  # shellcheck disable=SC2086
  integration/otp.sh --unpack 25 "$TMP/systemd" $SYSTEMD
  system "$TMP/systemd"
  : > "$TMP/systemd/etc/machine-id"
  import "$TMP/systemd" gonode-systemd "$key" \
    'CMD ["sh", "-c", "mount --make-rshared / && exec /lib/systemd/systemd --unit=multi-user.target"]'
  echo "gonode-systemd: made of Debian's packages"
}

command -v docker > /dev/null && docker version > /dev/null 2>&1 || die "no Docker engine answers here" 3
[ $# -ge 1 ] || set -- erlang:25 erlang:27 gonode
for image; do
  case $image in
    gonode) gonode ;;
    gonode-systemd) systemd ;;
    erlang:*) erlang "${image#erlang:}" ;;
    *) die "no image '$image' (gonode, gonode-systemd, erlang:VERSION)" 2 ;;
  esac
done
