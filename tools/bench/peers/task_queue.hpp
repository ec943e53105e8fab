// SPDX-License-Identifier: MIT
//
// The queue that programs on libuv, libevent and GLib write, because these libraries have no cheap message of their
// own. Like ours, Asio's and Qt's it takes any message: a callable, kept in place up to 56 bytes. Two vectors change
// places, so that nothing is allocated once they have grown. What is pushed while a batch runs waits for the next one,
// which leaves the loop its turn.
#pragma once

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
  bool empty() const noexcept { return incoming_.empty(); }
  template <class F>
  void push(F&& callable) {
    incoming_.emplace_back(std::forward<F>(callable));
  }
  void run_batch() {
    batch_.swap(incoming_);
    for (Task& task : batch_) task.run();
    batch_.clear();
  }

 private:
  std::vector<Task> incoming_;
  std::vector<Task> batch_;
};

}  // namespace poe::bench
