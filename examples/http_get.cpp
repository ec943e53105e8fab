// SPDX-License-Identifier: MIT
// Fetches URLs, all at once, and writes their bodies in the order they are done. Try: http_get https://example.org/
#include <cstdio>
#include <string>

#include "poe/components/http_client_awaits.hpp"
#include "poe/open.hpp"

static poe::Task<> fetch(poe::Self&, poe::HttpClient& client, std::string url, int& failures) {
  const auto answer = co_await client.get(url);
  if (!answer) {
    ++failures;
    std::fprintf(stderr, "http_get: %s\n", answer.error().report().c_str());
    co_return;
  }
  if (answer->status >= 400) ++failures;
  std::fprintf(stderr, "%d %s, %zu octets\n", answer->status, answer->url.c_str(), answer->body.size());
  std::fwrite(answer->body.data(), 1, answer->body.size(), stdout);
}

int main(int argc, char** argv) {
  poe::fill_standard_descriptors();
  if (argc < 2) return std::fputs("usage: http_get URL...\n", stderr), 2;

  int failures = 0;
  auto kernel = poe::open_kernel();
  const auto all = [&](poe::Self& self) -> poe::Task<> {
    poe::HttpClientOptions options;
    options.limits.max_redirects = 10;
    poe::HttpClient client(self, std::move(options));
    poe::Scope scope(self);
    for (int i = 1; i < argc; ++i) scope.launch(fetch(self, client, argv[i], failures));
    co_await scope.join();
  };
  if (kernel) kernel->spawn(all);
  const auto ran = kernel ? kernel->run() : poe::failure(kernel.error());
  if (!ran) std::fprintf(stderr, "http_get: %s\n", ran.error().report().c_str());
  return ran && failures == 0 ? 0 : 1;
}
