#!/bin/sh
# Runs a test program as an ordinary user; skips where we are one already.
set -eu
if [ "$(id -u)" != 0 ]; then
  echo "skipped: not root, the test itself ran as an ordinary user"
  exit 77
fi
as_user="setpriv --reuid=64000 --regid=64000 --clear-groups"
if ! $as_user test -x "$1"; then
  echo "skipped: an ordinary user cannot reach $1"
  exit 77
fi
exec $as_user "$@"
