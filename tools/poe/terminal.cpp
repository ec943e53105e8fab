// SPDX-License-Identifier: MIT
#include "terminal.hpp"

#include <unistd.h>

#include <cstdlib>

namespace poe::tool {

namespace {

/// The variable is set and not empty.
bool is_set(const char* name) {
  const char* value = std::getenv(name);
  return value && *value;
}

const char* code(Style style) {
  switch (style) {
    case Style::bold:
      return "\033[1m";
    case Style::dim:
      return "\033[2m";
    case Style::good:
      return "\033[32m";
    case Style::bad:
      return "\033[31m";
  }
  return "";
}

}  // namespace

Terminal::Terminal(int fd) {
  const char* term = std::getenv("TERM");
  coloured_ = isatty(fd) == 1 && !is_set("NO_COLOR") && term && std::string_view(term) != "dumb";
}

std::string Terminal::paint(Style style, std::string_view text) const {
  if (!coloured_) return std::string(text);
  return code(style) + std::string(text) + "\033[0m";
}

}  // namespace poe::tool
