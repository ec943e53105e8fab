// SPDX-License-Identifier: MIT
// Sends the lines of files, or of standard input, to a TCP server; reads no faster than the server takes them.
#include <fcntl.h>

#include <algorithm>
#include <cstdio>
#include <list>
#include <span>

#include "poe/components/tcp_client.hpp"
#include "poe/open.hpp"

struct Shipping {
  int status = 0, open = 0;
  std::list<poe::ReadWrite> sources{};

  void complain(const poe::Error& error) {
    std::fprintf(stderr, "logship: %s\n", error.message().c_str());
    status = 1;
  }
  void ship(poe::TcpClient& server, const std::string& name, int fd) {
    if (fd < 0) return complain(poe::Error::from_errno(-fd, "open", name));
    poe::ReadWriteOptions options(poe::Fd(fd, &server.system()), poe::Fd());
    options.deliver_unfinished = true;  // a last line without an ending
    options.on_record = [&server](std::string_view line) { server.put(line); };
    options.on_error = [this, &server](const poe::Error& error) {
      if (error.code() != poe::Errc::end_of_file) complain(error);
      if (error.code() == poe::Errc::limit) return;  // one line too long; the next ones follow
      if (--open == 0) server.shutdown();            // when all lines are out
    };
    sources.emplace_back(server, std::move(options)), ++open;
  }
  void ship_all(poe::TcpClient& server, std::span<char*> files) {
    const poe_sys& sys = server.system();
    for (const char* file : files) ship(server, file, sys.open(sys.ctx, file, O_RDONLY, 0));
    if (files.empty()) ship(server, "standard input", 0);
    if (open == 0) server.shutdown();
  }
};

int main(int argc, char** argv) {
  const bool closed = poe::fill_standard_descriptors()[0] && argc == 3;
  if (argc < 3 || closed) return std::fputs("usage: logship HOST PORT [FILE]...   (none: standard input)\n", stderr), 2;
  auto kernel = poe::open_kernel();
  Shipping shipping;
  poe::TcpClientOptions options(argv[1], argv[2]);
  options.connected = [&](poe::TcpClient& server) {
    shipping.ship_all(server, std::span(argv, static_cast<std::size_t>(argc)).subspan(3));
  };
  options.server_input = [](poe::TcpClient&, std::string_view) {};  // answers are of no interest
  options.connect_error = [&](poe::TcpClient&, const poe::Error& error) { shipping.complain(error); };
  options.server_error = [&](poe::TcpClient&, const poe::Error& error) { shipping.complain(error); };
  options.server_high = [&](poe::TcpClient&) { std::ranges::for_each(shipping.sources, &poe::ReadWrite::pause_input); };
  options.server_low = [&](poe::TcpClient&) { std::ranges::for_each(shipping.sources, &poe::ReadWrite::resume_input); };
  options.disconnected = [&](poe::TcpClient&) { shipping.sources.clear(); };
  if (kernel) kernel->spawn<poe::TcpClient>(std::move(options));
  const auto ran = kernel ? kernel->run() : poe::failure(kernel.error());
  if (!ran) std::fprintf(stderr, "logship: %s\n", ran.error().report().c_str());
  return ran ? shipping.status : 1;
}
