// SPDX-License-Identifier: MIT
#pragma once

#include "poe/components/http_tunnel.hpp"

namespace poe {

/// What a connection and the handles of its tunnel share.
struct HttpTunnel::State {
  HttpConnection* connection = nullptr;  // null: closed, or gone
  HttpTakeover callbacks{};
};

}  // namespace poe
