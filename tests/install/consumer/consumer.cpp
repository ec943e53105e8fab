// SPDX-License-Identifier: MIT
// Counts to ten on the loop named by POE_EVENT_LOOP and echoes a line over TCP; prints the loop's name.
#include <cstdio>

#include "poe/components/tcp_client.hpp"
#include "poe/components/tcp_server.hpp"
#include "poe/open.hpp"

inline constexpr poe::Event<int> tick{"tick"};

class Counter : public poe::Session {
 public:
  Counter(poe::Birth birth, int& reached) : Session(std::move(birth)), reached_(reached) {}
  static void handlers(poe::Handlers<Counter>& table) {
    table.on(poe::start, &Counter::begin).on(tick, &Counter::count);
  }

 private:
  void begin() { timer_ = after(std::chrono::milliseconds(1), tick, 1); }
  void count(int n) {
    reached_ = n;
    if (n < 10) timer_ = after(std::chrono::milliseconds(1), tick, n + 1);
  }
  int& reached_;
  poe::Timer timer_;
};

int main() {
  auto kernel = poe::open_kernel();
  if (!kernel) return std::fprintf(stderr, "%s\n", kernel.error().report().c_str()), 1;
  int reached = 0;
  std::string answer;
  kernel->spawn<Counter>(reached);

  std::uint16_t port = 0;
  poe::TcpServerOptions server("127.0.0.1");
  server.started = [&](poe::TcpServer& s) { port = s.local_address() ? s.local_address()->port() : 0; };
  server.client_input = [](poe::TcpConnection& c, std::string_view line) { static_cast<void>(c.put(line)); };
  const poe::SessionId listener = kernel->spawn<poe::TcpServer>(std::move(server));
  poe::TcpClientOptions client("127.0.0.1", port);
  client.connected = [](poe::TcpClient& c) { static_cast<void>(c.put("hello")); };
  client.server_input = [&](poe::TcpClient& c, std::string_view line) {
    answer = line;
    c.shutdown();
    static_cast<void>(c.post(listener, poe::tcp::shutdown));
  };
  kernel->spawn<poe::TcpClient>(std::move(client));

  const auto ran = kernel->run();
  if (!ran) return std::fprintf(stderr, "%s\n", ran.error().report().c_str()), 1;
  std::printf("%.*s %d %s\n", static_cast<int>(kernel->loop_name().size()), kernel->loop_name().data(), reached,
              answer.c_str());
  return reached == 10 && answer == "hello" ? 0 : 1;
}
