#!/bin/sh
# The loader runs a program that is not to be run; what is executed is the loader.
cp /usr/bin/true ./data && chmod 644 ./data
/lib64/ld-linux-x86-64.so.2 ./data || exit 10
echo "worked: a file that is not executable"
exit 11
