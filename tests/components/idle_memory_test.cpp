// SPDX-License-Identifier: MIT
//
// What an idle connection of a server costs: all of the heap, the loop's share included, for each of many.
#include <sys/resource.h>

#include <algorithm>
#include <iostream>

#include "../heap_in_use.hpp"
#include "tcp_bench.hpp"

namespace poe::test {
namespace {

constexpr std::size_t kMost = 10'000;
constexpr std::size_t kBatch = 100;  // fits any backlog

/// Descriptors this process may have. Raised as far as it may be while the object lives.
class Descriptors {
 public:
  Descriptors() {
    getrlimit(RLIMIT_NOFILE, &former_);
    rlimit raised = former_;
    raised.rlim_cur = raised.rlim_max;
    setrlimit(RLIMIT_NOFILE, &raised);
  }
  Descriptors(const Descriptors&) = delete;
  Descriptors& operator=(const Descriptors&) = delete;
  ~Descriptors() { setrlimit(RLIMIT_NOFILE, &former_); }
  std::size_t room() const { return former_.rlim_max - 100; }

 private:
  rlimit former_{};
};

class IdleMemoryTest : public TcpTest {
 protected:
  /// Bare clients: sockets only, so that all the growth is the server's.
  void connect_bare(std::size_t count) {
    const SocketAddress to = SocketAddress::loopback(AF_INET, port);
    const poe_sys& sys = **kernel.system();
    for (std::size_t i = 0; i < count; ++i) {
      Fd socket(sys.socket(sys.ctx, AF_INET, SOCK_STREAM, 0), &sys);
      ASSERT_TRUE(socket);
      const int code = sys.connect(sys.ctx, socket.get(), to.data(), to.size());
      ASSERT_TRUE(code == 0 || code == -EINPROGRESS) << code;
      clients.push_back(std::move(socket));
    }
    until([this] { return accepted == clients.size(); });
  }

  std::vector<Fd> clients;
  std::size_t accepted = 0;
};
POE_ON_EVERY_LOOP(IdleMemoryTest);

TEST_P(IdleMemoryTest, AnIdleConnectionCostsAboutOneKibibyte) {
#ifdef POE_TEST_SANITIZED
  GTEST_SKIP() << "a sanitizer's heap counts nothing";
#endif
  const Descriptors descriptors;
  if (GetParam() == "sim") GTEST_SKIP() << "its sockets are in the heap too";
  const std::size_t few = GetParam() == "select" ? 400 : kMost;  // FD_SETSIZE
  const std::size_t count = std::min(few, descriptors.room() / 2) / kBatch * kBatch;
  TcpServerOptions options("127.0.0.1", 0);
  options.started = [this](TcpServer& server) { port = server.local_address()->port(); };
  options.client_connected = [this](TcpConnection&) { ++accepted; };
  options.client_input = [](TcpConnection&, std::string_view) {};
  serve(std::move(options));
  clients.reserve(count);
  const std::size_t before = heap_in_use();
  while (clients.size() < count) connect_bare(kBatch);
  settle();
  const std::size_t each = (heap_in_use() - before) / count;
  std::cout << GetParam() << ": " << each << " octets of heap for each of " << count << " idle connections\n";
  const bool slim = GetParam() == "select" || GetParam() == "epoll";  // these keep next to nothing themselves
  EXPECT_LE(each, slim ? 1126u : 1536u) << "1.1 KiB of ours, and what the loop takes";
}

}  // namespace
}  // namespace poe::test
