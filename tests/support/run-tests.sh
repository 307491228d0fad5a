#!/bin/sh
# Runs the tests of a level, for `make test-level3`: run-tests.sh 3 build
# Without SERVER our own server is judged: first by its unit tests, then by the black-box tests, on a
# copy of its files, because they add to them. Level 4 is judged with two of its engines, or with those
# that ENGINES names.
set -eu
level=$1
build=$2
[ -z "${V:-}" ] || set -x

# What an interrupted test leaves behind lies in $(BUILD), where `make clean` finds it.
mkdir -p "$build/tmp"
TMPDIR=$(cd "$build/tmp" && pwd)
export TMPDIR

judge() {  # with the flags of TEST_FLAGS, which may hold quotes: -tc='*no token*'
    eval '"$build/tests/blackbox" --level="$level" "$@"' "${TEST_FLAGS:-}"
}

if [ -n "${SERVER:-}" ]; then
    echo "TEST level$level"
    judge --server="$SERVER" ${PUBLIC:+"--public=$PUBLIC"}
    exit
fi

if [ "$level" != 1 ]; then
    echo "UNIT level$level"
    "$build/tests/unit-level$level"
fi

copy=$build/level$level
rm -rf "$copy/public" "$copy/templates" "$copy/data"
for folder in "level$level/public" "level$level/templates"; do
    if [ -d "$folder" ]; then cp -R "$folder" "$copy/"; fi
done
public=
if [ -d "$copy/public" ]; then public=$copy/public; fi

judge_ours() {  # with which engine, if there is a choice
    echo "TEST level$level${1:+ --engine $1}"
    judge --program="$copy/server" --server="$copy/server {port}${1:+ --engine $1}" ${public:+"--public=$public"}
}
if [ "$level" = 4 ]; then
    case ${ENGINES:=} in
        all) ENGINES='epoll poll threads' ;;
        '') ENGINES='epoll threads' ;;
    esac
    # Only Linux has epoll.
    [ "$(uname)" = Linux ] || ENGINES=$(echo "$ENGINES" | sed 's/epoll poll/poll/; s/epoll/poll/')
    for engine in $ENGINES; do judge_ours "$engine"; done
else
    judge_ours ""
fi
