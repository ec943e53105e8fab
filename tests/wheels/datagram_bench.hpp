// SPDX-License-Identifier: MIT
//
// A bench for DatagramSocket: a session with one wheel, bare sockets around it, and a log of what the wheel said. The
// test drives the kernel by hand, so it says when something happens.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <string>
#include <string_view>
#include <utility>

#include "poe/wheels/datagram.hpp"
#include "wheel_bench.hpp"

namespace poe::test {

using DatagramBench = WheelHolder<DatagramSocket>;

class DatagramRig {
 public:
  explicit DatagramRig(const std::string& loop)
      : simulated(loop == "sim"), kernel(std::make_unique<OneLoop>(loop_plugin(loop)), quiet()) {
    id = kernel.spawn<DatagramBench>();
  }

  const poe_sys& sys() { return **kernel.system(); }

  template <class F>
  void as_session(F f) {
    const auto done = kernel.with<DatagramBench>(id, f);
    ASSERT_TRUE(done) << done.error().report();
  }
  template <class F>
  void with_wheel(F f) {
    as_session([&](DatagramBench& bench) { f(bench.wheel); });
  }
  void make(DatagramOptions options) {
    as_session([&](DatagramBench& bench) { bench.wheel = DatagramSocket(bench, std::move(options)); });
  }
  SocketAddress own_address() {
    SocketAddress address;
    with_wheel([&](DatagramSocket& wheel) { address = *wheel.local_address(); });
    return address;
  }
  Result<Sent> put(std::string_view bytes, const SocketAddress& peer) {
    Result<Sent> result = failure(Errc::closed, "put");
    with_wheel([&](DatagramSocket& wheel) { result = wheel.put(bytes, peer); });
    return result;
  }

  void slice() {
    const auto ran = kernel.run_one_timeslice(std::chrono::milliseconds(1));
    ASSERT_TRUE(ran) << ran.error().report();
  }
  /// Runs until nothing happens any more.
  void settle() {
    for (int quiet = 0; quiet < 3; ++quiet) {
      const auto before = kernel.counts();
      slice();
      if (kernel.counts().events != before.events || kernel.counts().reports != before.reports) quiet = -1;
    }
  }
  /// Runs until so many lines are in the log; gives up after some seconds.
  void until_logged(std::size_t lines) {
    for (int i = 0; i < 5000 && log.size() < lines; ++i) slice();
    EXPECT_GE(log.size(), lines);
  }

  /// A bare socket.
  Fd raw(const SocketAddress& local) {
    Fd socket(sys().socket(sys().ctx, local.family(), SOCK_DGRAM, 0), &sys());
    EXPECT_EQ(sys().bind(sys().ctx, socket.get(), local.data(), local.size()), 0) << local.to_string();
    return socket;
  }
  Fd raw() { return raw(SocketAddress::loopback(AF_INET, 0)); }
  SocketAddress address_of(const Fd& socket) {
    sockaddr_storage at{};
    std::uint32_t size = sizeof at;
    EXPECT_EQ(sys().getsockname(sys().ctx, socket.get(), &at, &size), 0);
    return SocketAddress::from_raw(&at, size);
  }
  /// An address where nobody is, and which the system gives to nobody who does not ask for it.
  SocketAddress nobody() { return address_of(raw(*SocketAddress::ip("127.0.0.77", 0))); }
  SocketAddress abstract(const std::string& name) {
    return *SocketAddress::parse("@poe-" + name + "-" + std::to_string(getpid()));
  }

  void say(const Fd& from, std::string_view bytes, const SocketAddress& to) {
    const poe_iovec part{const_cast<char*>(bytes.data()), bytes.size()};
    const poe_message message{sizeof message, 0, const_cast<sockaddr*>(to.data()), to.size(), 1, &part};
    ASSERT_EQ(sys().sendmsg(sys().ctx, from.get(), &message), static_cast<std::int64_t>(bytes.size()));
  }
  /// All that a bare socket can receive now.
  Log hear(const Fd& socket) {
    Log all;
    char room[4096];
    const poe_iovec part{room, sizeof room};
    for (;;) {
      poe_message message{sizeof message, 0, nullptr, 0, 1, &part};
      const std::int64_t got = sys().recvmsg(sys().ctx, socket.get(), &message);
      if (got < 0) return all;
      all.emplace_back(room, static_cast<std::size_t>(got));
    }
  }

  /// Options whose callbacks write into `log`.
  DatagramOptions logging(DatagramOptions options) {
    options.on_datagram = [this](std::string_view bytes, const SocketAddress& peer) {
      last_peer = peer;
      note("datagram " + std::string(bytes));
    };
    options.on_error = [this](const Error& error) {
      last_subject = error.subject();
      note("error " + error.operation() + " " +
           (error.number() != 0 ? std::to_string(error.number()) : std::string(to_string(error.code()))));
    };
    options.on_flushed = [this] { note("flushed"); };
    return options;
  }
  DatagramOptions logging() { return logging(DatagramOptions::bind(SocketAddress::loopback(AF_INET, 0))); }
  void note(const std::string& what) {
    log.push_back(what);
    if (on_note) on_note(what);  // not log.back(): the log may grow inside
  }
  static std::string error_line(const char* step, int number) {
    return std::string("error ") + step + " " + std::to_string(number);
  }

  static KernelOptions quiet() {
    KernelOptions options;
    options.os_signals = false;
    return options;
  }

  bool simulated;
  std::function<void(const std::string&)> on_note;  // runs inside the callback
  Log log;
  SocketAddress last_peer;
  std::string last_subject;
  Kernel kernel;
  SessionId id;
};

class DatagramTestBase : public testing::TestWithParam<std::string>, public DatagramRig {
 public:
  DatagramTestBase() : DatagramRig(GetParam()) {}

 protected:
  /// While the test that its coroutines know is still whole.
  void TearDown() override { kernel.stop(); }
};

}  // namespace poe::test
