// SPDX-License-Identifier: MIT
#include "drive.hpp"

#include <dlfcn.h>
#include <poll.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <stdexcept>
#include <utility>

#include "hosts.hpp"

namespace poe::bench {

namespace {

template <class T>
T value_of(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message());
  return std::move(*result);
}

void drive_guest(const Run& run, Kernel& kernel, Fn<void()> begin) {
  HostProgram host(run.loop);
  Guest guest = value_of(kernel.attach(host.address(run.loop)));
  begin();
  guest.on_finished([&] { host.stop(); });
  host.run();
  guest.detach();
}

/// A host that knows nothing but work that is sent to its thread.
class WorkQueue {
 public:
  void send(Fn<void()> work) {
    {
      const std::lock_guard lock(mutex_);
      works_.push_back(std::move(work));
    }
    some_.notify_one();
  }
  void run_one() {
    std::unique_lock lock(mutex_);
    some_.wait(lock, [&] { return !works_.empty(); });
    Fn<void()> work = std::move(works_.front());
    works_.pop_front();
    lock.unlock();
    work();
  }

 private:
  std::mutex mutex_;
  std::condition_variable some_;
  std::deque<Fn<void()>> works_;
};

void drive_bridge(Kernel& kernel) {
  WorkQueue queue;
  bool done = false;
  Bridge bridge = value_of(kernel.bridge([&](Fn<void()> work) { queue.send(std::move(work)); }));
  bridge.on_finished([&] { done = true; });
  while (!done) queue.run_one();
}

void drive_embedded(Kernel& kernel) {
  while (value_of(kernel.run_one_timeslice(Duration(0)))) {
    const Pollable at = value_of(kernel.pollable());
    pollfd fd{at.fd, at.poll_events(), 0};
    static_cast<void>(::poll(&fd, 1, at.poll_ms(std::chrono::steady_clock::now())));
  }
}

}  // namespace

HostProgram::HostProgram(const std::string& loop) {
  void* const module = dlopen(host_module(loop).c_str(), RTLD_NOW | RTLD_LOCAL);
  void* const entry = module != nullptr ? dlsym(module, POE_KIT_HOST_ENTRY) : nullptr;
  if (entry == nullptr) throw std::runtime_error("no host program for " + loop);
  table_ = reinterpret_cast<decltype(&poe_kit_host_entry)>(entry)();
  host_ = table_->make();
  if (host_ == nullptr) throw std::runtime_error(std::string("cannot make a host of ") + table_->name);
}

void HostProgram::run() {
  constexpr std::int64_t kLimit = 100'000'000'000;  // ns; the run itself is ended before
  if (table_->run(host_, kLimit) < 0) throw std::runtime_error(std::string("cannot run ") + table_->name);
}

void drive(const Run& run, Kernel& kernel, Fn<void()> begin) {
  if (run.mode == Mode::guest) return drive_guest(run, kernel, std::move(begin));
  begin();
  switch (run.mode) {
    case Mode::bridge:
      return drive_bridge(kernel);
    case Mode::embed:
      return drive_embedded(kernel);
    default:
      return run_to_end(kernel);
  }
}

}  // namespace poe::bench
