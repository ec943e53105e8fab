// SPDX-License-Identifier: MIT
#pragma once

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
    options.limits.streaming = true;
    options.limits.max_pipelined = usual.max_pipelined;
    options.limits.max_buffer = usual.max_buffer;
  }

  HttpServerOptions options;
  HttpDateCache date;
};

}  // namespace poe
