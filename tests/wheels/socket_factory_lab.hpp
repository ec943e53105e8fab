// SPDX-License-Identifier: MIT
//
// A bench for socket wheels: one session on a chosen loop, and a system whose calls can be made to fail. The session
// ends by itself once a test has dropped what it made.
#pragma once

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "poe/kernel.hpp"
#include "poe/system.hpp"
#include "poe/wheels/listen_accept.hpp"
#include "poe/wheels/resolver.hpp"
#include "poe/wheels/socket_factory.hpp"

namespace poe::test {

using namespace std::chrono_literals;

/// Every loop built, blank-separated in POE_TEST_LOOPS.
inline std::vector<std::string> built_loops() {
  std::vector<std::string> names;
  std::string word;
  for (const char c : std::string(POE_TEST_LOOPS) + ' ') {
    if (c != ' ') {
      word += c;
    } else if (!word.empty()) {
      names.push_back(std::exchange(word, {}));
    }
  }
  return names;
}

inline const poe_loop_plugin& loop_plugin(const std::string& name) {
  const std::string file = std::string(POE_TEST_LOOP_DIR) + "/libpoe_loop_" + name + ".so";
  void* const object = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (object == nullptr) throw std::runtime_error(dlerror());
  return *reinterpret_cast<decltype(&poe_loop_entry)>(dlsym(object, "poe_loop_entry"))();
}

/// The loop's own system with faults on top. One at a time: the table of a loop has no place for a context of ours.
class Faults {
 public:
  explicit Faults(const poe_loop_plugin& plugin) : plugin_(plugin), ops_(*plugin.ops), plugin_ops_(plugin.ops) {
    ops_.extension = [](poe_loop* loop, const char* name) -> const void* {
      return std::string_view(name) == POE_SYS_NAME ? active()->wrap(loop) : active()->inner(loop, name);
    };
    plugin_.ops = &ops_;
    active() = this;
  }
  Faults(const Faults&) = delete;
  Faults& operator=(const Faults&) = delete;
  ~Faults() { active() = nullptr; }

  const poe_loop_plugin& plugin() const { return plugin_; }

  /// What that call answers instead of being made: -errno, or 0 to let it pass.
  std::function<int()> on_accept = [] { return 0; };
  std::function<int()> on_listen = [] { return 0; };
  std::function<int()> on_setsockopt = [] { return 0; };
  std::function<int()> on_getpeername = [] { return 0; };
  std::function<int()> on_socket = [] { return 0; };
  std::function<int(int fd, const SocketAddress& to)> on_connect = [](int, const SocketAddress&) { return 0; };
  /// Told, not asked.
  std::function<void(int fd)> on_close = [](int) {};

 private:
  static Faults*& active() {
    static Faults* faults = nullptr;
    return faults;
  }
  const void* inner(poe_loop* loop, const char* name) const {
    return plugin_ops_->extension != nullptr ? plugin_ops_->extension(loop, name) : nullptr;
  }
  const poe_sys* wrap(poe_loop* loop) {
    const auto* own = static_cast<const poe_sys*>(inner(loop, POE_SYS_NAME));
    base_ = own != nullptr ? own : &real_system();
    table_ = *base_;  // keeps the context, so that all other calls go straight through
    table_.accept = [](void* ctx, int fd, void* address, std::uint32_t* size) {
      const int fault = active()->on_accept();
      return fault != 0 ? fault : active()->base_->accept(ctx, fd, address, size);
    };
    table_.listen = [](void* ctx, int fd, int backlog) {
      const int fault = active()->on_listen();
      return fault != 0 ? fault : active()->base_->listen(ctx, fd, backlog);
    };
    table_.setsockopt = [](void* ctx, int fd, int level, int name, const void* value, std::uint32_t size) {
      const int fault = active()->on_setsockopt();
      return fault != 0 ? fault : active()->base_->setsockopt(ctx, fd, level, name, value, size);
    };
    table_.getpeername = [](void* ctx, int fd, void* address, std::uint32_t* size) {
      const int fault = active()->on_getpeername();
      return fault != 0 ? fault : active()->base_->getpeername(ctx, fd, address, size);
    };
    table_.socket = [](void* ctx, int domain, int type, int protocol) {
      const int fault = active()->on_socket();
      return fault != 0 ? fault : active()->base_->socket(ctx, domain, type, protocol);
    };
    wrap_connections();
    return &table_;
  }
  void wrap_connections() {
    table_.connect = [](void* ctx, int fd, const void* address, std::uint32_t size) {
      const int fault = active()->on_connect(fd, SocketAddress::from_raw(address, size));
      return fault != 0 ? fault : active()->base_->connect(ctx, fd, address, size);
    };
    table_.close = [](void* ctx, int fd) {
      active()->on_close(fd);
      return active()->base_->close(ctx, fd);
    };
  }

  poe_loop_plugin plugin_;
  poe_loop_ops ops_;
  const poe_loop_ops* plugin_ops_;
  const poe_sys* base_ = nullptr;
  poe_sys table_{};
};

class OneLoop final : public LoopProvider {
 public:
  explicit OneLoop(const poe_loop_plugin& plugin) : plugin_(&plugin) {}
  Result<LoopChoice> choose() override {
    LoopChoice choice;
    choice.plugin = plugin_;
    choice.why = "the test says so";
    return choice;
  }
  Result<LoopChoice> join(const Host&) override { return failure(Errc::not_supported, "attach"); }
  std::string explain() const override { return "the test says so"; }

 private:
  const poe_loop_plugin* plugin_;
};

/// The session a test runs in. What it owns keeps it alive; finish() drops it all.
class Lab : public Session {
 public:
  using Begin = std::function<void(Lab&)>;
  Lab(Birth&& birth, Begin begin) : Session(std::move(birth)), begin_(std::move(begin)) {}
  static void handlers(Handlers<Lab>& table) { table.on(start, &Lab::begin); }

  void finish() {
    server = SocketFactory();
    listener = ListenAccept();
    wheels.clear();
    sockets.clear();
    timers.clear();
    watches.clear();
    look_ups.clear();
  }
  /// Runs work later; kept until finish().
  void in(Duration delay, Fn<void()> work) { timers.push_back(after(delay, std::move(work))); }
  SocketFactory& make(SocketFactoryOptions options) {
    wheels.push_back(std::make_unique<SocketFactory>(*this, std::move(options)));
    return *wheels.back();
  }

  SocketFactory server;
  ListenAccept listener;
  std::vector<std::unique_ptr<SocketFactory>> wheels;
  std::vector<Fd> sockets;
  std::vector<Timer> timers;
  std::vector<Watch> watches;
  std::vector<Resolution> look_ups;

 private:
  void begin() { begin_(*this); }
  Begin begin_;
};

/// A socket that listens already, made without a wheel.
inline Fd listening(Lab& lab) {
  const poe_sys& system = lab.system();
  Fd socket(system.socket(system.ctx, AF_INET, SOCK_STREAM, 0), &system);
  const SocketAddress any = SocketAddress::loopback(AF_INET, 0);
  EXPECT_EQ(system.bind(system.ctx, socket.get(), any.data(), any.size()), 0);
  EXPECT_EQ(system.listen(system.ctx, socket.get(), 64), 0);  // room for all clients at once
  return socket;
}

/// Runs one Lab until it has nothing left. One that hangs is ended by ctest.
inline Kernel::Counts run_lab(const poe_loop_plugin& plugin, const Lab::Begin& begin) {
  KernelOptions options;
  options.os_signals = false;
  Kernel kernel(std::make_unique<OneLoop>(plugin), options);
  const SessionId id = kernel.spawn<Lab>(begin);
  static_cast<void>(id);
  const auto ran = kernel.run();
  EXPECT_TRUE(ran) << ran.error().report();
  return kernel.counts();
}

/// For tests that run on every loop.
class OnEveryLoop : public testing::TestWithParam<std::string> {
 protected:
  bool simulated() const { return GetParam() == "sim"; }
  const poe_loop_plugin& plugin() const { return loop_plugin(GetParam()); }
  void run(const Lab::Begin& begin) { counts_ = run_lab(plugin(), begin); }

  /// A path nobody else uses; its folder goes with the test.
  std::string unix_path() {
    if (simulated()) return "/simulated/socket";
    char folder[] = "/tmp/poe-socket-XXXXXX";
    if (mkdtemp(folder) == nullptr) throw std::runtime_error("mkdtemp");
    folders_.emplace_back(folder);
    return folders_.back() + "/socket";
  }
  void TearDown() override {
    for (const std::string& folder : folders_) std::filesystem::remove_all(folder);
  }

  Kernel::Counts counts_{};

 private:
  std::vector<std::string> folders_;
};

#define POE_ON_EVERY_LOOP(Suite)                                                   \
  INSTANTIATE_TEST_SUITE_P(, Suite, testing::ValuesIn(::poe::test::built_loops()), \
                           [](const auto& info) { return info.param; })

/// Callbacks that fail the test if they are called; set what is expected.
inline SocketFactoryOptions strict(SocketFactoryOptions options) {
  options.on_success = [](Accepted accepted) { ADD_FAILURE() << "unexpected socket to " << accepted.peer.to_string(); };
  options.on_failure = [](const Error& error) { ADD_FAILURE() << "unexpected: " << error.report(); };
  return options;
}

}  // namespace poe::test
