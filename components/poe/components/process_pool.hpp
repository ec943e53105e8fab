// SPDX-License-Identifier: MIT
//
// ProcessPool: jobs for child processes that are kept warm: a program, or a function in forked copies of this one. For
// work that must not take the program down with it, or that another program does; on threads: worker_pool.hpp.
//
//     poe::ProcessPool pool(self, poe::ProcessPoolOptions({"bc", "-q"}));  // a member of the session, or a local
//     auto sum = co_await pool.run("20+22");                               // with process_pool_awaits.hpp
//     job_ = std::move(*pool.run("20+22", [](poe::ProcessPool::Answer answer) { ... }));  // or as a call
//     job_ = std::move(*pool.run("20+22", summed));                                       // or as an event
//
// A job is one record for a child's stdin, its answer the next record of the child's stdout. A child that ends, says
// what nobody asked for, or takes too long costs the jobs it had, which end with an error, and is replaced. Nothing is
// asked twice.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "poe/components/backoff.hpp"
#include "poe/error.hpp"
#include "poe/event.hpp"
#include "poe/export.hpp"
#include "poe/fn.hpp"
#include "poe/log.hpp"
#include "poe/session.hpp"
#include "poe/wheels/any_filter.hpp"
#include "poe/wheels/run_options.hpp"

namespace poe {

class ProcessAnswer;
class ProcessPoolCore;
struct PooledJob;

/// Has constructors, so it is no aggregate: g++ 12 destroys aggregates twice when they travel in a co_await operand.
class POE_API ProcessPoolOptions {
 public:
  using Function = std::function<std::string(std::string_view job)>;

  /// A program and its arguments, see RunOptions. It must answer each record with one record, in order, and not keep
  /// answers back in a buffer of its own: for many, `stdbuf -oL` in front helps.
  explicit ProcessPoolOptions(std::vector<std::string> program, unsigned how_many = 4)
      : command(std::move(program)), processes(how_many) {}
  /// A function, called for each job in a copy of this process; see RunOptions::call for what it may not do. Records
  /// are any octets. What it throws is that job's error `exception`. What it prints to stdout goes to stderr.
  static ProcessPoolOptions call(Function in_child, unsigned how_many = 4) {
    ProcessPoolOptions options(std::vector<std::string>(), how_many);
    options.function = std::move(in_child);
    return options;
  }

  std::vector<std::string> command;
  Function function;
  unsigned processes = 4;         ///< started at once; at least one
  std::size_t queue_limit = 256;  ///< jobs that may wait for a child
  /// Jobs that one child may have at a time. More than one saves a wait, and costs all of them when the child ends.
  std::size_t pipeline = 1;
  /// Octets of a job; with a function also of an answer.
  std::size_t max_job = std::size_t{16} << 20;
  /// For programs, both ways; cloned for each child. Empty: lines; a job with a newline in it is refused then.
  AnyFilter filter;
  /// From the moment a child works on it to its answer; then the child is killed and replaced. kForever: none.
  Duration job_limit = std::chrono::seconds(60);
  /// After so many a child is replaced by a fresh one: for programs that leak. 0: never.
  std::uint64_t max_jobs = 0;
  /// Whether to kill, and replace, a child whose only job was cancelled. Otherwise it works on, and its answer is
  /// dropped.
  bool kill_cancelled = true;
  /// How long a child that is not needed any more may take to end after the end of its stdin; then it is killed. Also
  /// one that closes its stdin or stdout itself: it gets no more jobs, and costs those it had if it lives on.
  Duration stop_limit = std::chrono::seconds(5);
  /// How long to wait before a child that ended by itself, or could not be started, is replaced; from the first again
  /// after an answer.
  BackoffOptions backoff = first_wait(std::chrono::milliseconds(100));
  /// When so many children in a row ended without an answer, and none is there, the jobs that wait end with the error.
  unsigned give_up_after = 3;
  /// Called before each start: user, directory, environment, priority. Filters and callbacks are the pool's.
  Fn<void(RunOptions&)> prepare;
  /// Lines of the children's stderr. Empty: they have ours.
  Fn<void(std::int64_t pid, std::string_view line)> on_stderr;
  /// After drain() or shutdown(): the last child has ended. Called once, as the pool's session.
  Fn<void()> on_ended;
  /// Where ends that nobody asked for are reported. Must outlive the pool. nullptr: stderr_log().
  LogSink* log = nullptr;

 private:
  static BackoffOptions first_wait(Duration wait) {
    BackoffOptions options;
    options.first = wait;
    return options;
  }
};

/// A job that was asked for. Dropping it cancels, so keep it in the session: it then ends with it. Nothing is told any
/// more; one that waits is never sent, for one under way see ProcessPoolOptions::kill_cancelled.
class POE_API ProcessJob {
 public:
  ProcessJob() noexcept;
  ProcessJob(ProcessJob&&) noexcept;
  ProcessJob& operator=(ProcessJob&&) noexcept;
  ~ProcessJob();
  /// Whether the answer is still to come.
  explicit operator bool() const noexcept;
  void cancel() noexcept;

 private:
  friend class ProcessPool;
  friend class ProcessAnswer;
  explicit ProcessJob(std::shared_ptr<PooledJob> job) noexcept;
  std::shared_ptr<PooledJob> job_;
};

/// Loop thread. Its children keep the session alive: shutdown(), drain() or dropping it ends that. Dropping it, also
/// inside of what it calls, kills the children and tells nobody but those who await; those get `closed`. The children
/// are reaped when they end, as a Run's.
///
/// Errors of a job: `closed` (the child ended before it answered), timed_out, exception (the function threw), limit
/// (max_job), `cancelled` (shutdown), what the filter says of a record, what made it impossible to start a child.
class POE_API ProcessPool {
 public:
  using Answer = Result<std::string>;

  /// No pool: only assignment and operator bool; run() fails with `closed`.
  ProcessPool() noexcept;
  /// Starts the children. What goes wrong with that, the jobs tell. Throws std::invalid_argument for options without a
  /// program or function.
  ProcessPool(Self& self, ProcessPoolOptions options);
  ProcessPool(ProcessPool&&) noexcept;
  ProcessPool& operator=(ProcessPool&&) noexcept;
  ~ProcessPool();
  explicit operator bool() const noexcept { return core_ != nullptr; }

  /// Calls `done` once, later, as the pool's session, which lives at least until then.
  /// Errors at once: limit (the queue is full, the record is over max_job), closed (after shutdown() or drain()).
  [[nodiscard]] Result<ProcessJob> run(std::string job, Fn<void(Answer)> done);
  /// The answer comes as an event, which the session has declared: Event<poe::ProcessPool::Answer> summed{"summed"}.
  [[nodiscard]] Result<ProcessJob> run(std::string job, const Event<Answer>& event);
  /// co_await pool.run(job): Result<std::string>. Include poe/components/process_pool_awaits.hpp.
  ProcessAnswer run(std::string job);

  /// Jobs that wait, and jobs that a child has.
  std::size_t waiting() const noexcept;
  std::size_t busy() const noexcept;
  /// Children that are running, those included that are about to end; in no order.
  std::vector<std::int64_t> pids() const;

  /// No more jobs. Those there are get their answers, then the children end; then on_ended.
  void drain();
  /// No more jobs; those that wait and those under way end with the error `cancelled`. The children see the end of
  /// their stdin, and are killed where they have a job, or after stop_limit; then on_ended. Harmless when repeated.
  void shutdown();

 private:
  // Why shared_ptr: it may be dropped inside its own callbacks, and jobs outlive it.
  std::shared_ptr<ProcessPoolCore> core_;
};

}  // namespace poe
