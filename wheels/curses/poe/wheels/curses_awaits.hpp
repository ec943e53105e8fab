// SPDX-License-Identifier: MIT
//
// Curses for coroutines:
//
//     poe::Curses screen(self);
//     while (auto key = co_await screen.key()) { ... }
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "poe/coroutine.hpp"
#include "poe/wheels/curses.hpp"

namespace poe {

/// See Curses::key().
class POE_API CursesKey final : public AwaitOf<CursesKey, Key> {
 private:
  friend class Curses;
  explicit CursesKey(std::shared_ptr<Curses::State> wheel) noexcept : wheel_(std::move(wheel)) {}
  bool begin() override;
  void end() noexcept override;
  std::string describe() const override;
  void give(const Key& key) noexcept;

  std::shared_ptr<Curses::State> wheel_;  // the wheel may be gone before it is awaited
};

}  // namespace poe
