// SPDX-License-Identifier: MIT
//
// Fuzz target: the server's side of HTTP/1.1. Needs poe::http. The first octets choose the limits and the cuts; the
// rest is a request, or is put into one at a place where parsers differ.
#include "cut_check.hpp"
#include "poe/filters/httpd.hpp"

namespace {

std::string text_of(poe::Filter& filter, std::string_view body) {
  const auto& http = static_cast<poe::HttpdFilter&>(filter);
  std::string text =
      std::to_string(static_cast<int>(http.part())) + http.request().method + " " + http.request().target;
  for (const auto* fields : {&http.request().fields, &http.trailers()}) {
    for (std::size_t i = 0; i < fields->size(); ++i) {
      text.append("|").append((*fields)[i].name).append("=").append((*fields)[i].value);
    }
  }
  return text.append("|").append(body);
}

std::string placed(unsigned choice, std::string_view bytes) {
  const std::string text(bytes);
  switch (choice % 5) {
    case 0:
      return text;
    case 1:
      return "GET / HTTP/1.1\r\nHost: a\r\n" + text + "\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n";
    case 2:
      return "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + text + "0\r\n\r\n";
    case 3:
      return "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n" + text + "\r\n\r\n";
    default:
      return "GET /" + text + " HTTP/1.1\r\nHost: a\r\n\r\n";
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kHeader = 4;
  if (size < kHeader) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  poe::HttpLimits limits;
  limits.max_head = 200;
  limits.max_target = 60;
  limits.max_fields = 8;
  limits.max_body = 100;
  limits.max_trailers = 60;
  limits.max_chunk_line = 20;
  const std::string bytes = placed(data[0], input.substr(kHeader));
  // Whole messages: pieces of a body depend on the cuts by design.
  poe::fuzz::Subject subject{[&] { return std::make_unique<poe::HttpdFilter>(limits); }, std::size_t{1} << 20};
  subject.show = text_of;
  subject.leaves_rest = true;  // behind an upgrade
  poe::fuzz::check_cuts(subject, bytes, input.substr(1, kHeader - 1));
  limits.streaming = true;
  (void)poe::fuzz::run(subject, bytes, input.substr(1, kHeader - 1), true);
  return 0;
}
