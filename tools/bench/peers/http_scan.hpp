// SPDX-License-Identifier: MIT
//
// HTTP as no server may read it: a request is what ends in an empty line, and is always answered the same. The limit of
// what is possible, and no rival.
#pragma once

#include <string>
#include <string_view>

namespace poe::bench {

class HttpScan {
 public:
  void take(std::string_view bytes, std::string& answers) {
    constexpr std::string_view kAnswer =
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
        "Content-Length: 13\r\n\r\nHello, world!";
    constexpr std::string_view kEnd = "\r\n\r\n";
    if (!rest_.empty()) bytes = rest_.append(bytes);
    for (std::size_t end = bytes.find(kEnd); end != std::string_view::npos; end = bytes.find(kEnd)) {
      answers.append(kAnswer);
      bytes.remove_prefix(end + kEnd.size());
    }
    rest_ = std::string(bytes);
  }

 private:
  std::string rest_;
};

}  // namespace poe::bench
