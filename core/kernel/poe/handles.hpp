// SPDX-License-Identifier: MIT
//
// Handles: what a session holds to keep something going. Each is move-only, 16 bytes, and undoes what it stands for
// when it goes; it may be dropped anywhere on the loop thread, also inside its own callback and after the kernel.
// Except where noted, each live handle is one reference on its session (P040).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "poe/error.hpp"
#include "poe/export.hpp"
#include "poe/time.hpp"

namespace poe {

class KernelCore;

/// What all handles share: a place in a table of the kernel, checked by generation.
class POE_API Handle {
 public:
  /// Whether it still stands for something: not cancelled, not fired (one-shot), session and kernel alive.
  explicit operator bool() const noexcept;
  /// Undoes it now. Nothing is delivered afterwards. Harmless when repeated.
  void cancel() noexcept;
  /// Lets go without undoing: it lasts until it fires or its session ends.
  void detach() && noexcept;

 protected:
  enum class Kind : std::uint8_t { timer, watch, signal, child, alias, extra };
  Handle() noexcept = default;
  Handle(KernelCore* core, Kind kind, std::uint32_t index, std::uint32_t generation) noexcept
      : core_(core),
        what_(index | std::uint64_t{static_cast<std::uint8_t>(kind)} << 32 |
              std::uint64_t{generation & 0xFFFFFF} << 40) {}
  Handle(Handle&& other) noexcept : core_(std::exchange(other.core_, nullptr)), what_(other.what_) {}
  Handle& operator=(Handle&& other) noexcept;
  ~Handle() {
    if (core_ != nullptr) cancel();
  }

  std::uint32_t index() const noexcept { return static_cast<std::uint32_t>(what_); }
  Kind kind() const noexcept { return static_cast<Kind>(what_ >> 32 & 0xFF); }
  std::uint32_t generation() const noexcept { return static_cast<std::uint32_t>(what_ >> 40); }
  /// In the upper 24 bits, the lowest eight being the kind, for a timer zero: it is compared without shifting.
  std::uint32_t marked_generation() const noexcept { return static_cast<std::uint32_t>(what_ >> 32); }

  friend class KernelCore;
  KernelCore* core_ = nullptr;
  // Index, kind (8 bits), generation (24). Why in one: a handle is mostly moved as soon as it is made, and a processor
  // that reads at once what was written in parts waits for the memory.
  std::uint64_t what_ = 0;
};
static_assert(sizeof(Handle) == 16);

/// A future event. See Self::after(), Self::at(), Self::every().
class POE_API Timer : public Handle {
 public:
  Timer() noexcept = default;
  /// Due at that time instead; a repeating timer goes on from there. To the time it already has: it keeps its place
  /// among equals (P014). Error `cancelled` if it has fired or is gone.
  Result<void> move_to(TimePoint due);
  /// Due at that time of the wall clock, which it follows from now on; a repeating timer goes on from there by the
  /// kernel's clock.
  Result<void> move_to(WallTime due);
  /// Due that long from now instead (POE's `delay_adjust`, P013).
  Result<void> restart(Duration delay);
  /// When it is due next.
  std::optional<TimePoint> due() const noexcept;

 private:
  friend class KernelCore;
  friend class Self;
  using Handle::Handle;
};

/// Interest in a descriptor. See Self::watch().
class POE_API Watch : public Handle {
 public:
  Watch() noexcept = default;
  /// Stops reports for these of POE_READ, POE_WRITE, POE_PRIORITY; keeps the reference (P100). Costs nothing while
  /// idle: the descriptor leaves the loop, because a loop reports a hang-up even with no interest left.
  void pause(std::uint32_t events) noexcept;
  /// Errors of the loop (descriptor closed meanwhile) arrive as POE_ERROR at the callback.
  void resume(std::uint32_t events) noexcept;

 private:
  friend class KernelCore;
  using Handle::Handle;
};

/// Interest in a signal. Holds no reference on its session (P040). See Self::on_signal().
class POE_API SignalWatch : public Handle {
 public:
  SignalWatch() noexcept = default;

 private:
  friend class KernelCore;
  using Handle::Handle;
};

/// Waits for one child process. See Self::on_exit().
class POE_API ChildWatch : public Handle {
 public:
  ChildWatch() noexcept = default;
  /// The kernel reaps this child whenever it ends, also after the watch was dropped or its session has ended: for a
  /// child nobody else can know of. That keeps nobody alive, and ends when somebody else awaits the child.
  void reap_always() noexcept;
  /// Whether the kernel has not reaped the child it was made for, whose number `pid` is, so that the number can be
  /// nobody else's. Once it has been reaped that is told here, before anybody hears of the end. Also valid after the
  /// watch was dropped for the end of its session.
  bool is_unreaped(std::int64_t pid) const noexcept;

 private:
  friend class KernelCore;
  using Handle::Handle;
};

/// A name of a session. See Self::alias().
class POE_API Alias : public Handle {
 public:
  Alias() noexcept = default;

 private:
  friend class KernelCore;
  using Handle::Handle;
};

/// An extra reference that keeps a session alive, and the kernel from being idle (POE's `refcount_increment`).
class POE_API KeepAlive : public Handle {
 public:
  KeepAlive() noexcept = default;

 private:
  friend class KernelCore;
  using Handle::Handle;
};

}  // namespace poe
