// SPDX-License-Identifier: MIT
// Serves the files of a folder by HTTP. Try: curl -v http://localhost:8080/README.md
#include <cstdio>
#include <string>

#include "poe/components/http_files.hpp"
#include "poe/components/http_server.hpp"
#include "poe/open.hpp"

int main(int argc, char** argv) {
  poe::fill_standard_descriptors();
  if (argc > 3)
    return std::fputs("usage: http_files [PORT [FOLDER]]    (default 8080, this folder; 0: any port)\n", stderr), 2;

  bool failed = false;
  poe::HttpServerOptions options("127.0.0.1", argc > 1 ? argv[1] : "8080");
  options.started = [](poe::HttpServer& server) {
    if (auto address = server.local_address()) std::printf("listening on %s\n", address->to_string().c_str());
    std::fflush(stdout);
  };
  options.error = [&failed](poe::HttpServer& server, const poe::Error& error) {
    std::fprintf(stderr, "http_files: %s\n", error.message().c_str());
    if (error.operation() == "accept") return;  // out of descriptors: it goes on when there are some
    failed = true;
    server.shutdown();
  };
  options.routes.get("/*", poe::http_files(argc > 2 ? argv[2] : "."));
  options.routes.post("/echo", [](poe::HttpExchange exchange) {
    const std::string body = exchange.request().body;
    exchange.respond(200, body, "application/octet-stream");
  });

  auto kernel = poe::open_kernel();
  if (kernel) kernel->spawn<poe::HttpServer>(std::move(options));
  const auto ran = kernel ? kernel->run() : poe::failure(kernel.error());
  if (!ran) std::fprintf(stderr, "http_files: %s\n", ran.error().report().c_str());
  return ran && !failed ? 0 : 1;
}
