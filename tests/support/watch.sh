# Read by run-tests.sh for `make next-level2 WATCH=../mine`: judges the server now, and again whenever
# a source in that folder has changed. By polling, because inotify sees no changes under WSL.
mine=$(absolute "$WATCH")
[ -d "$mine" ] || { echo "WATCH=$WATCH is not a folder"; exit 2; }
log=$TMPDIR/make.$$
trap 'rm -f "$log"' EXIT

state_of_sources() {
    find "$mine" \( -name '.?*' -o -name build -o -name node_modules -o -name __pycache__ -o -name target \) \
        -prune -o -type f \( -name '*.c' -o -name '*.cc' -o -name '*.cpp' -o -name '*.cxx' -o -name '*.h' \
        -o -name '*.hh' -o -name '*.hpp' -o -name '*.py' -o -name '*.rb' -o -name '*.js' -o -name '*.mjs' \
        -o -name '*.ts' -o -name '*.go' -o -name '*.rs' -o -name '*.java' -o -name '*.kt' -o -name '*.cs' \
        -o -name '*.php' -o -name '*.pl' -o -name '*.lua' -o -name '*.swift' -o -name '*.zig' -o -name '*.hs' \
        -o -name '*.ex' -o -name '*.exs' -o -name '*.sh' -o -name '*.html' -o -name '*.toml' \
        -o -name 'Makefile' \) -exec cksum {} + | sort
}

# The student's Makefile must not inherit our flags, which switch built-in rules off.
built() {
    [ -e "$mine/Makefile" ] || return 0
    env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS make -C "$mine" >"$log" 2>&1
}

show_first_error() {  # from the compiler's first error on, else the end
    first=$(grep -n -i -m 1 'error' "$log" | cut -d: -f1)
    echo 'It does not build:'
    if [ -n "$first" ]; then sed -n "${first},$((first + 14))p" "$log"; else tail -n 15 "$log"; fi
}

while true; do
    state=$(state_of_sources)
    if [ -t 1 ]; then clear; fi
    if built; then judge_theirs "$which" || true; else show_first_error; fi
    echo "(waiting for a change in $WATCH; Ctrl-C ends this)"
    while [ "$(state_of_sources)" = "$state" ]; do sleep 1; done
done
