# Inside bash that runs what is written for sh.
shopt -s xpg_echo
set -o posix
. /opt/lib/setup.sh
