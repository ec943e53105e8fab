// SPDX-License-Identifier: MIT
//
// The options given to create(). A name the bridge does not list in kOptionSchema is reported once in the log, so a
// misspelt one is seen.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "poe/loop/host.hpp"
#include "poe/loop_abi.h"

namespace poe::loop {

/// The value given for `name`, or `fallback`. The last one wins. Borrowed until create() returns.
inline const char* option(const poe_create& how, std::string_view name, const char* fallback = nullptr) noexcept {
  for (std::uint64_t i = how.option_count; i-- > 0;)
    if (how.options[i].name && name == how.options[i].name) return how.options[i].value;
  return fallback;
}

/// True if a line "name=meaning; values; default" of `schema` (NULL-terminated, may be NULL) is about `name`.
inline bool schema_lists(const char* const* schema, std::string_view name) noexcept {
  for (; schema && *schema; ++schema) {
    const std::string_view line(*schema);
    if (line.substr(0, line.find('=')) == name) return true;
  }
  return false;
}

inline void warn_of_unknown_options(const Host& host, const poe_create& how, const char* const* schema,
                                    const char* loop) {
  for (std::uint64_t i = 0; i < how.option_count; ++i) {
    const char* name = how.options[i].name ? how.options[i].name : "";
    if (!schema_lists(schema, name))
      host.log(POE_LOG_WARNING, std::string("loop ") + loop + " has no option '" + name + "' and ignores it");
  }
}

}  // namespace poe::loop
