#!/bin/sh
# The source files that are new in a level, or changed, in the order in which to read them: that of
# the table of files in its README. For level 3: reading-order.sh 2 3
# A file that the table does not name comes last. Whatever is wrong with the table is told on stderr,
# and makes the exit code 1.
set -eu
old=level$1
new=level$2
status=0

# A line of the table: | 2 | [router.hpp](router.hpp), [.cpp](router.cpp) | what to look for |
named=$(grep '^|' "$new/README.md" | grep -o ']([^)]*\.[ch]pp)' | tr -d '])(' | awk '!seen[$0]++')
changed=$(cd "$new" && find . -name '*.[ch]pp' | sed 's,^\./,,' | sort | while read -r file; do
    cmp -s "../$old/$file" "$file" || echo "$file"
done)

echo "$named" | grep -Fx "$changed" || true
for file in $(echo "$changed" | grep -Fxv "$named"); do
    echo "$file"
    echo "$new/README.md: its table of files does not name $file, which is new or changed." >&2
    status=1
done
for file in $named; do
    [ -f "$new/$file" ] && continue
    echo "$new/README.md: its table of files names $file, which is not there." >&2
    status=1
done
exit $status
