#!/bin/sh
# Somebody else's code in every program that follows.
cp /usr/bin/env ./libhook.so || exit 1
LD_PRELOAD=./libhook.so /usr/bin/true 2>/dev/null
echo "worked: a library in front of all others"
exit 11
