// SPDX-License-Identifier: MIT
// A host that cannot watch descriptors, and knows one door for other threads: "run this in your loop", as SDL,
// Windows' message queues and most game engines have. A helper thread waits; the sessions run on the host's thread.
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <deque>
#include <mutex>

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

int main() {
  MessageLoop host;
  auto kernel = poe::open_kernel({.loop = "epoll"});
  if (!kernel) return std::fprintf(stderr, "in_bridge: %s\n", kernel.error().report().c_str()), 1;
  kernel->spawn(ticker);
  auto bridge = kernel->bridge([&](poe::Fn<void()> work) { host.post(std::move(work)); });
  if (!bridge) return std::fprintf(stderr, "in_bridge: %s\n", bridge.error().report().c_str()), 1;
  bridge->on_finished([&] {
    std::puts("host: the sessions have ended, I go on");
    host.post([&] { host.quit(); });
  });
  host.run();
  std::puts("host: the end");
}
