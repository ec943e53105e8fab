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
  explicit HttpServerCore(HttpServerOptions given) : options(std::move(given)) { options.limits.streaming = true; }

  HttpServerOptions options;
  HttpDateCache date;
};

}  // namespace poe
