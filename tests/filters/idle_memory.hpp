// SPDX-License-Identifier: MIT
//
// What a filter still holds when it has delivered all: ten thousand idle connections must not sit on their largest
// records.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "../heap_in_use.hpp"
#include "filter_suite.hpp"

namespace poe::test {

// Octets that an idle filter has more than a new one, after the input came in three pieces.
inline std::size_t held_when_idle(const std::function<std::unique_ptr<Filter>()>& make, std::string_view input) {
  const auto use = [&] {
    auto filter = make();
    Outcome outcome;
    Feeder feed(*filter, outcome);
    for (std::size_t at = 0; at < input.size(); at += input.size() / 3 + 1) {
      feed(input.substr(at, input.size() / 3 + 1));
    }
    EXPECT_FALSE(outcome.empty());
    EXPECT_EQ(filter->pending_size(), 0U);
    return filter;
  };
  (void)use();  // what is made once
  const auto fresh = make();
  const std::size_t before = heap_in_use();
  const auto idle = use();
  const std::size_t after = heap_in_use();
  return after > before ? after - before : 0;
}

}  // namespace poe::test
