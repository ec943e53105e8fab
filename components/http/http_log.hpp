// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include "poe/filters/http_message.hpp"
#include "poe/wheels/socket_address.hpp"

namespace poe {

struct HttpLogEntry {
  const SocketAddress* peer = nullptr;
  std::int64_t seconds = 0;                  ///< since 1970
  const HttpRequestHead* request = nullptr;  ///< null: it was refused before it could be read
  int status = 0;
  std::uint64_t octets = 0;  ///< of the answer's body
};

/// A line of an access log, without a newline: the Common Log Format, `combined` with Referer and User-Agent.
std::string http_log_line(const HttpLogEntry& entry, bool combined);

}  // namespace poe
