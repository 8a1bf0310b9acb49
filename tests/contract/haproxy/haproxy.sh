#!/bin/sh
# Runs Debian 13's HAProxy (the version of the image) on any host: from a small root file system that is made once and cached,
# through its own dynamic loader. `--argv0` matters: on a reload the master executes its argv[0] again, which must be this script.
set -eu
cache=${INGRESSFLEET_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ingressfleet}/haproxy
root=$cache/rootfs
if [ ! -x "$root/usr/sbin/haproxy" ]; then
  mkdir -p "$cache"
  mmdebstrap --variant=minbase --include=haproxy trixie "$root.$$" >&2
  mv -T "$root.$$" "$root" 2>/dev/null || rm -rf "$root.$$"
fi
exec "$root/lib64/ld-linux-x86-64.so.2" --argv0 "$0" \
  --library-path "$root/usr/lib/x86_64-linux-gnu:$root/lib/x86_64-linux-gnu" "$root/usr/sbin/haproxy" "$@"
