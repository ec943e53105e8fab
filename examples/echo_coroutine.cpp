// SPDX-License-Identifier: MIT
// echo.cpp as coroutines: a session for each connection, and a wheel that is read and written with co_await. A client
// that does not take its answers is not read from either. Try: nc localhost 7007
#include <cstdio>

#include "poe/open.hpp"
#include "poe/wheels/read_write_awaits.hpp"
#include "poe/wheels/socket_awaits.hpp"

static poe::Task<> serve(poe::Self& self, poe::Fd socket) {
  poe::ReadWrite client(self, poe::ReadWriteOptions(std::move(socket)));
  while (const auto line = co_await client.read()) {
    const auto put = client.put(*line);
    if (put && *put == poe::Output::high) static_cast<void>(co_await client.drained());
  }
  static_cast<void>(co_await client.flushed());
}

static poe::Task<> listen(poe::Self& self, const char* port, bool* failed) {
  poe::SocketFactory server(self, poe::SocketFactoryOptions::listen("127.0.0.1", port));
  if (auto address = server.local_address()) std::printf("listening on %s\n", address->to_string().c_str());
  std::fflush(stdout);
  while (!*failed) {
    auto client = co_await server.accept();
    if (client) {
      self.kernel().spawn(serve, std::move(client->socket));
      continue;
    }
    if (client.error().code() == poe::Errc::cancelled) break;  // by Ctrl-C
    std::fprintf(stderr, "echo: %s\n", client.error().message().c_str());
    *failed = client.error().operation() != "accept";  // out of descriptors: it goes on when there are some
  }
}

int main(int argc, char** argv) {
  poe::fill_standard_descriptors();
  if (argc > 2) return std::fputs("usage: echo_coroutine [PORT]    (default 7007; 0: any free one)\n", stderr), 2;
  bool failed = false;
  auto kernel = poe::open_kernel();
  if (kernel) kernel->spawn(listen, argc == 2 ? argv[1] : "7007", &failed);
  const auto ran = kernel ? kernel->run() : poe::failure(kernel.error());
  if (!ran) std::fprintf(stderr, "echo: %s\n", ran.error().report().c_str());
  return ran && !failed ? 0 : 1;
}
