#!/bin/sh
# Lays a student's files beside ours, for `make diff-mine`: diff-mine.sh LEVEL DIR
# Files of the same name are compared; of the others it says which only one side has.
set -eu
ours=level$1
mine=$2
case $mine in /*) ;; *) [ -d "$mine" ] || mine=${RUN_FROM:-.}/$mine ;; esac
[ -d "$mine" ] || { echo "DIR=$2 is not a folder"; exit 2; }

names() { (cd "$1" && find . -type f ! -path '*/.*' ! -name '*.o' ! -name server | sed 's,^\./,,' | sort); }

only_in() {  # FOLDER OTHER: the names that the other doesn't have
    names "$1" | while read -r file; do [ -e "$2/$file" ] || echo "  $file"; done | sed "1i\\
Only in $1:"
}
only_in "$mine" "$ours"
only_in "$ours" "$mine"
names "$ours" | while read -r file; do
    [ -e "$mine/$file" ] || continue
    diff -u "$mine/$file" "$ours/$file" || true
done
