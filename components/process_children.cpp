// SPDX-License-Identifier: MIT
//
// ProcessPool: its children, from their start to their end.
#include <algorithm>
#include <csignal>
#include <stdexcept>

#include "poe/kernel.hpp"
#include "process_pool_core.hpp"

namespace poe {
namespace {

std::string told(const ExitStatus& how) {
  if (how.signal != 0) return "it was ended by signal " + std::to_string(how.signal);
  return "it ended with code " + std::to_string(how.code);
}

}  // namespace

ProcessPoolCore::ProcessPoolCore(Self& self, ProcessPoolOptions options) : self_(self), options_(std::move(options)) {
  if (options_.command.empty() != static_cast<bool>(options_.function)) {
    throw std::invalid_argument("ProcessPool: give either a program or a function");
  }
  options_.processes = std::max(options_.processes, 1U);
  options_.pipeline = std::max<std::size_t>(options_.pipeline, 1);
  if (options_.function) {
    function_ = std::make_shared<const ProcessPoolOptions::Function>(std::move(options_.function));
    options_.filter = function_filter(options_.max_job);
  } else if (!options_.filter) {
    LineOptions lines;
    lines.refuse_embedded = true;
    lines.max_length = options_.max_job;
    options_.filter = lines;
  }
  const auto seed = static_cast<std::uint64_t>(self.now().time_since_epoch().count());
  for (unsigned i = 0; i < options_.processes; ++i) places_.emplace_back(options_.backoff, seed + i);
}

void ProcessPoolCore::begin() {
  for (Place& place : places_) launch(place);
}

// `prepare` may drop the pool.
void ProcessPoolCore::launch(Place& place) {
  const auto alive = shared_from_this();
  auto child = std::make_unique<Child>();
  RunOptions options = options_for(*child);
  if (options_.prepare) options_.prepare(options);
  if (closed_) return;
  child->wheel = Run(self_, std::move(options));
  if (const auto& why = child->wheel.start_error()) {
    const Error kept = *why;
    place.child.reset();
    return replace_later(place, kept);
  }
  place.child = std::move(child);
}

RunOptions ProcessPoolCore::options_for(Child& child) {
  RunOptions options = function_ == nullptr ? RunOptions(options_.command)
                                            : RunOptions::call([function = function_, most = options_.max_job] {
                                                return serve_function(*function, most);
                                              });
  options.stdin_filter = options_.filter.clone();
  options.stdout_filter = options_.filter.clone();
  options.output_limit = std::max((options_.max_job + 64) * options_.pipeline, std::size_t{64} << 10);
  options.deliver_unfinished = false;  // half an answer is none
  options.signal_on_drop = SIGKILL;
  options.on_stdout = [this, &child](std::string_view record) { answered(child, record); };
  options.on_error = [this, &child](ChildStream where, const Error& error) { input_broke(child, where, error); };
  options.on_exit = [this, &child](const ExitStatus& how) { ended(child, how); };
  if (options_.on_stderr) {
    options.on_stderr = [this, &child](std::string_view line) {
      const auto alive = shared_from_this();
      options_.on_stderr(child.wheel.pid(), line);
    };
  }
  return options;
}

void ProcessPoolCore::answered(Child& child, std::string_view record) {
  const auto alive = shared_from_this();
  if (child.retired) return;
  if (child.jobs.empty()) {
    return child_failed(child, Error(Errc::protocol, "read", "from process " + std::to_string(child.wheel.pid()),
                                     "it said what nobody had asked for"));
  }
  const Job job = std::move(child.jobs.front());
  child.jobs.pop_front();
  ProcessPool::Answer answer = decoded(record);  // now: launch() may end with no child that has it
  failures_ = 0;
  arm(child);
  Place* const place = place_of(child);
  place->backoff.reset();
  if (options_.max_jobs != 0 && child.given >= options_.max_jobs && child.jobs.empty()) {
    retire(*place, false);
    if (wants_children()) launch(*place);
  }
  settle(job, std::move(answer));
  pump();
}

// What its filter refuses leaves nobody knowing whose answer comes next.
void ProcessPoolCore::input_broke(Child& child, ChildStream where, const Error& error) {
  if (child.retired || where == ChildStream::errors || where == ChildStream::none) return;
  if (where == ChildStream::input || error.code() == Errc::end_of_file) return await_end(child, error);
  child_failed(child, error);
}

// Mostly the end of the child itself follows, which says why. If not, it is of no use.
void ProcessPoolCore::await_end(Child& child, const Error& why) {
  if (std::exchange(child.ending, true)) return;
  child.limit = self_.after(options_.stop_limit, [this, &child, error = why]() mutable {
    const Error kept = std::move(error);  // the timer goes with the child
    child_failed(child, kept);
  });
}

void ProcessPoolCore::ended(Child& child, const ExitStatus& how) {
  const auto alive = shared_from_this();
  if (!child.retired) {
    child_failed(child, Error(Errc::closed, "wait for",
                              "process " + std::to_string(child.wheel.pid()) + " of " + name(), told(how)));
  }
  if (!is_heard()) return;
  retired_.remove_if([&](const auto& one) { return one.get() == &child; });
  look_for_end();
}

// It ended, or has to.
void ProcessPoolCore::child_failed(Child& child, const Error& why) {
  const auto alive = shared_from_this();
  Place* const place = place_of(child);
  if (place == nullptr) return;
  const Error cause(Errc::closed, "wait for", "an answer of " + name(), why.reason());
  std::deque<Job> jobs = std::exchange(child.jobs, {});
  retire(*place, true);
  replace_later(*place, why);
  settle_all(std::move(jobs), cause);
  pump();
}

void ProcessPoolCore::replace_later(Place& place, const Error& why) {
  if (!wants_children()) return;
  log().write(LogLevel::warning, "process pool: " + why.message());
  ++failures_;
  const auto index = static_cast<std::size_t>(&place - places_.data());
  place.again = self_.after(place.backoff.next(), [this, index] {
    const auto alive = shared_from_this();
    alive->launch(alive->places_[index]);  // not `this`: the timer may go meanwhile
    alive->pump();
  });
  const bool none = std::all_of(places_.begin(), places_.end(), [](const Place& one) { return one.child == nullptr; });
  if (!none || failures_ < options_.give_up_after) return;
  self_.defer([self = shared_from_this(), why] {
    self->settle_all(std::exchange(self->waiting_, {}), why);
    self->look_for_end();
  });
}

// Out of its place: nothing it says is heard any more.
void ProcessPoolCore::retire(Place& place, bool kill) {
  Child& child = *place.child;
  child.retired = true;
  child.limit.cancel();
  retired_.push_back(std::move(place.child));
  if (kill) {
    static_cast<void>(child.wheel.kill(SIGKILL));  // may have ended by itself
    return;
  }
  child.wheel.shutdown_stdin();
  child.limit = self_.after(options_.stop_limit, [&child] { static_cast<void>(child.wheel.kill(SIGKILL)); });
}

void ProcessPoolCore::stop_children() {
  for (Place& place : places_) {
    place.again.cancel();
    if (place.child != nullptr) retire(place, false);
  }
}

ProcessPoolCore::Place* ProcessPoolCore::place_of(const Child& child) noexcept {
  const auto found =
      std::find_if(places_.begin(), places_.end(), [&](const Place& one) { return one.child.get() == &child; });
  return found != places_.end() ? &*found : nullptr;
}

std::vector<std::int64_t> ProcessPoolCore::pids() const {
  std::vector<std::int64_t> all;
  for (const Place& place : places_) {
    if (place.child != nullptr) all.push_back(place.child->wheel.pid());
  }
  for (const auto& child : retired_) all.push_back(child->wheel.pid());
  return all;
}

LogSink& ProcessPoolCore::log() const noexcept { return options_.log != nullptr ? *options_.log : stderr_log(); }
std::string ProcessPoolCore::name() const {
  return function_ != nullptr ? "a function's ProcessPool" : "a ProcessPool of \"" + options_.command.front() + "\"";
}

}  // namespace poe
