// SPDX-License-Identifier: MIT
#pragma once

#include "poe/components/http_exchange.hpp"

namespace poe {

/// What a connection and the holder of an exchange share.
struct HttpExchange::State {
  HttpConnection* connection = nullptr;  // null: it has gone, or the answer is complete
  HttpRequest request{};
  Fn<void()> drained{};
  Fn<void()> gone{};
  bool begun = false;    // the head of the answer is out
  bool sourced = false;  // the connection asks a source for the body
};

}  // namespace poe
