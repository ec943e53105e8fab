// SPDX-License-Identifier: MIT
// One simulated loop, opened through dlopen and driven through the C ABI, with short names for its system calls.
#pragma once

#include <arpa/inet.h>
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "poe/loop_abi.h"
#include "poe/sim_abi.h"
#include "poe/sys_abi.h"

namespace poe::test {

inline const poe_loop_plugin& sim_plugin() {
  void* const object = dlopen(POE_SIM_PLUGIN, RTLD_NOW | RTLD_LOCAL);
  if (object == nullptr) throw std::runtime_error(dlerror());
  return *reinterpret_cast<decltype(&poe_loop_entry)>(dlsym(object, "poe_loop_entry"))();
}

using Options = std::vector<poe_option>;

/// Nothing goes wrong and nothing takes time: for tests of what is done, not of when.
inline Options plain() { return {{"faults", "none"}, {"latency_us", "0"}}; }

class Sim {
 public:
  static constexpr int64_t kSecond = 1'000'000'000;

  explicit Sim(const Options& options = Options()) {
    poe_create how{};
    how.struct_size = sizeof how;
    how.host = &host_;
    how.options = options.data();
    how.option_count = options.size();
    result = ops.create(&how, &loop);
    if (result != 0) return;
    sys = static_cast<const poe_sys*>(ops.extension(loop, POE_SYS_NAME));
    sim = static_cast<const poe_sim*>(ops.extension(loop, POE_SIM_NAME));
  }

  ~Sim() {
    if (loop == nullptr) return;
    ops.close(loop);
    for (int tries = 0; tries < 10 && closed == 0; ++tries) ops.step(loop, 0);
    EXPECT_EQ(closed, 1) << "closed() comes exactly once";
  }

  Sim(const Sim&) = delete;
  Sim& operator=(const Sim&) = delete;

  // The loop.
  int step(int64_t max_wait_ns = 0) { return ops.step(loop, max_wait_ns); }
  int64_t now() { return ops.now(loop); }
  int watch(int fd, uint32_t interest) { return ops.watch(loop, fd, interest, static_cast<uint64_t>(fd)); }

  /// Lets everything that is on its way arrive, without any watch.
  void settle() { sim->advance(sim->ctx, kSecond / 100); }

  /// What a watch on `fd` reports now: one step, all other watches left out.
  uint32_t events(int fd, uint32_t interest = POE_READ | POE_WRITE) {
    reports.clear();
    EXPECT_EQ(watch(fd, interest), 0);
    step();
    watch(fd, 0);
    return reports.empty() ? 0 : reports.back().second;
  }

  // Its world.
  int socket(int domain, int type = SOCK_STREAM) { return sys->socket(sys->ctx, domain, type, 0); }
  int close(int fd) { return sys->close(sys->ctx, fd); }
  int shutdown(int fd, int how) { return sys->shutdown(sys->ctx, fd, how); }

  int64_t send(int fd, const std::string& bytes) {
    const poe_iovec part{const_cast<char*>(bytes.data()), bytes.size()};
    return sys->writev(sys->ctx, fd, &part, 1);
  }

  /// The bytes read, or "" with `result` telling why: 0 at the end, else -errno.
  std::string receive(int fd, size_t most = 1 << 17) {
    std::string bytes(most, '\0');
    const poe_iovec part{bytes.data(), bytes.size()};
    result = static_cast<int>(sys->readv(sys->ctx, fd, &part, 1));
    bytes.resize(result > 0 ? static_cast<size_t>(result) : 0);
    return bytes;
  }

  int error_of(int fd) {
    int value = -1;
    uint32_t size = sizeof value;
    EXPECT_EQ(sys->getsockopt(sys->ctx, fd, SOL_SOCKET, SO_ERROR, &value, &size), 0);
    return value;
  }

  int set_option(int fd, int level, int name, int value) {
    return sys->setsockopt(sys->ctx, fd, level, name, &value, sizeof value);
  }

  static sockaddr_in ipv4(uint16_t port, uint32_t host = INADDR_LOOPBACK) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(host);
    return address;
  }

  template <class Address>
  int bind(int fd, const Address& address) {
    return sys->bind(sys->ctx, fd, &address, sizeof address);
  }
  template <class Address>
  int connect(int fd, const Address& address) {
    return sys->connect(sys->ctx, fd, &address, sizeof address);
  }
  int listen(int fd, int backlog) { return sys->listen(sys->ctx, fd, backlog); }
  int accept(int fd) { return sys->accept(sys->ctx, fd, nullptr, nullptr); }

  /// A TCP listener on 127.0.0.1.
  int listener(uint16_t port, int backlog = 16) {
    const int fd = socket(AF_INET);
    EXPECT_EQ(bind(fd, ipv4(port)), 0);
    EXPECT_EQ(listen(fd, backlog), 0);
    return fd;
  }

  /// A TCP client on its way to 127.0.0.1.
  int caller(uint16_t port) {
    const int fd = socket(AF_INET);
    EXPECT_EQ(connect(fd, ipv4(port)), -EINPROGRESS);
    return fd;
  }

  /// Both ends of a TCP connection, ready for use.
  std::pair<int, int> connection(uint16_t port = 7000) {
    const int door = listener(port);
    const int client = caller(port);
    settle();
    const int server = accept(door);
    EXPECT_GE(server, POE_SIM_FIRST_FD);
    close(door);
    return {client, server};
  }

  const poe_loop_ops& ops = *sim_plugin().ops;
  poe_loop* loop = nullptr;
  const poe_sys* sys = nullptr;
  const poe_sim* sim = nullptr;

  std::vector<std::pair<uint64_t, uint32_t>> reports;  // (token, events)
  std::vector<uint32_t> turns;                         // reasons
  std::function<void()> in_ready;
  std::function<void()> in_turn;
  std::string error_text;
  std::vector<std::string> log;
  int result = 0;
  int closed = 0;

 private:
  static Sim& self(void* ctx) { return *static_cast<Sim*>(ctx); }
  static poe_host make_host(Sim& sim) {
    poe_host host{};
    host.struct_size = sizeof host;
    host.abi_minor = POE_LOOP_ABI_MINOR;
    host.ctx = &sim;
    host.ready = [](void* ctx, uint64_t token, uint32_t events) {
      self(ctx).reports.emplace_back(token, events);
      if (self(ctx).in_ready) self(ctx).in_ready();
    };
    host.turn = [](void* ctx, uint32_t reasons) {
      self(ctx).turns.push_back(reasons);
      if (self(ctx).in_turn) self(ctx).in_turn();
    };
    host.closed = [](void* ctx) { ++self(ctx).closed; };
    host.error = [](void* ctx, uint64_t, int32_t, int32_t, const char* text) { self(ctx).error_text = text; };
    host.log = [](void* ctx, int32_t, const char* text) { self(ctx).log.emplace_back(text); };
    return host;
  }
  poe_host host_ = make_host(*this);
};

}  // namespace poe::test
