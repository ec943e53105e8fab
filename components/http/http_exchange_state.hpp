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
  Fn<void(std::string_view)> on_body{};
  HttpBodyAwait* reader = nullptr;  // a Task's, waiting for a piece
  int status = 0;                   // of the answer, once it has begun
  std::uint64_t octets = 0;         // of its body, so far
  bool begun = false;               // the head of the answer is out
  bool ends_with_client = false;    // an event stream: nobody reads it once the client has ended its half
  bool sourced = false;             // the connection asks a source for the body
  bool body_streams = false;        // the body goes to the handler in pieces
  bool body_paused = false;
  bool body_complete = false;  // the request is all there

  bool wants_body() const noexcept;
  /// The answer is complete, or never will be. Drops the callbacks; a reader hears `closed`.
  void let_go() noexcept;
};

}  // namespace poe
