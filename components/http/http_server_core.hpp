// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "http_date.hpp"
#include "poe/components/http_server.hpp"

namespace poe {

/// What a server and its connections share. Why shared_ptr: connections may outlive the listener's session.
struct HttpServerCore {
  explicit HttpServerCore(HttpServerOptions given) : options(std::move(given)) {
    const HttpLimits usual;
    max_collected_body = options.limits.max_body;
    if (options.routes.stream()) options.limits.max_body = std::max(max_collected_body, options.max_streamed_body);
    options.limits.streaming = true;
    options.limits.max_pipelined = usual.max_pipelined;
    options.limits.max_buffer = usual.max_buffer;
  }

  HttpServerOptions options;  ///< its limits are the filter's: those of all routes
  std::uint64_t max_collected_body = 0;
  HttpDateCache date;
  bool draining = false;
};

}  // namespace poe
