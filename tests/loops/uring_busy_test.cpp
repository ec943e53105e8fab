// SPDX-License-Identifier: MIT
//
// An io_uring that takes nothing more until completions have been taken: the loop goes on, and loses nothing. The calls
// of liburing that submit are this program's own, in front of the library's.
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <liburing.h>
#include <poe/loop_kit.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <set>
#include <string>

#include "built_loop.hpp"

namespace {

bool busy = false;  // the system's answer to all submissions

template <class F>
F* next(const char* name) {
  return reinterpret_cast<F*>(dlsym(dlopen("liburing.so.2", RTLD_LAZY), name));
}

}  // namespace

extern "C" __attribute__((visibility("default"))) int io_uring_submit(io_uring* ring) {
  return busy ? -EBUSY : next<int(io_uring*)>("io_uring_submit")(ring);
}
extern "C" __attribute__((visibility("default"))) int io_uring_submit_and_wait(io_uring* ring, unsigned count) {
  return busy ? -EBUSY : next<int(io_uring*, unsigned)>("io_uring_submit_and_wait")(ring, count);
}
extern "C" __attribute__((visibility("default"))) int io_uring_submit_and_wait_timeout(
    io_uring* ring, io_uring_cqe** first, unsigned count, __kernel_timespec* limit, sigset_t* mask) {
  using F = int(io_uring*, io_uring_cqe**, unsigned, __kernel_timespec*, sigset_t*);
  return busy ? -EBUSY : next<F>("io_uring_submit_and_wait_timeout")(ring, first, count, limit, mask);
}

namespace poe::test {
namespace {

constexpr std::int64_t kMs = 1'000'000;
constexpr std::size_t kWatches = 400;  // more than the ring has entries

struct Heard {
  std::set<std::uint64_t> tokens;
  bool woken = false;
  int errors = 0;
  std::string text;
};

Heard& at(void* heard) { return *static_cast<Heard*>(heard); }

poe_host host_of(Heard& heard) {
  poe_host host{};
  host.struct_size = sizeof host;
  host.ctx = &heard;
  host.ready = [](void* h, std::uint64_t token, std::uint32_t) { at(h).tokens.insert(token); };
  host.turn = [](void* h, std::uint32_t reasons) { at(h).woken |= (reasons & POE_TURN_WOKEN) != 0; };
  host.closed = [](void*) {};
  host.error = [](void* h, std::uint64_t, std::int32_t, std::int32_t, const char* text) {
    ++at(h).errors;
    at(h).text = text;
  };
  return host;
}

class BusyUring : public testing::Test {
 protected:
  void SetUp() override {
    std::string why;
    const poe_loop_plugin* plugin = open_plugin("uring", why);
    ASSERT_NE(plugin, nullptr) << why;
    ops = plugin->ops;
    poe_create how{};
    how.struct_size = sizeof how;
    how.host = &host;
    ASSERT_EQ(ops->create(&how, &loop), 0) << heard.text;
    for (std::array<int, 2>& ends : pipes) {
      ASSERT_EQ(pipe(ends.data()), 0);
      ASSERT_EQ(write(ends[1], "x", 1), 1);
    }
  }
  void TearDown() override {
    busy = false;
    ops->close(loop);
    ops->step(loop, 0);
    for (const std::array<int, 2>& ends : pipes) close(ends[0]), close(ends[1]);
  }
  void watch_all() {
    for (std::size_t i = 0; i < kWatches; ++i) ASSERT_EQ(ops->watch(loop, pipes[i][0], POE_READ, i + 1), 0);
  }
  void step(int times) {
    for (int i = 0; i < times; ++i) ASSERT_GE(ops->step(loop, kMs), 0) << heard.text;
  }

  Heard heard;
  poe_host host = host_of(heard);
  const poe_loop_ops* ops = nullptr;
  poe_loop* loop = nullptr;
  std::array<std::array<int, 2>, kWatches> pipes{};
};

TEST_F(BusyUring, WatchesWaitUntilThereIsRoom) {
  watch_all();
  busy = true;
  ASSERT_NO_FATAL_FAILURE(step(3));
  EXPECT_TRUE(heard.tokens.empty());
  busy = false;
  ASSERT_NO_FATAL_FAILURE(step(10));
  EXPECT_EQ(heard.tokens.size(), kWatches);
}

TEST_F(BusyUring, AWakeIsNotLost) {
  step(1);  // polls the waker
  watch_all();
  busy = true;
  step(1);  // fills the ring
  ops->wake(loop);
  step(1);
  ASSERT_TRUE(heard.woken);
  heard.woken = false;
  step(1);  // no room to poll the waker again
  busy = false;
  ops->wake(loop);
  ASSERT_NO_FATAL_FAILURE(step(10));
  EXPECT_TRUE(heard.woken);
  EXPECT_EQ(heard.tokens.size(), kWatches);
}

// No more than that: a descriptor that cannot be polled neither spins nor holds up the others.
TEST_F(BusyUring, ABrokenWatchIsSaidOnce) {
  const int fd = dup(pipes[0][0]);
  ASSERT_EQ(ops->watch(loop, fd, POE_READ, 1), 0);
  ASSERT_EQ(ops->watch(loop, pipes[1][0], POE_READ, 2), 0);
  close(fd);  // before it is polled
  ASSERT_NO_FATAL_FAILURE(step(5));
  EXPECT_EQ(heard.errors, 1) << heard.text;
  EXPECT_EQ(heard.tokens, std::set<std::uint64_t>{2});
  EXPECT_EQ(ops->watch(loop, fd, 0, 0), 0);
}

}  // namespace
}  // namespace poe::test
