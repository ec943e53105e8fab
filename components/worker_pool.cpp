// SPDX-License-Identifier: MIT
#include "poe/components/worker_pool.hpp"

#include <cxxabi.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "poe/kernel.hpp"
#include "poe/signals_blocked.hpp"

namespace poe {

/// The loop's side of a job: made, used and destroyed on the loop thread. Threads hold it weakly, and only pass it on.
struct Work::Request {
  Fn<void(void*)> done;
  KeepAlive session;
  std::stop_source stop;
  bool open = true;
};

Work::Work() noexcept = default;
Work::Work(std::shared_ptr<Request> request) noexcept : request_(std::move(request)) {}
Work::Work(Work&&) noexcept = default;
Work& Work::operator=(Work&& other) noexcept {
  if (this != &other) {
    cancel();
    request_ = std::move(other.request_);
  }
  return *this;
}
Work::~Work() { cancel(); }
Work::operator bool() const noexcept { return request_ != nullptr && request_->open; }
void Work::cancel() noexcept {
  if (request_ == nullptr) return;
  if (std::exchange(request_->open, false)) request_->stop.request_stop();
  request_.reset();
}

/// The threads' side. The pool joins them, so they use it by pointer.
struct WorkerPool::Pool {
  struct Task {
    std::unique_ptr<AnyJob> job;
    std::weak_ptr<Work::Request> request;
    std::stop_source stop;
    Address to;
  };
  struct Running {
    const AnyJob* job;
    std::stop_source stop;
    std::chrono::steady_clock::time_point since;
  };

  explicit Pool(WorkerPoolOptions how) : options(how) {
    options.threads = std::max(options.threads, 1u);
    const SignalsBlocked blocked;
    try {
      for (unsigned i = 0; i < options.threads; ++i) threads.emplace_back([this] { serve(); });
    } catch (...) {
      end();
      throw;
    }
  }

  void serve();
  void perform(Task task, std::unique_lock<std::mutex>& lock);
  static void send(Task task);
  Result<void> put(Task task);
  void end();
  void wait_for_threads(std::unique_lock<std::mutex>& lock);
  void report_stuck() const;

  WorkerPoolOptions options;
  const pid_t process = ::getpid();
  mutable std::mutex mutex;
  std::condition_variable came;  // work, or the end
  std::condition_variable went;  // a job is done
  std::deque<Task> tasks;        // this and all below: guarded by mutex
  std::vector<Running> running;
  bool closed = false;
  std::vector<std::jthread> threads;  // last: they use what is above. Touched by the owner alone.
};

void WorkerPool::Pool::serve() {
  std::unique_lock lock(mutex);
  for (;;) {
    came.wait(lock, [this] { return closed || !tasks.empty(); });
    if (tasks.empty()) return;
    Task task = std::move(tasks.front());
    tasks.pop_front();
    if (!task.stop.stop_requested()) {
      perform(std::move(task), lock);
      continue;
    }
    lock.unlock();  // cancelled while it waited; what it has captured ends without the lock
    { const Task gone = std::move(task); }
    lock.lock();
  }
}

void WorkerPool::Pool::perform(Task task, std::unique_lock<std::mutex>& lock) {
  const AnyJob* const job = task.job.get();
  running.push_back(Running{job, task.stop, std::chrono::steady_clock::now()});
  lock.unlock();
  try {
    task.job->work(task.stop.get_token());
  } catch (const abi::__forced_unwind&) {
    throw;
  } catch (...) {
    task.job->fail(Error::from_exception(std::current_exception(), "run work", "\"" + task.job->name + "\""));
  }
  lock.lock();
  std::erase_if(running, [&](const Running& one) { return one.job == job; });
  went.notify_all();
  lock.unlock();
  send(std::move(task));
  lock.lock();
}

// To the loop, where the request is opened, or has been cancelled. Fails once the kernel is gone: then there is nobody
// to tell.
void WorkerPool::Pool::send(Task task) {
  const Address to = task.to;
  static_cast<void>(to.defer([weak = std::move(task.request), job = std::move(task.job)] {
    const auto request = weak.lock();
    if (request == nullptr || !request->open) return;
    request->open = false;
    const KeepAlive session = std::move(request->session);  // until the callback has returned
    request->done(job->outcome());
  }));
}

Result<void> WorkerPool::Pool::put(Task task) {
  const std::string what = "\"" + task.job->name + "\"";
  const std::lock_guard lock(mutex);
  if (closed) return failure(Errc::closed, "run work", what, "the pool was shut down");
  std::erase_if(tasks, [](const Task& one) { return one.stop.stop_requested(); });
  if (tasks.size() >= options.queue_limit) {
    return failure(Errc::limit, "run work", what, std::to_string(tasks.size()) + " jobs wait already, as many as may",
                   "ask again when some are done, or make the pool with more threads or a longer queue");
  }
  tasks.push_back(std::move(task));
  came.notify_one();
  return {};
}

void WorkerPool::Pool::end() {
  if (::getpid() != process) {  // the child of a fork: there are no such threads here
    for (auto& thread : threads) thread.detach();
    return;
  }
  std::deque<Task> rest;
  {
    std::unique_lock lock(mutex);
    closed = true;
    rest = std::exchange(tasks, {});
    for (Running& one : running) one.stop.request_stop();
    came.notify_all();
    wait_for_threads(lock);
  }
  for (Task& task : rest) {
    task.job->fail(Error(Errc::cancelled, "run work", "\"" + task.job->name + "\"", "the pool was shut down"));
    send(std::move(task));
  }
  threads.clear();  // joins
}

void WorkerPool::Pool::wait_for_threads(std::unique_lock<std::mutex>& lock) {
  const auto idle = [this] { return running.empty(); };
  if (options.stuck_after == kForever) return;  // the join waits
  if (went.wait_for(lock, options.stuck_after, idle)) return;
  report_stuck();
}

void WorkerPool::Pool::report_stuck() const {
  LogSink& log = options.log != nullptr ? *options.log : stderr_log();
  for (const Running& one : running) {
    const auto time =
        std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - one.since);
    log.write(LogLevel::warning, "worker pool: the end waits for job \"" + one.job->name +
                                     "\", which has been running for " + std::to_string(time.count()) +
                                     " ms and does not heed its stop token");
  }
}

// ---- WorkerPool

WorkerPool::WorkerPool(WorkerPoolOptions options) : pool_(std::make_unique<Pool>(options)) {}
WorkerPool::WorkerPool(WorkerPool&&) noexcept = default;
WorkerPool::~WorkerPool() {
  shutdown();
  // A child of a fork may find the mutex locked by a thread it does not have: the parent's things are left alone.
  if (pool_ != nullptr && ::getpid() != pool_->process) static_cast<void>(pool_.release());
}

void WorkerPool::shutdown() {
  if (pool_ != nullptr) pool_->end();
}

std::size_t WorkerPool::waiting() const {
  const std::lock_guard lock(pool_->mutex);
  return static_cast<std::size_t>(std::count_if(pool_->tasks.begin(), pool_->tasks.end(),
                                                [](const auto& one) { return !one.stop.stop_requested(); }));
}

std::size_t WorkerPool::busy() const {
  const std::lock_guard lock(pool_->mutex);
  return pool_->running.size();
}

Result<Work> WorkerPool::submit(Self& self, std::unique_ptr<AnyJob> job, Fn<void(void*)> done) {
  auto request = std::make_shared<Work::Request>();
  request->done = std::move(done);
  request->session = self.keep_alive("waits for " + job->name);
  Pool::Task task{std::move(job), request, request->stop, self.address()};
  if (auto put = pool_->put(std::move(task)); !put) return failure(put.error());
  return Work(std::move(request));
}

}  // namespace poe
