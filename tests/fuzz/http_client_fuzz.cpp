// SPDX-License-Identifier: MIT
//
// Fuzz target: the client's side of HTTP/1.1. Needs poe::http.
#include "cut_check.hpp"
#include "poe/filters/http_client.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kHeader = 4;
  if (size < kHeader) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  poe::HttpLimits limits;
  limits.max_head = 200;
  limits.max_body = 100;
  limits.max_chunk_line = 20;
  const bool head = data[0] % 4 == 0;
  const poe::fuzz::Subject subject{[&] {
                                     auto filter = std::make_unique<poe::HttpClientFilter>(limits);
                                     for (int i = 0; i < 8; ++i) filter->expect_response(head ? "HEAD" : "GET");
                                     return filter;
                                   },
                                   std::size_t{1} << 20};
  std::string bytes(input.substr(kHeader));
  if (data[0] % 3 != 0) bytes = "HTTP/1.1 200 OK\r\n" + bytes + "\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
  if (data[0] % 3 == 2) bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + bytes;
  poe::fuzz::check_cuts(subject, bytes, input.substr(1, kHeader - 1));
  return 0;
}
