#!/bin/sh
# Checks who includes whom, for `make check-rooms`, and prints a line for each include that breaks a rule.
# Level 4's top folder is what level 3 is, so it knows nothing of the rooms beside it; main.cpp and
# server.cpp put them together. Only what carries bytes to clients and back includes the socket.
common='(\.\./)+common/[^/]*'

may_include() {  # FILES 'PATTERN OF WHAT THEY MAY INCLUDE' 'THE RULE'
    grep -sH '^#include "' $1 | grep -vE "#include \"($2)\"" | sed -E "s@:#include \"([^\"]*).*@ includes \1: $3@"
}
room() {  # NAME 'OTHER ROOMS THAT IT KNOWS'
    may_include "level4/$1/*.?pp" "[^/]*|$common|($1$(printf '|%s' $2))/[^/]*" "$1/ includes the top, itself${2:+, $2}"
    rooms="$rooms $1"
}

broken=$(
    may_include 'common/*.?pp' '[^/]*' 'common/ includes no level'
    may_include 'level[1-3]/*.?pp' "[^/]*|$common" 'a level includes itself and common/'
    may_include 'level4/main.cpp level4/server.cpp' "[^/]*|$common|[a-z]+/[^/]*" 'a level includes itself and common/'
    may_include "$(find level4/*.?pp ! -name main.cpp ! -name server.cpp)" "[^/]*|$common" \
        'the top includes no room, but for main.cpp and server.cpp'
    room body
    room pages 'body'
    room session 'body'
    room stream
    room middleware 'body session stream'
    room websocket 'body session stream'
    room engine 'stream'
    room app 'body pages session stream middleware websocket engine'
    for name in $(find level4/*/*.?pp | cut -d/ -f2 | sort -u); do
        echo "$rooms" | grep -qw "$name" || echo "level4/$name/: check-rooms.sh does not say what this room may include"
    done
    grep -H '^#include ".*common/socket.hpp"' level?/*.?pp level4/*/*.?pp |
        grep -vE '^level(1/main|[2-4]/server).cpp|^level4/engine/' |
        sed 's@:#include "\([^"]*\).*@ includes \1: only server.cpp, engine/ and the main.cpp of level 1 do@'
)
[ -z "$broken" ] || { echo "$broken"; exit 1; }
