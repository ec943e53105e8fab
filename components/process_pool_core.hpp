// SPDX-License-Identifier: MIT
//
// The pinned part of a ProcessPool. Whatever calls back keeps this alive until it returns. Loop thread.
#pragma once

#include <deque>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "poe/components/process_pool.hpp"
#include "poe/wheels/run.hpp"

namespace poe {

/// One job, shared by its handle and the pool.
struct PooledJob {
  std::weak_ptr<ProcessPoolCore> pool;
  std::string record;  // empty once a child has it
  Fn<void(ProcessPool::Answer)> done;
  KeepAlive session;
  bool always_told = false;  // an await: also when the pool is dropped
  bool open = true;          // the answer is still to come
};

class ProcessPoolCore : public std::enable_shared_from_this<ProcessPoolCore> {
 public:
  using Job = std::shared_ptr<PooledJob>;

  ProcessPoolCore(Self& self, ProcessPoolOptions options);
  void begin();
  Result<Job> start(std::string record, Fn<void(ProcessPool::Answer)> done, bool always_told);
  void cancelled(const PooledJob& job);
  void drain();
  void shutdown();
  /// The handle is gone: nothing is told any more, but to awaits.
  void close() noexcept;

  Self& self() const noexcept { return self_; }
  std::size_t waiting() const noexcept { return waiting_.size(); }
  std::size_t busy() const noexcept;
  std::vector<std::int64_t> pids() const;

 private:
  struct Child {
    Run wheel;
    std::deque<Job> jobs;     // in the order of the answers to come
    std::uint64_t given = 0;  // jobs, ever
    bool retired = false;     // what it still says is not heard
    bool ending = false;      // it closed its input or its output: no more jobs
    Timer limit;              // of the front job; of its end, once it is retired or ending
  };
  /// A place for a child, and who waits for it to be filled.
  struct Place {
    Place(const BackoffOptions& options, std::uint64_t seed) : backoff(options, seed) {}
    std::unique_ptr<Child> child;
    Backoff backoff;
    Timer again;
  };

  // ---- children, process_children.cpp
  void launch(Place& place);
  RunOptions options_for(Child& child);
  void answered(Child& child, std::string_view record);
  void input_broke(Child& child, ChildStream where, const Error& error);
  void ended(Child& child, const ExitStatus& how);
  void await_end(Child& child, const Error& why);
  void child_failed(Child& child, const Error& why);
  void replace_later(Place& place, const Error& why);
  void retire(Place& place, bool kill);
  void stop_children();
  Place* place_of(const Child& child) noexcept;

  // ---- jobs, process_pool.cpp
  void pump();
  Place* free_place() noexcept;
  bool give(Child& child, const Job& job);
  void arm(Child& child);
  void too_slow(Child& child);
  void settle(const Job& job, ProcessPool::Answer answer);
  void settle_all(std::deque<Job> jobs, const Error& why);
  ProcessPool::Answer decoded(std::string_view record) const;
  void look_for_end();
  bool wants_children() const noexcept { return !draining_ || !waiting_.empty(); }
  bool is_heard() const noexcept { return !closed_ && !self_.stop_requested(); }
  LogSink& log() const noexcept;
  std::string name() const;

  Self& self_;
  ProcessPoolOptions options_;
  std::shared_ptr<const ProcessPoolOptions::Function> function_;  // one for all children
  std::vector<Place> places_;
  std::list<std::unique_ptr<Child>> retired_;
  std::deque<Job> waiting_;
  unsigned failures_ = 0;  // children in a row that ended without an answer
  bool draining_ = false;
  bool ended_ = false;   // on_ended was called
  bool closed_ = false;  // the handle is gone
};

/// What runs in a forked child: answers blocks on 0 with blocks on what was 1, until the end of the input. The first
/// octet of an answer says whether it is one, or the text of what was thrown. @return  the exit code
int serve_function(const ProcessPoolOptions::Function& function, std::size_t max_job);
/// The framing between the pool and serve_function().
AnyFilter function_filter(std::size_t max_job);
inline constexpr char kAnswered = '+';
inline constexpr char kThrew = '-';

}  // namespace poe
