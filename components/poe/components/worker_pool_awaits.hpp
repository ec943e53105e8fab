// SPDX-License-Identifier: MIT
//
// WorkerPool for coroutines: the work runs on a thread, the Task goes on with its result.
//
//     auto work = pool.start(self, [path] { return hash_file(path); });
//     auto digest = co_await work.result().within(10s);
//
// Why in two steps: g++ 12 destroys a lambda with captures twice if it is made in a co_await operand.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "poe/components/worker_pool.hpp"
#include "poe/coroutine.hpp"

namespace poe {

namespace worker {

/// Where a result and the Task that wants it meet. Loop thread.
template <class T>
struct Meeting {
  ~Meeting() {
    if (waiter != nullptr) waiter->fail(Error(Errc::closed, "wait for", "the result of work", "it was dropped"));
  }
  void tell(Result<T> told) {
    outcome = std::move(told);
    if (waiter != nullptr) waiter->take();
  }

  std::optional<Result<T>> outcome{};
  WorkAwait<T>* waiter = nullptr;
  bool taken = false;
  Work work{};  // last: nothing is told once it is gone
};

}  // namespace worker

/// See StartedWork::result().
template <class T>
class WorkAwait final : public AwaitOf<WorkAwait<T>, T> {
 private:
  friend class StartedWork<T>;
  friend struct worker::Meeting<T>;
  using Ending = Await::Ending;
  explicit WorkAwait(worker::Meeting<T>* meeting) noexcept : meeting_(meeting) {}

  bool begin() override {
    if (meeting_ == nullptr || meeting_->taken) return this->refuse(unavailable(Errc::closed, "it was taken already"));
    if (meeting_->waiter != nullptr) {
      return this->refuse(unavailable(Errc::invalid_argument, "another Task waits for it"));
    }
    if (!meeting_->outcome) {
      this->pend();
      meeting_->waiter = this;
      return true;
    }
    Result<T> outcome = take_outcome();
    if (!outcome) return this->refuse(std::move(outcome.error()));
    keep(outcome);
    return this->ended(Ending::done);
  }
  void end() noexcept override { meeting_->waiter = nullptr; }
  std::string describe() const override { return "the result of work"; }

  void take() {
    Result<T> outcome = take_outcome();
    if (!outcome) return this->fail(std::move(outcome.error()));
    keep(outcome);
    this->finish(Ending::done);
  }
  Result<T> take_outcome() {
    meeting_->taken = true;
    return std::move(*std::exchange(meeting_->outcome, std::nullopt));
  }
  void keep(Result<T>& outcome) {
    if constexpr (!std::is_void_v<T>) this->value_.emplace(std::move(*outcome));
  }
  static Error unavailable(Errc code, const char* why) {
    return Error(code, "wait for", "the result of work", why, "start work of its own for each Task");
  }

  worker::Meeting<T>* meeting_;
};

/// Work whose result a Task waits for. Dropping it cancels, as with Work. Loop thread.
template <class T>
class StartedWork {
 public:
  /// co_await work.result(): Result<T>, once. A limit ends the wait alone: one may wait again. Errors: what the work
  /// threw; why it could not be started, `limit` or `closed`; `cancelled` when the session stops. Must not outlive
  /// this.
  WorkAwait<T> result() noexcept { return WorkAwait<T>(meeting_.get()); }
  /// Whether the result is still to come.
  explicit operator bool() const noexcept { return meeting_ != nullptr && static_cast<bool>(meeting_->work); }

 private:
  friend class WorkerPool;
  StartedWork() : meeting_(std::make_unique<worker::Meeting<T>>()) {}

  std::unique_ptr<worker::Meeting<T>> meeting_;
};

template <class F>
requires worker::IsWork<F> WorkerPool::Started<F> WorkerPool::start(Self& self, std::string name, F&& work) {
  Started<F> started;
  auto& meeting = *started.meeting_;
  auto asked = run(self, std::move(name), std::forward<F>(work),
                   [&meeting](worker::Outcome<std::decay_t<F>> outcome) { meeting.tell(std::move(outcome)); });
  if (asked) {
    meeting.work = std::move(*asked);
  } else {
    meeting.tell(failure(std::move(asked.error())));
  }
  return started;
}
template <class F>
requires worker::IsWork<F> WorkerPool::Started<F> WorkerPool::start(Self& self, F&& work) {
  return start(self, "work", std::forward<F>(work));
}

}  // namespace poe
