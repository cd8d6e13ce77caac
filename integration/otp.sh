#!/bin/bash
# otp.sh - several Erlang/OTP releases side by side, from Debian packages, for the tests in this folder.
#
#   otp.sh [VERSION...]      VERSION: 23 25 27 29 (default: all four)
#   otp.sh --dir             prints the directory and does nothing else
#   otp.sh --unpack VERSION DIR PACKAGE...   unpacks more packages of that version's suite into DIR
#
# The directory is $GONODE_OTP, or ${XDG_CACHE_HOME:-$HOME/.cache}/gonode/otp. In it, per version:
#   otp27/{erl,erlc,epmd,escript,erl_call}   launchers
#   otp27/env        OTP_* shell variables (ROOTDIR, libei, jar)
#   otp27/manifest   exact package versions used
#
#   $GONODE_OTP/otp27/erl -name a@127.0.0.1 -setcookie x -noshell -eval '...'
#
# How it works: each release's .debs, and the few C libraries they need (that suite's own libc included), are unpacked
# with `dpkg-deb -x` under otpNN/root. Nothing is installed on the machine. Every ELF program of erts-*/bin is moved to
# erts-*/bin/elf and replaced by a two-line wrapper that starts it through the unpacked libc's own loader:
#       ld-linux-x86-64.so.2 --inhibit-cache --library-path LIBS elf/beam.smp ...
# No chroot, no mount, no root rights: the nodes use the host's network, the host's /bin/sh, and read and write the
# host's files at their usual paths (sources and .beam files need no copying or bind mount).
#
# Needs: x86-64 Debian or Ubuntu with apt, dpkg and debian-archive-keyring, bash, 50 MB of disk and 20 MB of download per
# version. Runs as any user. Paths are baked in: after the directory was moved, run the script again.
# Idempotent: a version that is complete and answers is left alone.
#
# Environment: GONODE_OTP  the directory
#              OTP_MIRROR  Debian mirror  (default: the one this machine's apt uses for its own release)
#              OTP_EXTRA   more packages  (e.g. "erlang-inets erlang-src")
#              OTP29_SUITE suite for 29   (default forky; sid also carries 29)
set -euo pipefail
umask 022

die() { echo "otp.sh: $1" >&2; exit "${2:-1}"; }

if [ -n "${GONODE_OTP:-}" ]; then DIR=$GONODE_OTP
elif [ -n "${XDG_CACHE_HOME:-}" ]; then DIR=$XDG_CACHE_HOME/gonode/otp
elif [ -n "${HOME:-}" ]; then DIR=$HOME/.cache/gonode/otp
else die "no HOME; set GONODE_OTP to the directory the releases are to be in" 2
fi
if [ "${1:-}" = --dir ]; then echo "$DIR"; exit; fi
case ${1:-} in --unpack) ;; -*) sed -n '2,/^set/{/^set/!p}' "$0" >&2; exit 2 ;; esac

KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

# mirrors: where the packages may be, best first: the mirror this machine uses (known once `apt-get update` has run),
# the one for all, and the archive that releases out of support are moved to.
mirrors() {
  if [ -n "${OTP_MIRROR:-}" ]; then echo "$OTP_MIRROR"; return; fi
  apt-get indextargets --format '$(CODENAME) $(REPO_URI)' 'Created-By: Packages' |
    awk -v c="$(. /etc/os-release; [ "$ID" != debian ] || echo "${VERSION_CODENAME:-}")" '$1 == c && !seen { print $2; seen = 1 }'
  echo http://deb.debian.org/debian
  echo http://archive.debian.org/debian
}

# Erlang packages for every version. `-dev` holds erl_interface (ei.h, libei.a),
# `-jinterface` OtpErlang.jar.
ERLANG="erlang-base erlang-dev erlang-crypto erlang-asn1 erlang-public-key
  erlang-ssl erlang-runtime-tools erlang-tools erlang-eunit erlang-syntax-tools
  erlang-parsetools erlang-mnesia erlang-jinterface ${OTP_EXTRA:-}"
# C libraries every version needs; the rest is per suite (OpenSSL, and what that
# suite's libsystemd, which Debian's epmd links to, needs in turn). check_libs
# below fails if one is missing from these lists.
LIBS="libc6 libgcc-s1 libstdc++6 libtinfo6 zlib1g libsystemd0"

# suite_of VERSION: sets SUITE, SUITE_LIBS and SUITE_OPTS (apt source options).
suite_of() {
  SUITE_OPTS=
  case $1 in
    23) SUITE=bullseye
        SUITE_LIBS="libssl1.1 libgcrypt20 libgpg-error0 liblz4-1 liblzma5 libzstd1"
        SUITE_OPTS="check-valid-until=no" ;;      # out of support: signed for the last time long ago
    25) SUITE=bookworm
        SUITE_LIBS="libssl3 libcap2 libgcrypt20 libgpg-error0 liblz4-1 liblzma5 libzstd1" ;;
    27) SUITE=trixie
        SUITE_LIBS="libssl3t64 libcap2 libzstd1" ;;
    29) SUITE=${OTP29_SUITE:-forky}
        SUITE_LIBS="libssl3t64 libsctp1 libzstd1"
        # testing and sid are signed for one week at a time; a mirror that is
        # frozen or late is refused without this. Signatures are still checked.
        SUITE_OPTS="check-valid-until=no" ;;
    *)  die "unknown version '$1' (23 25 27 29)" 2 ;;
  esac
}

# private_apt APTDIR ARGS...: apt-get with its own sources, lists and status, so
# that neither the machine's sources nor its package database is touched.
private_apt() {
  local d=$1; shift
  apt-get -q \
    -o Dir::Etc::sourcelist="$d/sources.list" -o Dir::Etc::sourceparts=/dev/null \
    -o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts=/dev/null \
    -o Dir::State="$d" -o Dir::State::lists="$d/lists" \
    -o Dir::State::status="$d/status" -o Dir::Cache="$d/cache" \
    -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= \
    -o APT::Architecture=amd64 -o APT::Architectures::=amd64 \
    -o APT::Sandbox::User="$(id -un)" -o Acquire::Retries=3 \
    -o Acquire::Languages=none -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false \
    "$@"
}

is_elf() { [ -f "$1" ] && [ ! -L "$1" ] && [ "$(head -c4 "$1" | tr -d '\0')" = $'\x7fELF' ]; }

# script FILE: makes an executable /bin/sh script of standard input.
script() { { echo '#!/bin/sh'; cat; } > "$1"; chmod 755 "$1"; }

# check_libs ELF: every library must come from the unpacked root, not the host.
check_libs() {
  local bad
  bad=$("$LOADER" --inhibit-cache --library-path "$LIBPATH" --list "$1" |
        grep -F '=>' | grep -vF "=> $ROOT/" || true)
  [ -z "$bad" ] || die "$1 needs:"$'\n'"$bad"
}

works() { # works $DIR/otpNN VERSION
  [ -f "$1/manifest" ] && [ "$(cat "$1/prefix" 2>/dev/null)" = "$1" ] &&
  [ "$("$1/erl" -noshell -eval 'io:put_chars(erlang:system_info(otp_release)),halt().' \
       </dev/null 2>/dev/null)" = "$2" ]
}

# fetch TOP PACKAGE...: downloads packages of $SUITE into TOP/debs, from the first mirror that has them all.
fetch() {
  local top=$1 apt=$1/apt m; shift
  for m in $(mirrors); do
    rm -rf "$apt" "$top/debs"
    mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$top/debs"; : > "$apt/status"
    echo "deb [arch=amd64 signed-by=$KEYRING $SUITE_OPTS] $m $SUITE main" > "$apt/sources.list"
    if private_apt "$apt" update >> "$top/log" 2>&1 &&
       (cd "$top/debs" && private_apt "$apt" download "$@") >> "$top/log" 2>&1
    then return 0; fi
  done
  return 1
}

setup() { # setup VERSION
  local v=$1 top=$DIR/otp$1 f n
  suite_of "$v"
  rm -rf "$top"; mkdir -p "$top/root"
  # shellcheck disable=SC2086
  fetch "$top" $ERLANG $LIBS $SUITE_LIBS || die "OTP $v: no mirror has it; set OTP_MIRROR, and see $top/log:"$'\n'"$(tail -n 5 "$top/log")"
  for f in "$top"/debs/*.deb; do
    dpkg-deb -x "$f" "$top/root"
    dpkg-deb -W "$f" >> "$top/packages"
  done
  rm -rf "$top/apt" "$top/debs" \
    "$top/root"/usr/share/{doc,man,locale,lintian,bug} "$top/root"/usr/lib/x86_64-linux-gnu/gconv

  ROOT=$top/root
  local a=x86_64-linux-gnu
  LIBPATH=$ROOT/lib/$a:$ROOT/usr/lib/$a         # bullseye still has both
  LOADER=$ROOT/usr/lib/$a/ld-linux-x86-64.so.2
  [ -e "$LOADER" ] || LOADER=$ROOT/lib/$a/ld-linux-x86-64.so.2
  local erlang=$ROOT/usr/lib/erlang
  local bin; bin=$(echo "$erlang"/erts-*/bin)

  # The programs, behind wrappers.
  mkdir "$bin/elf"
  for f in "$bin"/*; do
    is_elf "$f" || continue
    n=${f##*/}; mv "$f" "$bin/elf/$n"; check_libs "$bin/elf/$n"
    script "$f" <<< "exec '$LOADER' --inhibit-cache --library-path '$LIBPATH' '$bin/elf/$n' \"\$@\""
  done
  for f in "$erlang"/lib/*/priv/lib/*.so; do if is_elf "$f"; then check_libs "$f"; fi; done

  # `erl` itself: Debian's has ROOTDIR=/usr/lib/erlang baked in, in both places
  # where a node looks for it (peer, slave, escript and erlc do).
  for f in "$bin/erl" "$erlang/bin/erl" "$top/erl"; do
    rm -f "$f"
    script "$f" <<< "ROOTDIR='$erlang' BINDIR='$bin' EMU=beam PROGNAME=erl
export ROOTDIR BINDIR EMU PROGNAME
exec '$bin/erlexec' \"\$@\""
  done
  for n in epmd erl_call; do script "$top/$n" <<< "exec '$bin/$n' \"\$@\""; done
  script "$top/erlc"    <<< "ERLC_EMULATOR='$bin/erl' exec '$bin/erlc' \"\$@\""
  script "$top/escript" <<< "ESCRIPT_EMULATOR='$bin/erl' exec '$bin/escript' \"\$@\""

  local ei; ei=$(echo "$erlang"/lib/erl_interface-*)
  printf "OTP_%s='%s'\n" ROOTDIR "$erlang" BINDIR "$bin" EI_INCLUDE "$ei/include" \
    EI_LIB "$ei/lib" JAR "$ROOT/usr/share/java/OtpErlang.jar" > "$top/env"

  echo "$top" > "$top/prefix"
  mv "$top/packages" "$top/manifest"            # last: marks it complete
  works "$top" "$v" || { echo "otp.sh: $top/erl is not OTP $v:" >&2
    "$top/erl" -noshell -eval 'io:put_chars(erlang:system_info(otp_release)),halt().' >&2 || true; exit 1; }
  echo "OTP $v: $(awk '$1=="erlang-base"{print $2}' "$top/manifest") in $top"
}

# unpack VERSION DIR PACKAGE...: for images.sh.
unpack() {
  local v=$1 dir=$2 tmp f; shift 2
  suite_of "$v"
  tmp=$(mktemp -d); trap "rm -rf '$tmp'" EXIT
  fetch "$tmp" "$@" || die "$SUITE: no mirror has $*; set OTP_MIRROR:"$'\n'"$(tail -n 5 "$tmp/log")"
  mkdir -p "$dir"
  for f in "$tmp"/debs/*.deb; do dpkg-deb -x "$f" "$dir"; done
}

if [ "${1:-}" = --unpack ]; then
  [ $# -ge 4 ] || die "--unpack VERSION DIR PACKAGE..." 2
  shift; unpack "$@"; exit
fi

[ $# -ge 1 ] || set -- 23 25 27 29
for v; do suite_of "$v"; done                   # refuse a bad version first
mkdir -p "$DIR"; DIR=$(cd "$DIR" && pwd)
exec 9> "$DIR/.lock"; flock 9                   # one run at a time per directory
need=
for v; do if works "$DIR/otp$v" "$v"; then echo "OTP $v: already in $DIR/otp$v"; else need="$need $v"; fi; done
[ -n "$need" ] || exit 0
[ "$(uname -sm)" = "Linux x86_64" ] || die "x86-64 Linux is needed, this is $(uname -sm)"
for tool in apt-get dpkg-deb; do
  command -v "$tool" > /dev/null || die "$tool is missing; this works on Debian and Ubuntu, or set GONODE_OTP to a directory made there"
done
[ -e "$KEYRING" ] || die "$KEYRING is missing; apt-get install debian-archive-keyring"
for v in $need; do setup "$v"; done
