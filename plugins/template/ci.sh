#!/bin/sh
# SPDX-License-Identifier: MIT
# What a CI job runs: ci.sh [PREFIX]. PREFIX: where poe is installed, if CMake does not find it by itself.
# Needs cmake, a C++20 compiler, and poe; leaves everything in build/.
set -eu
cd "$(dirname "$0")"
cmake -S . -B build -DCMAKE_BUILD_TYPE=Release ${1:+"-DCMAKE_PREFIX_PATH=$1"}
cmake --build build
ctest --test-dir build --output-on-failure --no-tests=error
