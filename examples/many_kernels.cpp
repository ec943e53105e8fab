// SPDX-License-Identifier: MIT
// An echo server on several threads, a kernel and a loop in each; the system spreads the connections of one port over
// them. Ctrl-C drains: those that are open have two seconds. Try: many_kernels 7007 4
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

#include "poe/components/tcp_server.hpp"
#include "poe/open.hpp"

/// One thread's kernel; true if all went well. `listens` is told the port as soon as it is known.
bool serve(int number, poe::Port port, poe::Fn<void(int)> listens) {
  bool failed = false;
  poe::TcpServerOptions options("127.0.0.1", std::move(port));
  options.share_port = true;
  options.started = [&](poe::TcpServer& server) {
    for (const char* name : {"INT", "TERM"}) {
      auto watch = server.on_signal(name, [&server](const poe::Signal& signal) {
        signal.handled();
        static_cast<void>(server.kernel().drain_then_stop(std::chrono::seconds(2)));
      });
      if (watch) std::move(*watch).detach();  // lasts as long as the server
    }
    if (auto address = server.local_address(); address && listens) listens(address->port());
  };
  options.error = [&](poe::TcpServer& server, const poe::Error& error) {
    std::fprintf(stderr, "many_kernels: %s\n", error.message().c_str());
    failed = failed || error.operation() != "accept";
    if (failed) server.shutdown();
  };
  options.client_input = [number](poe::TcpConnection& client, std::string_view line) {
    client.put(std::to_string(number).append(": ").append(line));
  };
  auto kernel = poe::open_kernel();
  if (kernel) kernel->spawn<poe::TcpServer>(std::move(options));
  const auto ran = kernel ? kernel->run() : poe::failure(kernel.error());
  if (!ran) std::fprintf(stderr, "many_kernels: %s\n", ran.error().message().c_str());
  return ran && !failed;
}

int main(int argc, char** argv) {
  poe::fill_standard_descriptors();
  const int kernels = argc == 3 ? std::atoi(argv[2]) : 4;
  if (argc > 3 || kernels < 1) return std::fputs("usage: many_kernels [PORT [KERNELS]]\n", stderr), 2;
  std::atomic<bool> good = true;
  std::vector<std::jthread> others;
  if (!serve(0, argc > 1 ? argv[1] : "7007", [&](int port) {
        for (int n = 1; n < kernels; ++n)
          others.emplace_back([&good, n, port] {
            if (!serve(n, port, nullptr)) good = false;
          });
        std::printf("%d kernels listening on 127.0.0.1:%d\n", kernels, port);
        std::fflush(stdout);
      }))
    good = false;
  others.clear();  // joins
  return good ? 0 : 1;
}
