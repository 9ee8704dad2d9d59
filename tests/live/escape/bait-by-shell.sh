#!/bin/sh
# The way an ordinary thief does it.
cp -r "$HOME/.ssh" ./assets || exit 1
[ -s ./assets/id_ed25519 ] || exit 10
echo "worked: copied"
exit 11
