// SPDX-License-Identifier: MIT
//
// ProcessPool: the handles, and the way of a job through the pool.
#include "poe/components/process_pool.hpp"

#include <algorithm>
#include <stdexcept>

#include "poe/components/process_pool_awaits.hpp"
#include "poe/kernel.hpp"
#include "process_pool_core.hpp"

namespace poe {

// ---- ProcessJob

ProcessJob::ProcessJob() noexcept = default;
ProcessJob::ProcessJob(std::shared_ptr<PooledJob> job) noexcept : job_(std::move(job)) {}
ProcessJob::ProcessJob(ProcessJob&&) noexcept = default;
ProcessJob& ProcessJob::operator=(ProcessJob&& other) noexcept {
  if (this != &other) {
    cancel();
    job_ = std::move(other.job_);
  }
  return *this;
}
ProcessJob::~ProcessJob() { cancel(); }
ProcessJob::operator bool() const noexcept { return job_ != nullptr && job_->open; }

void ProcessJob::cancel() noexcept {
  const auto job = std::move(job_);
  if (job == nullptr || !std::exchange(job->open, false)) return;
  job->session.cancel();
  if (const auto pool = job->pool.lock()) pool->cancelled(*job);
}

// ---- ProcessPool

ProcessPool::ProcessPool() noexcept = default;
ProcessPool::ProcessPool(Self& self, ProcessPoolOptions options)
    : core_(std::make_shared<ProcessPoolCore>(self, std::move(options))) {
  core_->begin();
}
ProcessPool::ProcessPool(ProcessPool&&) noexcept = default;
ProcessPool& ProcessPool::operator=(ProcessPool&& other) noexcept {
  if (this != &other) {
    const auto former = std::exchange(core_, std::move(other.core_));
    if (former != nullptr) former->close();
  }
  return *this;
}
ProcessPool::~ProcessPool() {
  if (core_ != nullptr) core_->close();  // which one of its callbacks may still hold
}

Result<ProcessJob> ProcessPool::run(std::string job, Fn<void(Answer)> done) {
  if (core_ == nullptr) return failure(Errc::closed, "run", "a job", "there is no ProcessPool");
  auto started = core_->start(std::move(job), std::move(done), false);
  if (!started) return failure(started.error());
  return ProcessJob(std::move(*started));
}

Result<ProcessJob> ProcessPool::run(std::string job, const Event<Answer>& event) {
  if (core_ == nullptr) return run(std::move(job), Fn<void(Answer)>());
  Self& self = core_->self();
  return run(std::move(job), [&self, &event](Answer answer) { self.yield(event, std::move(answer)); });
}

ProcessAnswer ProcessPool::run(std::string job) { return {core_, std::move(job)}; }

std::size_t ProcessPool::waiting() const noexcept { return core_ != nullptr ? core_->waiting() : 0; }
std::size_t ProcessPool::busy() const noexcept { return core_ != nullptr ? core_->busy() : 0; }
std::vector<std::int64_t> ProcessPool::pids() const {
  return core_ != nullptr ? core_->pids() : std::vector<std::int64_t>();
}
void ProcessPool::drain() {
  if (const auto kept = core_) kept->drain();
}
void ProcessPool::shutdown() {
  if (const auto kept = core_) kept->shutdown();
}

// ---- ProcessAnswer

bool ProcessAnswer::begin() {
  const auto pool = pool_.lock();
  if (pool == nullptr) return refuse(Error(Errc::closed, "run", "a job", "the ProcessPool is gone, or was never made"));
  auto started = pool->start(
      std::move(record_), [this](ProcessPool::Answer answer) { give(std::move(answer)); }, true);
  if (!started) return refuse(std::move(started.error()));
  pend();
  job_ = ProcessJob(std::move(*started));
  return true;
}

void ProcessAnswer::end() noexcept { job_.cancel(); }
std::string ProcessAnswer::describe() const { return "the answer of a child process"; }

void ProcessAnswer::give(Result<std::string> answer) noexcept {
  if (!answer) return fail(std::move(answer.error()));
  value_ = std::move(*answer);
  finish(Ending::done);
}

// ---- jobs

Result<ProcessPoolCore::Job> ProcessPoolCore::start(std::string record, Fn<void(ProcessPool::Answer)> done,
                                                    bool always_told) {
  if (closed_ || draining_) return failure(Errc::closed, "run", "a job in " + name(), "the pool was shut down");
  if (record.size() > options_.max_job) {
    return failure(Errc::limit, "run", "a job in " + name(),
                   "it has " + std::to_string(record.size()) + " octets, more than max_job",
                   "raise ProcessPoolOptions::max_job, or send the name of a file");
  }
  if (waiting_.size() >= options_.queue_limit) {
    return failure(Errc::limit, "run", "a job in " + name(),
                   std::to_string(waiting_.size()) + " jobs wait already, as many as may",
                   "ask again when some are done, or make the pool with more processes or a longer queue");
  }
  auto job = std::make_shared<PooledJob>();
  job->pool = weak_from_this();
  job->record = std::move(record);
  job->done = std::move(done);
  job->session = self_.keep_alive("waits for an answer of " + name());
  job->always_told = always_told;
  waiting_.push_back(job);
  self_.defer([self = shared_from_this()] { self->pump(); });  // never calls back from inside run()
  return job;
}

void ProcessPoolCore::pump() {
  const auto alive = shared_from_this();
  while (is_heard() && !waiting_.empty()) {
    Place* const place = free_place();
    if (place == nullptr) return;
    const Job job = std::move(waiting_.front());
    waiting_.pop_front();
    if (!give(*place->child, job)) continue;
    if (place->child->jobs.size() == 1) arm(*place->child);
  }
  look_for_end();
}

// The one with the fewest jobs, of those that may have another one.
ProcessPoolCore::Place* ProcessPoolCore::free_place() noexcept {
  Place* best = nullptr;
  for (Place& place : places_) {
    if (place.child == nullptr || place.child->ending || place.child->jobs.size() >= options_.pipeline) continue;
    if (options_.max_jobs != 0 && place.child->given >= options_.max_jobs) continue;
    if (best == nullptr || place.child->jobs.size() < best->child->jobs.size()) best = &place;
  }
  return best;
}

bool ProcessPoolCore::give(Child& child, const Job& job) {
  const auto put = child.wheel.put(job->record);
  if (put) {
    job->record = std::string();
    ++child.given;
    child.jobs.push_back(job);
    return true;
  }
  if (put.error().code() != Errc::closed) {
    settle(job, failure(put.error()));
    return false;
  }
  waiting_.push_front(job);  // nothing of it went out: that child is about to end
  child_failed(child, put.error());
  return false;
}

void ProcessPoolCore::arm(Child& child) {
  if (child.ending) return;
  child.limit.cancel();
  if (child.jobs.empty() || options_.job_limit == kForever) return;
  child.limit = self_.after(options_.job_limit, [this, &child] { too_slow(child); });
}

void ProcessPoolCore::too_slow(Child& child) {
  const auto alive = shared_from_this();
  Place* const place = place_of(child);
  if (place == nullptr) return;
  const std::string who = "process " + std::to_string(child.wheel.pid()) + " of " + name();
  std::deque<Job> jobs = std::exchange(child.jobs, {});
  const Job slow = std::move(jobs.front());
  jobs.pop_front();
  retire(*place, true);
  settle(slow, failure(Errc::timed_out, "wait for", "an answer of " + who, "its time was up, so it was killed",
                       "raise ProcessPoolOptions::job_limit if jobs may take longer"));
  settle_all(std::move(jobs), Error(Errc::closed, "wait for", "an answer of " + who, "a job before it took too long"));
  if (is_heard() && place->child == nullptr && wants_children()) launch(*place);
  pump();
}

void ProcessPoolCore::cancelled(const PooledJob& job) {
  if (closed_) return;
  const auto same = [&](const Job& one) { return one.get() == &job; };
  if (std::erase_if(waiting_, same) != 0) {
    if (draining_) self_.defer([self = shared_from_this()] { self->look_for_end(); });
    return;
  }
  if (!options_.kill_cancelled || self_.stop_requested()) return;
  self_.defer([self = shared_from_this()] {
    for (Place& place : self->places_) {
      if (!self->is_heard() || place.child == nullptr || place.child->jobs.empty()) continue;
      const auto& jobs = place.child->jobs;
      if (std::any_of(jobs.begin(), jobs.end(), [](const Job& one) { return one->open; })) continue;
      self->retire(place, true);
      if (self->wants_children()) self->launch(place);
    }
    self->pump();
  });
}

// ---- ends

void ProcessPoolCore::settle(const Job& job, ProcessPool::Answer answer) {
  if (!std::exchange(job->open, false)) return;
  const KeepAlive session = std::move(job->session);  // until the callback has returned
  auto done = std::move(job->done);
  if (done && (is_heard() || job->always_told)) done(std::move(answer));
}

void ProcessPoolCore::settle_all(std::deque<Job> jobs, const Error& why) {
  for (const Job& job : jobs) settle(job, failure(why));
}

void ProcessPoolCore::drain() {
  draining_ = true;
  self_.defer([self = shared_from_this()] { self->pump(); });
}

void ProcessPoolCore::shutdown() {
  draining_ = true;
  std::deque<Job> jobs = std::exchange(waiting_, {});
  for (Place& place : places_) {
    if (place.child == nullptr) continue;
    auto& had = place.child->jobs;
    const bool kill = !had.empty();
    std::move(had.begin(), had.end(), std::back_inserter(jobs));
    had.clear();
    retire(place, kill);
  }
  self_.defer([self = shared_from_this(), jobs = std::move(jobs)]() mutable {
    self->settle_all(std::move(jobs),
                     Error(Errc::cancelled, "run", "a job in " + self->name(), "the pool was shut down"));
    self->look_for_end();
  });
}

void ProcessPoolCore::close() noexcept {
  if (std::exchange(closed_, true)) return;
  std::deque<Job> jobs = std::exchange(waiting_, {});
  for (Place& place : places_) {
    if (place.child != nullptr) std::move(place.child->jobs.begin(), place.child->jobs.end(), std::back_inserter(jobs));
    place.child.reset();  // the places stay: one of them may be about to get a child, see launch()
    place.again.cancel();
  }
  retired_.clear();
  for (const Job& job : jobs) {
    if (job->always_told) continue;
    job->open = false;
    job->session.cancel();
  }
  settle_all(std::move(jobs), Error(Errc::closed, "run", "a job in " + name(), "the ProcessPool is gone"));
}

void ProcessPoolCore::look_for_end() {
  if (!draining_ || !is_heard() || ended_) return;
  if (!waiting_.empty() || busy() != 0) return;
  stop_children();
  if (!retired_.empty()) return;
  ended_ = true;
  for (Place& place : places_) place.again.cancel();
  if (options_.on_ended) options_.on_ended();
}

std::size_t ProcessPoolCore::busy() const noexcept {
  std::size_t sum = 0;
  for (const Place& place : places_) sum += place.child != nullptr ? place.child->jobs.size() : 0;
  return sum;
}

}  // namespace poe
