// SPDX-License-Identifier: MIT
//
// The queue that programs on libuv, libevent and GLib write, because these libraries have no cheap message of their
// own. Like ours, Asio's and Qt's it takes any message: a callable, kept in place up to 56 bytes. Two vectors change
// places, so that nothing is allocated once they have grown. A batch is at most 128 messages: the loop has its turn as
// often as with our kernel.
#pragma once

#include <algorithm>
#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

namespace poe::bench {

/// A callable that is called once and is gone then. One cache line.
class Task {
 public:
  template <class F>
  requires(!std::is_same_v<std::decay_t<F>, Task>) explicit Task(F&& callable) : work_(&work<std::decay_t<F>>) {
    static_assert(sizeof(std::decay_t<F>) <= sizeof storage_ && alignof(std::decay_t<F>) <= alignof(void*));
    ::new (static_cast<void*>(storage_)) std::decay_t<F>(std::forward<F>(callable));
  }
  Task(Task&& other) noexcept : work_(other.work_) { work_(other.storage_, storage_); }
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;
  ~Task() = default;  // the queue runs every task, which ends it

  void run() { work_(storage_, nullptr); }

 private:
  /// Moves the callable to `to`, or calls it; ends the one at `from`.
  template <class F>
  static void work(void* from, void* to) {
    F& callable = *static_cast<F*>(from);
    if (to != nullptr) {
      ::new (to) F(std::move(callable));
    } else {
      callable();
    }
    callable.~F();
  }
  void (*work_)(void* from, void* to);
  alignas(void*) std::byte storage_[56];
};
static_assert(sizeof(Task) == 64);

class TaskQueue {
 public:
  bool empty() const noexcept { return next_ == batch_.size() && incoming_.empty(); }
  template <class F>
  void push(F&& callable) {
    incoming_.emplace_back(std::forward<F>(callable));
  }
  void run_batch() {
    if (next_ == batch_.size()) {
      batch_.clear();
      batch_.swap(incoming_);
      next_ = 0;
    }
    for (const std::size_t end = std::min(batch_.size(), next_ + kBatch); next_ != end;) batch_[next_++].run();
  }

 private:
  static constexpr std::size_t kBatch = 128;
  std::vector<Task> incoming_;
  std::vector<Task> batch_;  // being run
  std::size_t next_ = 0;     // in batch_
};

}  // namespace poe::bench
