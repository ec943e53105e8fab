// SPDX-License-Identifier: MIT
#include "poe/filters/filter.hpp"

#include <utility>

namespace poe {

Filter::~Filter() = default;

Result<void> Filter::encode_each(std::string_view record, std::vector<std::string>& out) {
  std::string text;
  if (auto done = encode(record, text); !done) return done;
  out.push_back(std::move(text));
  return {};
}

}  // namespace poe
