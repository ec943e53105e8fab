// SPDX-License-Identifier: MIT
#include "idle_memory.hpp"

#include "poe/filters/block.hpp"
#include "poe/filters/line.hpp"
#include "poe/filters/record_block.hpp"
#include "poe/filters/sse.hpp"
#include "poe/filters/stackable.hpp"
#include "poe/filters/stream.hpp"
#include "poe/filters/websocket.hpp"

namespace poe::test {
namespace {

constexpr std::size_t kLarge = 60'000;
constexpr std::size_t kSmall = 4'000;  // of a filter and all it points at

TEST(IdleMemoryTest, FiltersLetGoOfTheirLargestRecord) {
  const std::string large(kLarge, 'x');
  const auto line = [] { return std::make_unique<LineFilter>(); };
  const auto block = [] { return std::make_unique<BlockFilter>(); };
  const auto group = [] {
    return std::make_unique<StackableFilter>(StackableFilter::of(LineFilter(), RecordBlockFilter(2)));
  };
  const auto sse = [] { return std::make_unique<SseFilter>(); };
  const auto socket = [] { return std::make_unique<WebSocketFilter>(WebSocketOptions::client()); };
  EXPECT_LT(held_when_idle(line, large + "\n"), kSmall);
  EXPECT_LT(held_when_idle(block, std::to_string(kLarge) + std::string(1, '\0') + large), kSmall);
  EXPECT_LT(held_when_idle(group, "a\n" + large + "\n"), kSmall);
  EXPECT_LT(held_when_idle(sse, "data: " + large + "\n\n"), kSmall);
  EXPECT_LT(held_when_idle(socket, std::string("\x82\x7E\xEA\x60", 4) + large), kSmall);
}

TEST(IdleMemoryTest, FiltersThatGaveUpHoldNothing) {
  const auto socket = [] { return std::make_unique<WebSocketFilter>(WebSocketOptions::client()); };
  const std::string part = std::string("\x02\x7E\xEA\x60", 4) + std::string(kLarge, 'x');
  EXPECT_LT(held_when_idle(socket, part + "\xC1\1"), kSmall);
}

}  // namespace
}  // namespace poe::test
