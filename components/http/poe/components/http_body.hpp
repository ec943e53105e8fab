// SPDX-License-Identifier: MIT
//
// co_await exchange.read(): the body of a request piece by piece, for coroutines. Part of poe::http_server.
//
//     poe::Task<> upload(poe::Self& self, poe::HttpExchange exchange) {
//       std::size_t octets = 0;
//       while (auto piece = co_await exchange.read()) octets += piece->size();
//       exchange.respond(200, std::to_string(octets) + "\n");
//     }
//     options.routes.post("/upload", [&](poe::HttpExchange exchange) { kernel.spawn(upload, std::move(exchange)); },
//                         poe::HttpBody::streamed);
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "poe/components/http_exchange.hpp"
#include "poe/coroutine.hpp"
#include "poe/export.hpp"

namespace poe {

/// See HttpExchange::read().
class POE_API HttpBodyAwait final : public AwaitOf<HttpBodyAwait, std::string> {
 private:
  friend class HttpConnection;
  friend class HttpExchange;
  explicit HttpBodyAwait(std::shared_ptr<HttpExchange::State> exchange) noexcept : exchange_(std::move(exchange)) {}
  bool begin() override;
  void end() noexcept override;
  std::string describe() const override;
  void give(std::string_view piece);
  void give_up(Error why) noexcept { fail(std::move(why)); }

  std::shared_ptr<HttpExchange::State> exchange_;
};

}  // namespace poe
