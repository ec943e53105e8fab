// SPDX-License-Identifier: MIT
//
// WorkerPool: runs blocking calls on threads of its own, and gives their results back to the session that asked, as a
// call or as an event (POE::Component::Generic's job, without its child processes).
//
//     work_ = *pool.run(*this, [path] { return hash_file(path); },
//                       [this](poe::Result<Digest> digest) { ... });
//     auto work = pool.start(self, [path] { return hash_file(path); });    // with worker_pool_awaits.hpp
//     auto digest = co_await work.result();
//
// The work runs elsewhere: it must not touch the session, its kernel or anything else of the loop's thread. What it
// needs goes in by value, what it has found comes out as its result.
#pragma once

#include <concepts>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <type_traits>
#include <utility>

#include "poe/error.hpp"
#include "poe/event.hpp"
#include "poe/export.hpp"
#include "poe/fn.hpp"
#include "poe/log.hpp"
#include "poe/session.hpp"

namespace poe {

/// Has constructors, so it is no aggregate: g++ 12 destroys aggregates twice when they travel in a co_await operand.
struct POE_API WorkerPoolOptions {
  WorkerPoolOptions() = default;
  explicit WorkerPoolOptions(unsigned how_many) : threads(how_many) {}

  unsigned threads = 4;           ///< started when the pool is made; at least one
  std::size_t queue_limit = 256;  ///< jobs that may wait for a thread
  /// How long the end of the pool waits for a job before it says in a warning which one it waits for.
  Duration stuck_after = std::chrono::seconds(5);
  /// Where that warning goes; used on the thread that ends the pool. nullptr: stderr_log().
  LogSink* log = nullptr;
};

/// Work that was asked for. Dropping it cancels, so keep it in the session: it then ends with it. Cancelled work that
/// waits is never begun; where it is under way, its std::stop_token says so; either way nothing is told any more.
class POE_API Work {
 public:
  Work() noexcept;
  Work(Work&&) noexcept;
  Work& operator=(Work&&) noexcept;
  ~Work();
  /// Whether the result is still to come.
  explicit operator bool() const noexcept;
  void cancel() noexcept;

 private:
  friend class WorkerPool;
  struct Request;
  explicit Work(std::shared_ptr<Request> request) noexcept;
  std::shared_ptr<Request> request_;
};

namespace worker {

/// Work may take a std::stop_token.
template <class F>
decltype(auto) call(F& work, const std::stop_token& stop) {
  if constexpr (std::invocable<F&, std::stop_token>) {
    return work(stop);
  } else {
    return work();
  }
}
template <class F>
inline constexpr bool is_work = std::is_invocable_v<F&> || std::is_invocable_v<F&, std::stop_token>;
template <class F>
concept IsWork = is_work<std::decay_t<F>>;
template <class F>
using Outcome = Result<std::decay_t<decltype(call(std::declval<F&>(), std::stop_token()))>>;

}  // namespace worker

template <class T>
class StartedWork;
template <class T>
class WorkAwait;

/// Any thread may ask, for a session of its own kernel; one pool serves any number of kernels. In the child of a fork,
/// make a new one: the threads are the parent's.
class POE_API WorkerPool {
 public:
  /// Throws std::system_error if a thread cannot be started. The threads block all signals: handlers belong to the
  /// program's own threads.
  explicit WorkerPool(WorkerPoolOptions options = {});
  WorkerPool(WorkerPool&&) noexcept;
  WorkerPool& operator=(WorkerPool&&) = delete;
  /// As shutdown().
  ~WorkerPool();

  /// Runs work() or work(std::stop_token) on a thread, then done(Result<T>) as session `self`. What the work throws
  /// comes as an error `exception`. The session lives at least until then. `name` is for messages.
  /// Errors: limit (the queue is full), closed (after shutdown()).
  template <class F, class D>
  requires std::invocable < std::decay_t<D>
  &, worker::Outcome < std::decay_t < F >>>
         [[nodiscard]] Result<Work> run(Self& self, std::string name, F&& work, D&& done) {
    using Outcome = worker::Outcome<std::decay_t<F>>;
    return submit(
        self, std::make_unique<Job<std::decay_t<F>, Outcome>>(std::move(name), std::forward<F>(work)),
        [end = std::forward<D>(done)](void* outcome) mutable { end(std::move(*static_cast<Outcome*>(outcome))); });
  }
  template <class F, class D>
  requires std::invocable < std::decay_t<D>
  &, worker::Outcome < std::decay_t < F >>> [[nodiscard]] Result<Work> run(Self& self, F&& work, D&& done) {
    return run(self, "work", std::forward<F>(work), std::forward<D>(done));
  }
  /// The result comes as an event, which the session has declared: Event<Result<T>> hashed{"hashed"}.
  template <class F>
  [[nodiscard]] Result<Work> run(Self& self, F&& work, const Event<worker::Outcome<std::decay_t<F>>>& event) {
    return run(self, event.name, std::forward<F>(work),
               [&self, &event](worker::Outcome<std::decay_t<F>> outcome) { self.yield(event, std::move(outcome)); });
  }

  /// The work a Task waits for, by its result.
  template <class F>
  using Started = StartedWork<typename worker::Outcome<std::decay_t<F>>::value_type>;
  /// For Tasks: runs the work on a thread, too; co_await StartedWork::result() has what came of it. Include
  /// poe/components/worker_pool_awaits.hpp.
  template <class F>
  requires worker::IsWork<F>
  [[nodiscard]] Started<F> start(Self& self, std::string name, F&& work);
  template <class F>
  requires worker::IsWork<F>
  [[nodiscard]] Started<F> start(Self& self, F&& work);

  /// Jobs that wait, and jobs under way.
  std::size_t waiting() const;
  std::size_t busy() const;

  /// No more work: jobs that wait end with the error `cancelled`, those under way are asked to stop by their
  /// std::stop_token and waited for, without limit: a thread cannot be ended from outside. One that takes longer than
  /// `stuck_after` is named in a warning. Not from a job. Harmless when repeated.
  void shutdown();

 private:
  /// The work with its result's type forgotten: runs on a thread, then carries the outcome to the loop.
  class AnyJob {
   public:
    explicit AnyJob(std::string its_name) : name(std::move(its_name)) {}
    AnyJob(AnyJob&&) = default;
    AnyJob& operator=(AnyJob&&) = delete;
    virtual ~AnyJob() = default;
    virtual void work(const std::stop_token& stop) = 0;
    virtual void fail(Error error) = 0;
    virtual void* outcome() noexcept = 0;
    std::string name;
  };
  template <class F, class Outcome>
  class Job final : public AnyJob {
   public:
    Job(std::string its_name, F work) : AnyJob(std::move(its_name)), work_(std::move(work)) {}
    void work(const std::stop_token& stop) override {
      if constexpr (std::is_void_v<typename Outcome::value_type>) {
        worker::call(*work_, stop);
        outcome_.emplace();
      } else {
        outcome_.emplace(worker::call(*work_, stop));
      }
      work_.reset();  // what it had captured ends where it was used
    }
    void fail(Error error) override { outcome_.emplace(failure(std::move(error))); }
    void* outcome() noexcept override { return &*outcome_; }

   private:
    std::optional<F> work_;
    std::optional<Outcome> outcome_;
  };

  Result<Work> submit(Self& self, std::unique_ptr<AnyJob> job, Fn<void(void*)> done);

  struct Pool;
  std::unique_ptr<Pool> pool_;
};

}  // namespace poe
