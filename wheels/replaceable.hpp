// SPDX-License-Identifier: MIT
//
// A callback that may be replaced while it runs: the call keeps the former one alive until it has returned.
#pragma once

#include <memory>
#include <utility>

#include "poe/fn.hpp"

namespace poe {

template <class... A>
class Replaceable {
 public:
  explicit Replaceable(Fn<void(A...)> callback) { set(std::move(callback)); }

  void set(Fn<void(A...)> callback) {
    callback_ = callback ? std::make_shared<Fn<void(A...)>>(std::move(callback)) : nullptr;
  }
  explicit operator bool() const noexcept { return callback_ != nullptr; }
  /// Does nothing if there is none.
  void operator()(A... arguments) const {
    if (const auto kept = callback_) (*kept)(std::forward<A>(arguments)...);
  }

 private:
  std::shared_ptr<Fn<void(A...)>> callback_;
};

}  // namespace poe
