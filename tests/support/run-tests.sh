#!/bin/sh
# Runs the tests of a level, for `make test-level3`: run-tests.sh 3 build
# Runs those of all levels, for `make test`, and ends with a table: run-tests.sh all build
# Without SERVER our own server is judged: first by its unit tests, then by the black-box tests, on a
# copy of its files, because they add to them. Level 4 is judged with two of its engines, or with those
# that ENGINES names, each on a copy of its own.
# With EXERCISE=2-1 it is the suite of that exercise that runs, and nothing else.
# With a third argument the judges are in that folder. With NO_UNITS=1 only they are run.
# With NEXT=1 it stops at the first failure; with WATCH=dir it does that again after each change.
set -eu
which=$1
build=$2
judges=${3:-$build/tests}
support=$(dirname "$0")
[ -z "${V:-}" ] || set -x

# What an interrupted test leaves behind lies in $(BUILD), where `make clean` finds it.
mkdir -p "$build/tmp"
TMPDIR=$(cd "$build/tmp" && pwd)
table=$TMPDIR/table.$$
export TMPDIR

# make -C changes the folder, but not PWD, from where the paths that were typed are meant.
typed_in=${RUN_FROM:-.}
absolute() {
    if [ -e "$1" ] || [ ! -e "$typed_in/$1" ]; then echo "$1"; else echo "$typed_in/$1"; fi
}
folder=.
for word in ${SERVER:-}; do
    if [ ! -e "$word" ] && [ -e "$typed_in/$word" ]; then folder=$typed_in; fi
done

judge() {  # a level, with the flags of TEST_FLAGS, which may hold quotes: -tc='*no token*'
    level=$1
    shift
    suite=blackbox-level$level${EXTRA:+-extra}
    [ -z "${EXERCISE:-}" ] || suite=exercise-$EXERCISE
    eval '"$judges/$suite" --level="$level" --points=tests/points ${NEXT:+--next} "$@"' \
        "${TEST_FLAGS:-}"
}

judge_theirs() {
    judge "$1" --folder="$folder" ${PUBLIC:+"--public=$(absolute "$PUBLIC")"}
}

judge_ours() {  # a level, and with which engine, if there is a choice
    title="level $1${2:+, $2}"
    copy=$build/level$1${2:+/$2}
    rm -rf "$copy/public" "$copy/templates" "$copy/data"
    mkdir -p "$copy"
    for part in public templates; do
        if [ -d "level$1/$part" ]; then cp -R "level$1/$part" "$copy/"; fi
    done
    public=
    if [ -d "$copy/public" ]; then public=$copy/public; fi
    [ -z "${2:-}" ] || ln -f "$build/level$1/server" "$copy/server"
    [ -n "${NEXT:-}" ] || echo "TEST ${EXERCISE:+exercise $EXERCISE on }level$1${2:+ --engine $2}"
    SERVER="$copy/server {port}${2:+ --engine $2}" judge "$1" --program="$copy/server" \
        ${public:+"--public=$public"} --tally="$table" --title="$title" ${brief:+--brief}
}

engines() {  # only Linux has epoll
    case ${ENGINES:=} in
        all) ENGINES='epoll poll threads' ;;
        '') ENGINES='epoll threads' ;;
    esac
    if [ "$(uname)" = Linux ]; then echo "$ENGINES"; else echo "$ENGINES" | sed 's/epoll poll/poll/; s/epoll/poll/'; fi
}

# Side by side, because a suite mostly waits for deadlines: the first shows its progress, and what the
# others have said follows. One after the other with NEXT, and where ONE_ENGINE_AT_A_TIME is set.
judge_engines() {
    first=$1
    shift
    failed_engines=0
    if [ -n "${NEXT:-}${ONE_ENGINE_AT_A_TIME:-}" ]; then
        for engine in "$first" "$@"; do judge_ours 4 "$engine" || failed_engines=1; done
        return $failed_engines
    fi
    pids=
    for engine in "$@"; do
        judge_ours 4 "$engine" >"$TMPDIR/$engine.$$" 2>&1 &
        pids="$pids $!"
    done
    judge_ours 4 "$first" || failed_engines=1
    for pid in $pids; do wait "$pid" || failed_engines=1; done
    for engine in "$@"; do cat "$TMPDIR/$engine.$$" && rm -f "$TMPDIR/$engine.$$"; done
    return $failed_engines
}

test_ours() {  # a level; returns 1 if anything has failed
    status=0
    if [ "$1" != 1 ] && [ -z "${NEXT:-}${CASE:-}${EXERCISE:-}${NO_UNITS:-}" ]; then
        echo "UNIT level$1"
        "$build/tests/unit-level$1" >"$TMPDIR/unit.$$" 2>&1 || status=1
        if [ "$status" = 0 ]; then tail -n 1 "$TMPDIR/unit.$$"; else cat "$TMPDIR/unit.$$"; fi
        sed -n "s/^\([0-9]*\) passed, \([0-9]*\) failed$/level $1, units	\1	\2	0	-/p" \
            "$TMPDIR/unit.$$" >>"$table"
        rm -f "$TMPDIR/unit.$$"
    fi
    if [ "$1" = 4 ]; then
        judge_engines $(engines) || status=1
    else
        judge_ours "$1" "" || status=1
    fi
    return $status
}

if [ -n "${WATCH:-}" ]; then
    . "$support/watch.sh"
elif [ -n "${SERVER:-}" ]; then
    [ -n "${NEXT:-}" ] || echo "TEST ${EXERCISE:+exercise $EXERCISE on }level$which"
    judge_theirs "$which"
elif [ "$which" = all ]; then
    brief=1
    failed=0
    for level in 1 2 3 4; do test_ours "$level" || failed=1; done
    echo
    awk -F '\t' 'BEGIN { printf "%-18s %7s %7s %7s %8s\n", "", "passed", "failed", "skipped", "seconds" }
        { printf "%-18s %7s %7s %7s %8s\n", $1, $2, $3, $4, $5 }' "$table"
    rm -f "$table"
    exit $failed
else
    test_ours "$which" || { rm -f "$table"; exit 1; }
    rm -f "$table"
fi
