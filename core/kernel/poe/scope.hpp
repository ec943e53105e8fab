// SPDX-License-Identifier: MIT
//
// Scope: several Tasks of one session that belong together.
//
//     poe::Scope scope(self);
//     for (auto& host : hosts) scope.launch(probe(self, host));
//     auto all = co_await scope.join().within(5s);        // error `timed_out`: some are still at it
//
// They end when the scope does: leaving it destroys those that have not, wherever they wait. So they may refer to
// locals that were made before it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include "poe/task.hpp"

namespace poe {

class Scope;

class POE_API ScopeAwait : public Await {
 protected:
  explicit ScopeAwait(Scope& scope) noexcept : scope_(&scope) {}
  ~ScopeAwait() = default;
  bool begin() override;
  void end() noexcept override;
  std::string describe() const override;
  friend class Scope;
  void scope_gone() noexcept;
  Scope* scope_;  // null once that has gone
};

/// Loop thread; belongs to the session it was made with and must not outlive it.
class POE_API Scope {
 public:
  class Join;
  class Race;

  explicit Scope(Self& self) noexcept;
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;
  /// Destroys the Tasks that have not ended. An exception of one that nobody joined becomes a DIE.
  ~Scope();

  /// Runs it at once up to its first await. The first exception of a Task cancels the others and is kept for join().
  template <class T>
  void launch(Task<T> task) {
    if constexpr (std::is_void_v<T>) {
      start(std::move(task));
    } else {
      start(task::drop_result(std::move(task)));
    }
  }
  /// What they wait for ends with error `cancelled`, later awaits at once. They run on until they return.
  void cancel() noexcept;
  /// How many have not ended.
  std::size_t running() const noexcept { return running_; }

  /// Waits until all have ended; then rethrows the first exception, if there was one. One at a time may wait.
  Join join() noexcept;
  /// Waits until one has ended, cancels the others and waits for them, too. Gives the number of the first, counted
  /// from 0 in the order of launch(). Error invalid_argument: none was launched.
  Race race() noexcept;

 private:
  friend class KernelCore;
  friend class ScopeAwait;
  void start(Task<> task);
  void forget(std::uint32_t run) noexcept;
  void ended(std::uint32_t number, std::exception_ptr thrown) noexcept;
  void rethrow() {
    if (thrown_) std::rethrow_exception(std::exchange(thrown_, nullptr));
  }

  KernelCore* core_;
  SessionId session_;
  std::uint32_t first_run_ = 0xFFFFFFFF;
  std::uint32_t launched_ = 0;
  std::size_t running_ = 0;
  std::optional<std::size_t> winner_{};
  std::exception_ptr thrown_{};
  ScopeAwait* waiting_ = nullptr;
  bool cancelled_ = false;
  bool racing_ = false;
};

class Scope::Join final : public AwaitOf<Join, void, ScopeAwait> {
 public:
  explicit Join(Scope& scope) noexcept : AwaitOf<Join, void, ScopeAwait>(scope) {}
  Result<void> await_resume() {
    if (scope_ != nullptr) scope_->rethrow();
    return AwaitOf<Join, void, ScopeAwait>::await_resume();
  }
};

class Scope::Race final : public AwaitOf<Race, std::size_t, ScopeAwait> {
 public:
  explicit Race(Scope& scope) noexcept : AwaitOf<Race, std::size_t, ScopeAwait>(scope) {}
  Result<std::size_t> await_resume() {
    if (scope_ != nullptr) scope_->rethrow();
    if (scope_ != nullptr && ending_ == Ending::done) {
      if (!scope_->winner_) return failure(Errc::invalid_argument, "wait for", describe(), "none was launched");
      value_ = *scope_->winner_;
    }
    return AwaitOf<Race, std::size_t, ScopeAwait>::await_resume();
  }

 private:
  bool begin() override {
    scope_->racing_ = true;
    if (scope_->winner_) scope_->cancel();
    return ScopeAwait::begin();
  }
};

inline Scope::Join Scope::join() noexcept { return Join(*this); }
inline Scope::Race Scope::race() noexcept { return Race(*this); }

}  // namespace poe
