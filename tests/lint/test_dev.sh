#!/bin/sh
# ./dev on machines that this one is not: packages missing with and without a way to become root.
# Every outside command is a stub that writes down how it was called. usage: test_dev.sh ROOT
set -eu

root=$1
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT INT TERM
tree=$stage/tree
bin=$stage/bin
status=0
mkdir -p "$tree/cmake" "$tree/packaging/apparmor" "$bin"
cp "$root/dev" "$tree/dev"
cp "$root/CMakeLists.txt" "$root/CMakePresets.json" "$tree/"
cp "$root"/cmake/*.cmake "$tree/cmake/"
cp "$root/packaging/apparmor/vetbox" "$tree/packaging/apparmor/"

# stub NAME BODY
stub()
{
    # shellcheck disable=SC2016 # expanded by the stub
    printf '#!/bin/sh\nprintf "%%s\\n" "%s $*" >>"%s/calls"\n%s\n' "$1" "$stage" "$2" >"$bin/$1"
    chmod +x "$bin/$1"
}

# run EXPECTED-STATUS ARGUMENT…: ./dev with nothing but the stubs and the basic tools in its way
run()
{
    expected=$1
    shift
    rm -rf "$tree/build"
    : >"$stage/calls"
    got=0
    PATH=$bin:/usr/bin:/bin "$tree/dev" "$@" >"$stage/out" 2>"$stage/err" </dev/null || got=$?
    [ "$got" -eq "$expected" ] || problem "./dev $* exits $got instead of $expected"
}

problem()
{
    printf '%s\n' "$1"
    cat "$stage/err" "$stage/calls"
    status=1
}

called()
{
    grep -Eq -- "$1" "$stage/calls" || problem "no call of $1"
}

not_called()
{
    if grep -Eq -- "$1" "$stage/calls"; then
        problem "unexpected call of $1"
    fi
}

# shellcheck disable=SC2016 # expanded by the stubs
{
    stub apt-get 'exit 0'
    stub cmake 'mkdir -p build && : >build/build.ninja'
    stub ninja 'exit 0'
    stub apparmor_parser 'exit 0'
    stub dpkg-query 'shift 2
for package in "$@"; do
    [ "$package" = libyara-dev ] || printf "%s installed\n" "$package"
done'
}

# An ordinary user without sudo is told exactly what to install.
stub id 'echo 1000'
stub sudo 'exit 1'
run 69 setup
not_called '^apt-get'
grep -Fqx 'apt-get update && apt-get install -y --no-install-recommends libyara-dev' "$stage/err" ||
    problem 'the missing packages are not named'

# With sudo that asks for nothing they are installed, and nothing else is.
stub sudo 'exit 0'
run 0 setup
called '^sudo apt-get update'
called '^sudo env .*apt-get install .*--no-install-recommends libyara-dev$'
called '^cmake --preset dev'

# Where user namespaces need an AppArmor profile it is made for this build alone and loaded.
echo 1 >"$stage/switch"
export VETBOX_APPARMOR_SWITCH="$stage/switch"
run 0 setup
called '^sudo sh -c .* /etc/apparmor.d/vetbox-[0-9]+$'
profile=$(find "$tree/build" -maxdepth 1 -name 'vetbox-[0-9]*')
grep -Eq "^profile vetbox-[0-9]+ \"$tree/build/\{,\*/\}\{vetbox,vetbox-reader,tests/\{test_\*,zygote_program\}\}\" " "$profile" ||
    problem 'the profile does not name this build'
grep -q '^  userns,$' "$profile" || problem 'the profile does not allow user namespaces'
echo 0 >"$stage/switch"
run 0 setup
not_called '^sudo sh -c'

# root needs no sudo.
stub id 'echo 0'
run 0 setup
not_called '^sudo'
called '^apt-get update'
called '^apt-get install .* libyara-dev$'

# A set-up that is done is not done again.
mkdir -p "$tree/build"
: >"$stage/calls"
printf '#!/bin/sh\necho "ran $*"\n' >"$tree/build/vetbox"
chmod +x "$tree/build/vetbox"
PATH=$bin:/usr/bin:/bin "$tree/dev" vet 'a b' c >"$stage/out" 2>"$stage/err" || problem 'vet failed'
not_called '^(apt-get|cmake|dpkg-query)'
called '^ninja .*vetbox'
[ "$(cat "$stage/out")" = 'ran vet a b c' ] || problem 'the program did not get its arguments'

# A failed build is no verdict.
stub ninja 'exit 1'
got=0
PATH=$bin:/usr/bin:/bin "$tree/dev" vet x >"$stage/out" 2>"$stage/err" || got=$?
[ "$got" -eq 70 ] || problem "a failed build exits $got"

# What ./dev does not know goes to no program.
got=0
PATH=$bin:/usr/bin:/bin "$tree/dev" build nonsense >"$stage/out" 2>"$stage/err" || got=$?
[ "$got" -eq 64 ] || problem "an unknown preset exits $got"
exit "$status"
