// SPDX-License-Identifier: MIT
// A host that cannot watch descriptors, and knows one door for other threads: "run this in your loop", as SDL,
// Windows' message queues and most game engines have. A helper thread waits; the sessions run on the host's thread.
#include <poll.h>

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <deque>
#include <mutex>
#include <semaphore>
#include <thread>

#include "poe/coroutine.hpp"
#include "poe/open.hpp"

using namespace std::chrono_literals;

static poe::Task<> ticker(poe::Self& self) {
  for (int n = 1; n <= 3; ++n) {
    const auto slept = co_await self.sleep(20ms);
    if (!slept) co_return;
    std::printf("session: tick %d\n", n);
  }
}

/// The host, which knows nothing of us.
class MessageLoop {
 public:
  void post(poe::Fn<void()> message) {  // any thread
    const std::lock_guard lock(mutex_);
    messages_.push_back(std::move(message));
    came_.notify_one();
  }
  void quit() { quit_ = true; }
  void run() {
    while (!quit_) next()();
  }

 private:
  poe::Fn<void()> next() {
    std::unique_lock lock(mutex_);
    came_.wait(lock, [this] { return !messages_.empty(); });
    auto message = std::move(messages_.front());
    messages_.pop_front();
    return message;
  }
  std::mutex mutex_;
  std::condition_variable came_;
  std::deque<poe::Fn<void()>> messages_;
  bool quit_ = false;
};

/// The bridge. The kernel belongs to the host's thread; the helper only waits for its descriptor and its deadline, asks
/// for a slice, and waits until that is over. Callbacks of the host reach sessions through Address::post(), which wakes
/// the helper as any thread's post does.
class Bridge {
 public:
  Bridge(poe::Kernel& kernel, MessageLoop& host, poe::Fn<void()> finished)
      : kernel_(kernel), host_(host), finished_(std::move(finished)), at_(*kernel.pollable()), helper_([this] {
          wait();
        }) {}

 private:
  void wait() {  // on the helper's thread
    while (more_) {
      pollfd fd{at_.fd, POLLIN, 0};
      poll(&fd, 1, wait_ms());
      host_.post([this] { slice(); });
      done_.acquire();
    }
  }
  int wait_ms() const {
    const auto now = std::chrono::steady_clock::now();
    if (at_.deadline == poe::TimePoint::max()) return -1;
    if (at_.deadline <= now) return 0;
    return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(at_.deadline - now).count());
  }
  void slice() {  // on the host's
    const auto ran = kernel_.run_one_timeslice(0ns);
    if (!ran) std::fprintf(stderr, "in_bridge: %s\n", ran.error().report().c_str());
    more_ = ran && *ran;
    if (more_) at_ = *kernel_.pollable();
    const bool over = !more_;
    done_.release();
    if (over) finished_();
  }

  poe::Kernel& kernel_;
  MessageLoop& host_;
  poe::Fn<void()> finished_;
  poe::Pollable at_;  // this and the next: the side's that has the turn
  bool more_ = true;
  std::binary_semaphore done_{0};
  std::jthread helper_;  // last: it uses all above
};

int main() {
  MessageLoop host;
  auto kernel = poe::open_kernel({.loop = "epoll"});
  if (!kernel) return std::fprintf(stderr, "in_bridge: %s\n", kernel.error().report().c_str()), 1;
  kernel->spawn(ticker);
  if (const auto can = kernel->pollable(); !can)
    return std::fprintf(stderr, "in_bridge: %s\n", can.error().report().c_str()), 1;
  const Bridge bridge(*kernel, host, [&] {
    std::puts("host: the sessions have ended, I go on");
    host.post([&] { host.quit(); });
  });
  host.run();
  std::puts("host: the end");
}
