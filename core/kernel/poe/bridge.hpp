// SPDX-License-Identifier: MIT
//
// Bridge: sessions inside a host that cannot watch descriptors and knows one door for other threads, "run this in your
// loop", as SDL, Windows' message queues and most game engines have. A helper thread waits for the kernel's loop; all
// handlers run on the host's thread.
//
//     auto bridge = kernel.bridge([&](poe::Fn<void()> work) { host.post(std::move(work)); });
#pragma once

#include <memory>

#include "poe/error.hpp"
#include "poe/export.hpp"
#include "poe/fn.hpp"

namespace poe {

class KernelCore;

/// Made by Kernel::bridge(). Host's thread, like the kernel, which must outlive it. While a handler runs a nested loop
/// of the host, the other sessions wait: the helper asks for the next slice when this one has returned. A handle:
/// moves, and ends the bridge when it goes; sessions stay then, and nothing drives them. Before fork(), end it: the
/// helper is no part of the child.
class POE_API Bridge {
 public:
  /// Takes work from any thread and has the host run it on its own, in order. It must neither run it at
  /// once nor throw, and may drop it when the host ends.
  using RunOnHost = Fn<void(Fn<void()>)>;

  Bridge() noexcept = default;
  Bridge(Bridge&&) noexcept;
  Bridge& operator=(Bridge&&) noexcept;
  /// Waits until the helper has ended, which is at once.
  ~Bridge();

  explicit operator bool() const noexcept { return state_ != nullptr; }
  /// Calls `finished` on the host's thread, once, when the last session has ended; if none is left, at once. An empty
  /// handle ignores it.
  void on_finished(Fn<void()> finished);

 private:
  friend class Kernel;
  class State;
  explicit Bridge(std::shared_ptr<State> state) noexcept;
  std::shared_ptr<State> state_;
};

}  // namespace poe
