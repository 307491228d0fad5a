#!/bin/sh
# Measures how much of one level the next one keeps: check-diffs.sh 2 3
# For every source file of the old level except main.cpp, it prints the number of lines, how many of
# them the new level has lost, how many of the lost ones are elsewhere in the new level, that is,
# were moved, and how many hunks there are to read. Fails if less than 97 % is kept, or if anything
# was moved. Lines of fewer than 12 characters never count as moved.
set -eu
old=level$1
new=level$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Every line that the new level has added to any file, trimmed: where a moved line would turn up.
diff -rN --exclude=server --exclude=main.cpp --exclude=README.md --exclude=public --exclude=data \
    "$old" "$new" | sed -n 's/^> *//p' | awk 'length >= 12' | sort > "$work/added" || true

printf '%-28s %7s %7s %7s %9s %7s %7s\n' \
    "$old to $new" lines lost added 'kept %' moved hunks
total=0; lost_total=0; added_total=0; moved_total=0; hunks_total=0
for file in $(cd "$old" && find . -name '*.?pp' ! -name main.cpp | sort | sed 's,^\./,,'); do
    [ -f "$new/$file" ] || : > "$work/empty"
    other=$([ -f "$new/$file" ] && echo "$new/$file" || echo "$work/empty")
    lines=$(wc -l < "$old/$file")
    diff "$old/$file" "$other" > "$work/diff" || true
    sed -n 's/^< *//p' "$work/diff" | awk 'length >= 12' | sort > "$work/lost"
    lost=$(grep -c '^<' "$work/diff" || true)
    added=$(grep -c '^>' "$work/diff" || true)
    moved=$(comm -12 "$work/lost" "$work/added" | wc -l)
    hunks=$(diff -u --minimal "$old/$file" "$other" | grep -c '^@@' || true)
    [ "$lost$added" = 00 ] || awk -v f="$file" -v l="$lines" -v d="$lost" -v a="$added" -v m="$moved" -v h="$hunks" \
        'BEGIN { printf "%-28s %7d %7d %7d %9.1f %7d %7d\n", f, l, d, a, 100 * (l - d) / l, m, h }'
    total=$((total + lines)); lost_total=$((lost_total + lost)); added_total=$((added_total + added))
    moved_total=$((moved_total + moved)); hunks_total=$((hunks_total + hunks))
done
awk -v l="$total" -v d="$lost_total" -v a="$added_total" -v m="$moved_total" -v h="$hunks_total" 'BEGIN {
    kept = 100 * (l - d) / l
    printf "%-28s %7d %7d %7d %9.1f %7d %7d\n", "in all (others unchanged)", l, d, a, kept, m, h
    if (kept < 97 || m > 0) { print "Broken: at least 97 % must be kept, and nothing may be moved."; exit 1 }
}'
