// SPDX-License-Identifier: MIT
// Standard input goes to a TLS server, what it answers comes out. Try: echo_tls 7007 chain.pem key.pem, then
// tls_lines localhost 7007 chain.pem; or printf 'HEAD / HTTP/1.0\r\n\r\n' | tls_lines www.debian.org 443
#include <cstdio>

#include "poe/components/tcp_client.hpp"
#include "poe/filters/stream.hpp"
#include "poe/filters/tls.hpp"
#include "poe/open.hpp"

int main(int argc, char** argv) {
  poe::fill_standard_descriptors();
  if (argc < 3 || argc > 4) return std::fputs("usage: tls_lines HOST PORT [AUTHORITIES]    (a PEM file)\n", stderr), 2;
  const auto tls = poe::TlsContext::client(poe::TlsClientOptions(argc == 4 ? argv[3] : ""));
  if (!tls) return std::fprintf(stderr, "tls_lines: %s\n", tls.error().report().c_str()), 1;

  bool failed = false;
  poe::ReadWrite typed;
  poe::TcpClientOptions options(argv[1], argv[2]);
  options.tls = *tls;
  options.filter = poe::StreamFilter();
  options.connected = [&](poe::TcpClient& server) {
    poe::ReadWriteOptions input(poe::Fd(0, &server.system()), poe::Fd());
    input.filter = poe::StreamFilter();
    input.on_record = [&server](std::string_view text) { server.put(text); };
    input.on_error = [&server](const poe::Error&) { server.wheel().shutdown_output(); };
    typed = poe::ReadWrite(server, std::move(input));
  };
  options.server_input = [](poe::TcpClient&, std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
  };
  options.server_high = [&](poe::TcpClient&) { typed.pause_input(); };
  options.server_low = [&](poe::TcpClient&) { typed.resume_input(); };
  options.disconnected = [&](poe::TcpClient&) { typed = poe::ReadWrite(); };
  const auto complain = [&](poe::TcpClient&, const poe::Error& error) {
    if (error.code() == poe::Errc::end_of_file) return;
    failed = true, std::fprintf(stderr, "tls_lines: %s\n", error.report().c_str());
  };
  options.connect_error = complain;
  options.server_error = complain;

  auto kernel = poe::open_kernel();
  if (kernel) kernel->spawn<poe::TcpClient>(std::move(options));
  const auto ran = kernel ? kernel->run() : poe::failure(kernel.error());
  if (!ran) std::fprintf(stderr, "tls_lines: %s\n", ran.error().report().c_str());
  return ran && !failed ? 0 : 1;
}
