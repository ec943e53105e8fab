// SPDX-License-Identifier: MIT
//
// Fd: an owned descriptor, closed when it goes. It remembers which system it came from, because a descriptor of the
// simulated world means nothing to the real one. Not thread-safe; move it between threads freely.
#pragma once

#include <utility>

#include "poe/export.hpp"
#include "poe/sys_abi.h"

namespace poe {

class POE_API Fd {
 public:
  Fd() noexcept = default;
  /// Takes over `number`, -1 for none. `system` must outlive this object: nullptr is the real one, Kernel::system()
  /// lives as long as its kernel.
  explicit Fd(int number, const poe_sys* system = nullptr) noexcept : number_(number), system_(system) {}
  Fd(Fd&& other) noexcept : number_(std::exchange(other.number_, -1)), system_(other.system_) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) {
      reset();
      number_ = std::exchange(other.number_, -1);
      system_ = other.system_;
    }
    return *this;
  }
  ~Fd() { reset(); }

  int get() const noexcept { return number_; }
  explicit operator bool() const noexcept { return number_ >= 0; }
  /// The table this descriptor belongs to.
  const poe_sys& system() const noexcept;

  /// Gives the descriptor away; the caller closes it.
  [[nodiscard]] int release() noexcept { return std::exchange(number_, -1); }
  /// Closes now. Forget watches on it first: a closed number may come back as another file (P102).
  void reset() noexcept;

 private:
  int number_ = -1;
  const poe_sys* system_ = nullptr;
};

}  // namespace poe
