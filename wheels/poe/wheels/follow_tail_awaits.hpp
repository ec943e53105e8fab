// SPDX-License-Identifier: MIT
//
// FollowTail for coroutines:
//
//     poe::FollowTail tail(self, poe::FollowTailOptions("/var/log/syslog"));
//     while (auto line = co_await tail.read()) std::puts(line->c_str());
#pragma once

#include <string>

#include "poe/coroutine.hpp"
#include "poe/wheels/follow_tail.hpp"

namespace poe {

/// See FollowTail::read().
class POE_API TailRecord final : public AwaitOf<TailRecord, std::string> {
 private:
  friend class FollowTail;
  explicit TailRecord(FollowTail::State* wheel) noexcept : wheel_(wheel) {}
  bool begin() override;
  void end() noexcept override;
  std::string describe() const override;
  void give(std::string_view record) noexcept;

  FollowTail::State* wheel_;
};

}  // namespace poe
