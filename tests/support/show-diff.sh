#!/bin/sh
# Shows what one level adds to the one before, for `make diff-2-3`: show-diff.sh 2 3
# First the new files, each with the first sentence of its opening comment, because they are best read
# as files. Then the changed ones, as differences. Both are in the order of the new level's README.
# On a terminal there are colours, unless NO_COLOR is set, and a pager; COLOR=always and COLOR=never
# overrule that. WORDS=1 shows what has changed within a line. Without git, plain diff does the work.
set -eu
old=level$1
new=level$2

pager='cat'
color=never
if [ -t 1 ] && [ "${TERM:-dumb}" != dumb ]; then
    pager=${PAGER:-$(command -v less || echo cat)}
    export LESS="${LESS:-FRX}"  # as git does it: colours pass, and one screen needs no pager
    [ -n "${NO_COLOR:-}" ] || color=always
fi
case ${COLOR:-auto} in always | never) color=$COLOR ;; esac

title() {
    if [ "$color" = always ]; then printf '\033[1m%s\033[m\n' "$1"; else echo "$1"; fi
}

introduce() {  # a new file, by the first sentence of its opening comment
    awk -v name="$1" '
        !/^\/\/ / { exit }
        { text = text substr($0, 3) }
        /[.:]$/ || /[.?] / { exit }
        END {
            if (match(text, /[.?] /)) text = substr(text, 1, RSTART)
            if (text ~ /See [a-z_]*\.hpp\.$/) text = ""  # which stands above it
            line = sprintf("  %-28s", name)
            count = split(text, words, " ")
            for (i = 1; i <= count; ++i) {
                if (length(line " " words[i]) > 100) { print line; line = sprintf("%30s", "") }
                line = line " " words[i]
            }
            sub(/ +$/, "", line)
            print line
        }' "$new/$1"
}

difference() {
    if command -v git >/dev/null; then  # without the two lines that only git needs
        git diff --no-index --no-ext-diff --no-prefix --minimal "--color=$color" "$@" |
            sed -n '/^[^ ]*--- /,$p; /^Binary files/p'
    else
        shift $(($# - 2))
        diff -u -p --minimal --label "$1" --label "$2" "--color=$color" "$1" "$2" || true
    fi
}

show() {
    title "New in $new (best read as files):"
    for file in $sources; do
        [ -f "$old/$file" ] || introduce "$file"
    done
    for file in $others; do
        [ -f "$old/$file" ] || echo "  $file"
    done
    echo
    title "Changed from $old to $new:"
    for file in $sources $others; do
        if [ -f "$old/$file" ] && ! cmp -s "$old/$file" "$new/$file"; then
            echo
            difference "$@" "$old/$file" "$new/$file"
        fi
    done
}

# (A file that the README's table does not name is still shown. It is check-diffs that complains.)
sources=$(tests/support/reading-order.sh "$1" "$2" 2>/dev/null || true)
others=$(cd "$new" && find . -type f \( -path './public/*' -o -path './templates/*' \) | sed 's,^\./,,' | sort)
set --
if [ -n "${WORDS:-}" ]; then
    command -v git >/dev/null || echo 'Without git, WORDS=1 shows whole lines as well.' >&2
    set -- "--word-diff=$(if [ "$color" = always ]; then echo color; else echo plain; fi)"
fi
show "$@" | sh -c "$pager" || [ $? -gt 128 ]  # a reader that has seen enough, such as head, is no failure
