#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds poe with loops linked in and shows what programs load.
#   static_test.sh SOURCE_DIR BUILD_DIR WORK_DIR CXX CC BUILD_TYPE WHAT
# BUILD_DIR: an ordinary build, whose plug-in files are offered. WHAT: alone (a static library, which loads nothing) or
# mixed (a shared one with a loop linked in, which loads the others).
set -eu
source=$1 ordinary=$2 work=$3 cxx=$4 cc=$5 type=$6 what=$7
plugins=$ordinary/lib/poe/loops-1
mkdir -p "$work"
log=$work/log
export CCACHE_BASEDIR="$source" CCACHE_NOHASHDIR=1
unset POE_LOOP_PATH POE_EVENT_LOOP POE_LOOP_ALLOW LD_LIBRARY_PATH || true

fail() { echo "FAILED: $*" >&2; exit 1; }
quietly() { "$@" >"$log" 2>&1 || { cat "$log" >&2; fail "$*"; }; }
expect() { # expect WORDS: in what the last command said
  grep -qF -- "$1" "$log" || { cat "$log" >&2; fail "expected: $1"; }
}
configured() { # configured OPTION...
  quietly cmake -G Ninja -S "$source" -B "$work" -DCMAKE_BUILD_TYPE="$type" -DCMAKE_CXX_COMPILER="$cxx" \
    -DCMAKE_C_COMPILER="$cc" -DPOE_BUILD_TESTS=OFF -DPOE_BUILD_BENCH=OFF -DPOE_BUILD_EXAMPLES=OFF "$@"
}

case $what in
  alone)
    prefix=$work/prefix
    rm -rf "$prefix" "$work/consumer"
    loops="epoll poll" # and one with a library behind it, which whoever links libpoe.a has to find
    if pkg-config --exists libuv; then loops="$loops uv"; else echo "NOT TESTED: a loop with a library (apt install libuv1-dev)"; fi
    configured -DBUILD_SHARED_LIBS=OFF -DPOE_LOAD_LOOPS=OFF "-DPOE_STATIC_LOOPS=$(echo "$loops" | tr ' ' ';')"
    quietly cmake --build "$work"
    quietly cmake --install "$work" --prefix "$prefix"
    [ -z "$(find "$prefix" -name '*.so*')" ] || fail "a shared object was installed: $(find "$prefix" -name '*.so*')"

    quietly cmake -G Ninja -S "$source/tests/install/consumer" -B "$work/consumer" -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_CXX_COMPILER="$cxx"
    quietly cmake --build "$work/consumer"
    consumer=$work/consumer/consumer
    packages=$(dirname "$(find "$prefix" -name poe.pc)")
    flags=$(PKG_CONFIG_PATH=$packages pkg-config --static --cflags --libs poe)
    # shellcheck disable=SC2086  # words are meant to split
    quietly "$cxx" "$source/tests/install/consumer/consumer.cpp" -o "$work/consumer/by_pkg_config" $flags
    for loop in $loops; do
      for program in "$consumer" "$work/consumer/by_pkg_config"; do
        said=$(POE_EVENT_LOOP=$loop timeout 60 "$program") || fail "$program on $loop"
        [ "$said" = "$loop 10 hello" ] || fail "$program on $loop said: $said"
      done
    done

    # Offered every plug-in there is, it opens none: neither a file of ours nor any under a descriptor's name.
    POE_LOOP_PATH=$plugins LD_DEBUG=files LD_DEBUG_OUTPUT=$work/linker timeout 60 "$consumer" >"$log" 2>&1 || fail "consumer: $(cat "$log")"
    expect "epoll 10 hello"
    cat "$work"/linker.* >"$work/opened"
    rm -f "$work"/linker.*
    grep -q 'libc\.so' "$work/opened" || fail "the dynamic linker told nothing: $(head -n 5 "$work/opened")"
    ! grep -nE 'libpoe|/proc/self/fd|memfd' "$work/opened" || fail "something was loaded"
    ! nm -D --undefined-only "$consumer" | grep -E ' (dlopen|dlmopen)(@|$)' || fail "the program could load something"

    # A plug-in is refused with the reason.
    ! POE_LOOP_PATH=$plugins POE_EVENT_LOOP=select timeout 60 "$consumer" >"$log" 2>&1 || fail "select was found"
    expect 'poe: cannot load loop "select": it is not built in, and this build of poe loads no plug-ins (POE_LOAD_LOOPS=OFF)'
    expect "tried: $plugins: this build of poe loads no loops, those it has are built in"
    expect "found: $(echo "$loops" | sed 's/ / 1.0.0, /g') 1.0.0 (poe loops lists them)"
    expect 'do:    pick one that is built in, or build poe with it: cmake -DPOE_STATIC_LOOPS="...;select"'

    POE_LOOP_PATH=$plugins quietly "$prefix/bin/poe" loops
    [ "$(grep -c '(built in)$' "$log")" = "$(echo "$loops" | wc -w)" ] || fail "poe loops said: $(cat "$log")"
    ! grep -q libpoe_loop "$log" || fail "poe loops lists a file: $(cat "$log")"
    POE_LOOP_PATH=$plugins quietly "$prefix/bin/poe" loops --explain
    expect "loop epoll: no loop was asked for"
    expect "$plugins (POE_LOOP_PATH): skipped: this build of poe loads no loops"
    quietly timeout 120 "$prefix/bin/poe" tour --clients 10

    # Beside what is built in there is no host adapter, least of all in the current folder.
    : >"$work/consumer/libpoe_kit_host_poll.so"
    (cd "$work/consumer" && quietly "$prefix/bin/poe" check poll --check load.names_are_filled)
    if [ "${loops% uv}" != "$loops" ]; then
      ! "$prefix/bin/poe" check uv --check guest.run_is_refused >"$log" 2>&1 || fail "a guest was checked without a host"
      expect "do: name an adapter with --host FILE"
    fi

    # Where no loop is chosen by itself, the advice is something this build obeys.
    configured -DBUILD_SHARED_LIBS=OFF -DPOE_LOAD_LOOPS=OFF -DPOE_STATIC_LOOPS=sim
    quietly cmake --build "$work" --target poe_command
    ! "$work/bin/poe" loops --explain >"$log" 2>&1 || fail "a loop was chosen"
    expect "none of epoll, poll, select can be used"
    expect "do:    this build of poe loads no plug-ins (POE_LOAD_LOOPS=OFF): ask for one that is built in, POE_EVENT_LOOP=sim" ;;

  mixed)
    configured -DPOE_STATIC_LOOPS=poll "-DPOE_LOOPS=select;poll"
    quietly cmake --build "$work" --target poe_command poe_loop_select
    poe=$work/bin/poe
    [ "$(cd "$work/lib/poe/loops-1" && ls)" = libpoe_loop_select.so ] || fail "plug-ins made: $(ls "$work/lib/poe/loops-1")"
    POE_LOOP_PATH=$plugins quietly "$poe" loops
    grep -q '^poll .*(built in)$' "$log" || fail "poll is not built in: $(cat "$log")"
    grep -q "^poll .*$plugins/libpoe_loop_poll.so\$" "$log" || fail "the file of poll is not listed: $(cat "$log")"
    expect "shadowed: shadowed by the loop of that name that is built in"
    grep -q '^select .*libpoe_loop_select.so$' "$log" || fail "select is not a file: $(cat "$log")"
    quietly timeout 120 "$poe" tour poll select --clients 10
    # A list that allows nothing turns the files away, not what is built in.
    POE_LOOP_ALLOW=$work/none quietly "$poe" loops --explain
    expect "loop poll: no loop was asked for"
    expect "refused: the allow-list $work/none cannot be used: No such file or directory" ;;
  *) fail "no such check: $what" ;;
esac
echo "static $what: ok"
