#!/bin/sh
# Begins a server in a new folder, for `make starter`: starter.sh LEVEL DIR LANGUAGE JUDGE
# The folder gets a program that passes the first stage, a Makefile, and the stages as a to-do list.
set -eu
level=$1
dir=$2
language=$3
judge=$4
starters=tests/starters
case $dir in /*) ;; *) dir=${RUN_FROM:-.}/$dir ;; esac

[ -d "$starters/$language" ] || { echo "There is no starter for LANGUAGE=$language: cpp or python"; exit 2; }
if [ -e "$dir" ] && [ -n "$(ls -A "$dir")" ]; then
    echo "$dir is not empty, and nothing in it is overwritten."
    exit 1
fi
mkdir -p "$dir"
if [ -d "level$level/public" ]; then cp -R "level$level/public" "$dir/public"; fi
cp "$starters/$language"/* "$dir"
cat "$starters/next.mk" >>"$dir/Makefile"
sed -e "s,@REPOSITORY@,$(pwd)," -e "s,@LEVEL@,$level," "$dir/Makefile" >"$dir/Makefile.new"
mv "$dir/Makefile.new" "$dir/Makefile"
{
    echo "# What a level $level server does, stage by stage"
    echo
    echo "\`make next\` shows the first thing that is missing. The whole contract: tests/level$level/README.md"
    # A line of the list is "SUITE: NAME", perhaps with its duty in brackets behind it.
    "$judge" --level="$level" -ltc | awk '
        { at = index($0, ": "); suite = substr($0, 1, at - 1); name = substr($0, at + 2) }
        suite ~ /program$/ { next }
        suite != last { print "\n## " suite "\n"; last = suite }
        { print "- [ ] " name }'
} >"$dir/TODO.md"
echo "$dir is yours. Begin there with: make next"
