#!/bin/sh
# SPDX-License-Identifier: MIT
# Installs the build into an empty prefix, builds a program and a loop plug-in that know only that prefix, and runs them.
#   install_test.sh SOURCE_DIR BUILD_DIR LOOPS CXX WHAT
# LOOPS: comma-separated names; WHAT: consumer, parts, plugin, new_loop, pkgconfig or files.
set -eu
source=$1 build=$2 loops=$3 cxx=$4 what=$5
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
prefix=$work/prefix

fail() { echo "FAILED: $*" >&2; exit 1; }
quietly() { "$@" >"$work/log" 2>&1 || { cat "$work/log" >&2; fail "$*"; }; }
# Nothing of the build tree may be needed: the environment has no path to it.
unset POE_LOOP_PATH POE_EVENT_LOOP LD_LIBRARY_PATH || true

quietly cmake --install "$build" --prefix "$prefix"
libdir=$(dirname "$(find "$prefix" -name 'libpoe.so.*' | head -n 1)")

each_loop() { echo "$loops" | tr , '\n'; }

case $what in
  consumer)
    quietly cmake -G Ninja -S "$source/tests/install/consumer" -B "$work/consumer" -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_CXX_COMPILER="$cxx"
    quietly cmake --build "$work/consumer"
    for loop in $(each_loop); do
      said=$(POE_EVENT_LOOP=$loop timeout 60 "$work/consumer/consumer") || fail "consumer on $loop"
      [ "$said" = "$loop 10 hello" ] || fail "consumer on $loop said: $said"
    done ;;
  parts)
    parts=$(cd "$libdir" && ls libpoe_*.so | sed 's/^libpoe_//; s/\.so$//' | paste -sd ';')
    quietly cmake -G Ninja -S "$source/tests/install/parts" -B "$work/parts" -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_CXX_COMPILER="$cxx" "-DPARTS=$parts"
    quietly cmake --build "$work/parts"
    for program in "$work"/parts/use_*; do
      quietly env LD_BIND_NOW=1 "$program"
    done ;;
  pkgconfig)
    flags=$(PKG_CONFIG_PATH="$libdir/pkgconfig" pkg-config --cflags --libs poe)
    # shellcheck disable=SC2086  # words are meant to split
    quietly "$cxx" "$source/tests/install/consumer/consumer.cpp" -o "$work/consumer" $flags "-Wl,-rpath,$libdir"
    [ "$(POE_EVENT_LOOP=poll timeout 60 "$work/consumer")" = "poll 10 hello" ] || fail "consumer built with pkg-config" ;;
  plugin)
    quietly cmake -G Ninja -S "$source/plugins/template" -B "$work/plugin" -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_CXX_COMPILER="$cxx"
    quietly cmake --build "$work/plugin"
    file=$(find "$work/plugin" -name 'libpoe_loop_*.so' | head -n 1)
    name=$(basename "$file" .so | sed 's/^libpoe_loop_//')
    quietly "$prefix/bin/poe-loop-check" "$file"
    POE_LOOP_PATH=$(dirname "$file") "$prefix/bin/poe" loops --json | grep -q "\"name\": \"$name\"" || fail "poe loops does not list $name"
    POE_LOOP_PATH=$(dirname "$file") quietly timeout 120 "$prefix/bin/poe" tour "$name" --clients 10
    # The kit comes with its host adapters: an installed plug-in can be checked as a guest, as a file and by name.
    for loop in $(each_loop); do
      [ -e "$build/lib/poe/loops-1/libpoe_kit_host_$loop.so" ] || continue
      quietly timeout 120 "$prefix/bin/poe-loop-check" "$(find "$prefix" -name "libpoe_loop_$loop.so")" guest
      quietly timeout 120 "$prefix/bin/poe" check "$loop" --profile guest --check guest.host_goes_on
    done ;;
  new_loop)
    poe=$prefix/bin/poe
    cd "$work"
    quietly "$poe" new loop my_own2
    [ "$(ls my_own2)" = "$(printf 'CMakeLists.txt\nREADME.md\nci.sh\nmy_own2_loop.cpp')" ] || fail "files made: $(ls my_own2)"
    ! grep -rniE '(^|[^a-z])mine' my_own2 || fail "a placeholder was left"
    CMAKE_GENERATOR=Ninja CXX=$cxx quietly my_own2/ci.sh "$prefix"
    # A test for each group of the kit, and the one with sessions.
    tests=$(($("$poe" check --list | cut -d. -f1 | sort -u | wc -l) + 1))
    grep -q "100% tests passed.* out of $tests\$" "$work/log" || fail "expected $tests tests, ci.sh said: $(cat "$work/log")"
    quietly "$poe" new loop demo --dir elsewhere
    [ -f elsewhere/demo_loop.cpp ] || fail "--dir was not obeyed"
    refused() { # refused CODE WORDS ARGUMENT...: ends so, says so, makes nothing
      code=0 expected=$1 words=$2
      shift 2
      before=$(ls)
      "$poe" new "$@" >"$work/log" 2>&1 || code=$?
      [ $code = "$expected" ] || fail "poe new $*: expected code $expected, got $code: $(cat "$work/log")"
      grep -q "$words" "$work/log" || fail "poe new $*: expected \"$words\", got: $(cat "$work/log")"
      [ "$(ls)" = "$before" ] || fail "poe new $* made something"
    }
    refused 1 'exists already' loop my_own2
    refused 1 'exists already' loop other --dir elsewhere
    refused 1 'No such file' loop other --dir no/such
    refused 2 'begins with a letter' loop 2nd
    refused 2 'begins with a letter' loop Caps
    refused 2 'begins with a letter' loop ../up
    refused 2 'get uv' loop libuv
    refused 2 'there is a loop of that name' loop poll
    refused 2 'no such template' wheel mine
    refused 2 'required' loop ;;
  files)
    for loop in $(each_loop); do
      file=$(find "$prefix" -name "libpoe_loop_$loop.so")
      [ -n "$file" ] || fail "the plug-in of $loop is not installed"
      symbols=$(nm -D --defined-only "$file" | awk '$2 != "A" {print $3}')
      [ "$symbols" = poe_loop_entry ] || fail "$file exports: $symbols"
      readelf -n "$file" | grep -q POE || fail "$file has no note"
    done
    readelf -d "$libdir/libpoe.so" | grep -q 'SONAME.*libpoe\.so\.[0-9]' || fail "libpoe has no versioned soname"
    ! nm -D --undefined-only -C "$libdir/libpoe.so" | grep -q spdlog || fail "libpoe needs spdlog"
    [ "$("$prefix/bin/poe" --version | cut -d' ' -f1)" = poe ] || fail "poe --version"
    # Each public header compiles alone; those between a toolkit and us, where the toolkit is.
    (cd "$prefix/include" && find poe -name '*.hpp') | while read -r header; do
      flags=
      case $header in
        poe/qt.hpp) flags=$(pkg-config --cflags Qt6Core 2>/dev/null) || continue ;;
        poe/glib.hpp | poe/glib/*) flags=$(pkg-config --cflags gobject-2.0 2>/dev/null) || continue ;;
      esac
      echo "#include \"$header\"" >"$work/alone.cpp"
      # shellcheck disable=SC2086  # words are meant to split
      quietly "$cxx" -std=c++20 -Wall -Wextra -Werror -I "$prefix/include" $flags -fsyntax-only "$work/alone.cpp"
    done ;;
  *) fail "no such check: $what" ;;
esac
echo "installed $what: ok"
