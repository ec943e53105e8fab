// SPDX-License-Identifier: MIT
//
// The whole text with which the loader refuses a file, ready to be compared.
#pragma once

#include <regex>
#include <string>

#include "poe/plugin.hpp"
#include "sandbox.hpp"

namespace poe::test {

/// error.report() with paths masked and the list of loops that happen to be built here as "<loops>".
inline std::string whole(const Error& error, const Sandbox& box) {
  return std::regex_replace(box.masked(error.report()), std::regex("found:( +)[^\n]*"), "found:$1<loops>");
}

/// What loading `name` from the sandbox says; "loaded" if it works.
inline std::string refusal(const Sandbox& box, const std::string& name) {
  const auto loaded = LoopRegistry({box.path()}).load(name);
  return loaded ? "loaded" : whole(loaded.error(), box);
}

/// Whether any code of a test plug-in has run.
inline bool code_ran() { return std::getenv("POE_TEST_CONSTRUCTED") != nullptr; }

}  // namespace poe::test
