// SPDX-License-Identifier: MIT
//
// The scopes around the call of a handler: who is current in it, and who is told of it.
#pragma once

#include <cstdint>

#include "poe/dispatcher.hpp"
#include "poe/observer.hpp"

namespace poe {

class KernelCore;

/// A session whose handler is suspended below the present one.
struct Frame {
  std::uint32_t slot;
  const Frame* outer;
};

/// Suspends the handler being run, if any, and makes another session current for a scope.
class Entered {
 public:
  Entered(KernelCore& core, std::uint32_t slot, std::uint32_t sender, const EventKey* event) noexcept;
  Entered(const Entered&) = delete;
  Entered& operator=(const Entered&) = delete;
  ~Entered();

 private:
  KernelCore& core_;
  std::uint32_t current_, sender_;
  const EventKey* event_;
  Frame frame_;
};

/// For a scope, the call of a handler, told to the log and to observers if its session is traced or observed.
class Hooked {
 public:
  Hooked(KernelCore& core, std::uint32_t slot, std::uint32_t sender, const EventKey& key) noexcept;
  Hooked(const Hooked&) = delete;
  Hooked& operator=(const Hooked&) = delete;
  ~Hooked();

 private:
  KernelCore& core_;
  Dispatch dispatch_;
  bool observed_ = false;
};

}  // namespace poe
