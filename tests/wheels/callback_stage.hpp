// SPDX-License-Identifier: MIT
//
// A stage: one wheel in a session, something it has to say in each of its callbacks, and what can be done to it
// meanwhile. How the wheels' rigs become stages.
#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "datagram_bench.hpp"
#include "follow_tail_bench.hpp"
#include "poe/wheels/listen_accept.hpp"
#include "poe/wheels/socket_factory.hpp"
#include "read_write_bench.hpp"
#include "run_bench.hpp"
#include "wheel_bench.hpp"

namespace poe::test {

class Stage {
 public:
  virtual ~Stage() = default;
  /// Makes the wheel, and happen whatever it can tell of, in the order of its Scene.
  virtual void play() = 0;
  virtual void drop() = 0;
  virtual void move_away() = 0;
  /// By one that makes the same of what comes. False: this wheel has none.
  virtual bool swap_filter() { return false; }
  virtual void as_session(const std::function<void(Self&)>& work) = 0;
  virtual Kernel& the_kernel() = 0;
  virtual SessionId the_session() const = 0;
  virtual Log& the_log() = 0;
  /// `tell` runs inside each callback.
  virtual void tell(std::function<void(const std::string&)> tell) = 0;
};

/// Rig: with `kernel`, `id`, `log` and `on_note`, and a session WheelHolder<Wheel>.
template <class Rig, class Wheel>
class RigStage : public Stage, protected Rig {
 public:
  explicit RigStage(const std::string& loop) : Rig(loop) {}
  void drop() override {
    with([](Holder& holder) { holder.wheel = Wheel(); });
  }
  void move_away() override {
    with([this](Holder& holder) { elsewhere_ = std::move(holder.wheel); });
  }
  void as_session(const std::function<void(Self&)>& work) override {
    with([&](Holder& holder) { work(holder); });
  }
  Kernel& the_kernel() override { return this->kernel; }
  SessionId the_session() const override { return this->id; }
  Log& the_log() override { return this->log; }
  void tell(std::function<void(const std::string&)> tell) override { this->on_note = std::move(tell); }

 protected:
  using Holder = WheelHolder<Wheel>;
  template <class F>
  void with(F work) {
    const auto done = this->kernel.template with<Holder>(this->id, work);
    ASSERT_TRUE(done) << done.error().report();
  }
  /// The wheel, wherever it is; nullptr once it was dropped.
  Wheel* wheel() {
    if (elsewhere_) return &elsewhere_;
    Wheel* found = nullptr;
    if (this->kernel.alive(this->id)) with([&](Holder& holder) { found = holder.wheel ? &holder.wheel : nullptr; });
    return found;
  }
  template <class F>
  void with_wheel(F work) {
    if (Wheel* const at = wheel()) work(*at);
  }
  template <class Options>
  void make(Options options) {
    with([&](Holder& holder) { holder.wheel = Wheel(holder, std::move(options)); });
  }
  void slices(int count) {
    for (int i = 0; i < count; ++i) ASSERT_TRUE(this->kernel.run_one_timeslice(1ms));
  }

 private:
  Wheel elsewhere_;
};

class ReadWriteStage final : public RigStage<ReadWriteRig, ReadWrite> {
 public:
  using RigStage::RigStage;
  void play() override {
    ReadWriteOptions options = logging();
    options.high_water = 8;
    options.low_water = 4;
    RigStage::make(std::move(options));
    RigStage::with_wheel([](ReadWrite& w) { w.put("0123456789"); });
    settle();
    say("one\ntwo\n");
    settle();
    hear();  // closing with bytes unread would be a reset
    far.reset();
    settle();
  }
  bool swap_filter() override {
    RigStage::with_wheel([](ReadWrite& w) { w.set_filter(LineOptions("\n")); });
    return true;
  }
};

class DatagramStage final : public RigStage<DatagramRig, DatagramSocket> {
 public:
  using RigStage::RigStage;
  /// Two datagrams that come, one that is too long, and a full peer that is read later.
  void play() override {
    DatagramOptions options = logging(DatagramOptions::bind(abstract("wheel")));
    options.max_size = 1000;
    RigStage::make(std::move(options));
    const Fd far = raw(abstract("far"));
    for (int i = 0; i < 5000 && *put(std::string(900, 'x'), abstract("far")) == Sent::sent; ++i) {
    }
    for (const std::string& word : {std::string("one"), std::string(1001, 'x'), std::string("two")}) {
      say(far, word, abstract("wheel"));
    }
    settle();
    hear(far);
    slices(30);
  }
};

class RunStageRig : public RunRig {
 public:
  explicit RunStageRig(const std::string& loop) : RunRig(loop) { id = kernel.spawn<WheelHolder<Run>>(); }
};

class RunStage final : public RigStage<RunStageRig, Run> {
 public:
  using RigStage::RigStage;
  ~RunStage() override { EXPECT_TRUE(nobody_is_left()) << "a child was not reaped"; }
  /// A child that says something to each word it is told.
  void play() override {
    RunOptions options = logging_both(RunOptions::shell(
        "read a; read go; echo $a; read b; echo $b >&2; read c; exec >&-; read d; exec 2>&-; exit 3"));
    options.on_stdin_high = [this] { note("high"); };
    options.on_stdin_low = [this] { note("low"); };
    options.on_stdin_flushed = [this] { note("flushed"); };
    options.high_water = 4;
    options.low_water = 2;
    RigStage::make(std::move(options));
    say("first", "flushed");  // which may come a turn later: nothing is answered before
    say("go", "out first");
    say("b", "err b");
    say("c", "error out read 0");
    say("d", "");
    const auto limit = std::chrono::steady_clock::now() + 10s;
    while (!nobody_is_left() && std::chrono::steady_clock::now() < limit) slices(1);
    slices(5);
  }
  bool swap_filter() override {
    RigStage::with_wheel([](Run& run) { run.set_stdio_filter(LineOptions("\n")); });
    return true;
  }

 private:
  void say(const std::string& word, const std::string& until) {
    RigStage::with_wheel([&](Run& run) { static_cast<void>(run.put(word)); });
    const auto limit = std::chrono::steady_clock::now() + 10s;
    const auto heard = [&] { return std::find(log.begin(), log.end(), until) != log.end(); };
    while (wheel() != nullptr && !heard() && until != "" && std::chrono::steady_clock::now() < limit) slices(1);
  }
};

/// For wheels that make sockets.
template <class Wheel>
class SocketRig {
 public:
  explicit SocketRig(const std::string& loop) : kernel(std::make_unique<OneLoop>(loop_plugin(loop)), quiet()) {
    id = kernel.spawn<WheelHolder<Wheel>>();
  }
  void note(const std::string& what) {
    log.push_back(what);
    if (on_note) on_note(what);
  }
  const poe_sys& sys() { return **kernel.system(); }
  /// A bare socket at a port of its own.
  Fd bound() {
    Fd socket(sys().socket(sys().ctx, AF_INET, SOCK_STREAM, 0), &sys());
    const SocketAddress any = SocketAddress::loopback(AF_INET, 0);
    EXPECT_EQ(sys().bind(sys().ctx, socket.get(), any.data(), any.size()), 0);
    return socket;
  }
  SocketAddress address_of(const Fd& socket) {
    sockaddr_storage at{};
    std::uint32_t size = sizeof at;
    EXPECT_EQ(sys().getsockname(sys().ctx, socket.get(), &at, &size), 0);
    return SocketAddress::from_raw(&at, size);
  }
  /// Somebody who connects there.
  void call(const SocketAddress& there) {
    Fd socket(sys().socket(sys().ctx, AF_INET, SOCK_STREAM, 0), &sys());
    const int connected = sys().connect(sys().ctx, socket.get(), there.data(), there.size());
    EXPECT_TRUE(connected == 0 || connected == -EINPROGRESS) << connected;
    callers.push_back(std::move(socket));
  }
  static KernelOptions quiet() {
    KernelOptions options;
    options.os_signals = false;
    return options;
  }

  std::function<void(const std::string&)> on_note;
  Log log;
  Kernel kernel;
  SessionId id;
  std::vector<Fd> callers;
};

class ListenAcceptStage final : public RigStage<SocketRig<ListenAccept>, ListenAccept> {
 public:
  using RigStage::RigStage;
  void play() override {
    Fd socket = bound();
    EXPECT_EQ(sys().listen(sys().ctx, socket.get(), 8), 0);
    const SocketAddress there = address_of(socket);
    ListenAcceptOptions options(std::move(socket));
    options.on_accept = [this](Fd, SocketAddress) { note("accept"); };
    options.on_error = [this](const Error& error) { note("error " + error.operation()); };
    RigStage::make(std::move(options));
    for (int i = 0; i < 3; ++i) call(there);
    slices(20);
  }
};

/// One that can only fail.
class DeafListenAcceptStage final : public RigStage<SocketRig<ListenAccept>, ListenAccept> {
 public:
  using RigStage::RigStage;
  void play() override {
    ListenAcceptOptions options(bound());
    options.on_accept = [this](Fd, SocketAddress) { note("accept"); };
    options.on_error = [this](const Error& error) { note("error " + error.operation()); };
    RigStage::make(std::move(options));
    slices(20);
  }
};

class SocketServerStage final : public RigStage<SocketRig<SocketFactory>, SocketFactory> {
 public:
  using RigStage::RigStage;
  void play() override {
    SocketFactoryOptions options = SocketFactoryOptions::listen("127.0.0.1", 0);
    options.on_success = [this](Accepted) { note("success"); };
    options.on_failure = [this](const Error& error) { note("failure " + error.operation()); };
    RigStage::make(std::move(options));
    slices(2);
    RigStage::with_wheel([this](SocketFactory& wheel) { there_ = *wheel.local_address(); });
    for (int i = 0; i < 3; ++i) call(there_);
    slices(20);
  }

 private:
  SocketAddress there_;
};

class SocketClientStage : public RigStage<SocketRig<SocketFactory>, SocketFactory> {
 public:
  using RigStage::RigStage;
  void play() override { connect(true); }

 protected:
  void connect(bool listening) {
    const Fd server = bound();
    if (listening) {
      EXPECT_EQ(sys().listen(sys().ctx, server.get(), 8), 0);
    }
    SocketFactoryOptions options = SocketFactoryOptions::connect("127.0.0.1", address_of(server).port());
    options.on_success = [this](Accepted) { note("success"); };
    options.on_failure = [this](const Error& error) { note("failure " + error.operation()); };
    RigStage::make(std::move(options));
    slices(20);
  }
};

class RefusedClientStage final : public SocketClientStage {
 public:
  using SocketClientStage::SocketClientStage;
  void play() override { connect(false); }
};

template <bool kNotices>
class FollowTailStage final : public RigStage<FollowTailRig, FollowTail> {
 public:
  explicit FollowTailStage(const std::string& loop) : RigStage(loop) { this->notices = kNotices; }
  /// A file that comes, a line, a while without, and a folder in its place.
  void play() override {
    FollowTailOptions options = logging();
    options.poll_interval = 5ms;
    options.on_idle = [this] {
      if (!log.empty() && log.back() == "line") note("idle");
    };
    RigStage::make(std::move(options));
    slices(2);
    append("line\n");
    until_said("idle");
    std::filesystem::remove(path());
    make_folder("log");
    until_said("error open 21");
  }
  bool swap_filter() override {
    RigStage::with_wheel([](FollowTail& tail) { tail.set_filter(LineOptions("\n")); });
    return true;
  }

 private:
  void until_said(const std::string& what) {
    const auto limit = std::chrono::steady_clock::now() + 20s;
    while (log.end() == std::find(log.begin(), log.end(), what) && std::chrono::steady_clock::now() < limit &&
           wheel() != nullptr)
      slices(1);
    slices(3);
  }
};

}  // namespace poe::test
