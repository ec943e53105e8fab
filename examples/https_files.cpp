// SPDX-License-Identifier: MIT
// Serves the files of a folder by HTTPS. Try, with a certificate and its key as PEM files:
//   https_files 8443 . chain.pem key.pem, then curl --cacert chain.pem https://localhost:8443/README.md
#include <cstdio>

#include "poe/components/http_files.hpp"
#include "poe/components/http_server.hpp"
#include "poe/filters/tls.hpp"
#include "poe/open.hpp"

int main(int argc, char** argv) {
  poe::fill_standard_descriptors();
  if (argc != 5) return std::fputs("usage: https_files PORT FOLDER CERTIFICATES KEY    (PEM files)\n", stderr), 2;

  bool failed = false;
  poe::HttpServerOptions options("127.0.0.1", argv[1]);
  options.started = [](poe::HttpServer& server) {
    if (auto address = server.local_address()) std::printf("listening on %s\n", address->to_string().c_str());
    std::fflush(stdout);
  };
  options.error = [&failed](poe::HttpServer& server, const poe::Error& error) {
    std::fprintf(stderr, "https_files: %s\n", error.message().c_str());
    if (error.operation() == "accept") return;  // out of descriptors: it goes on when there are some
    failed = true;
    server.shutdown();
  };
  options.routes.get("/*", poe::http_files(argv[2]));

  poe::TlsServerOptions identity(argv[3], argv[4]);
  identity.protocols = {"http/1.1", "http/1.0"};
  const auto tls = poe::TlsContext::server(identity);
  if (!tls) return std::fprintf(stderr, "https_files: %s\n", tls.error().report().c_str()), 1;
  options.tls = *tls;

  auto kernel = poe::open_kernel();
  if (kernel) kernel->spawn<poe::HttpServer>(std::move(options));
  const auto ran = kernel ? kernel->run() : poe::failure(kernel.error());
  if (!ran) std::fprintf(stderr, "https_files: %s\n", ran.error().report().c_str());
  return ran && !failed ? 0 : 1;
}
