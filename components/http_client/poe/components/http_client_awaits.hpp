// SPDX-License-Identifier: MIT
//
// HttpClient for coroutines: co_await client.get(url), co_await client.send(request), either with .within(limit).
// Part of poe::http_client.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "poe/components/http_client.hpp"
#include "poe/coroutine.hpp"

namespace poe {

/// See HttpClient::send(). The call begins with the await, and is cancelled with it.
class POE_API HttpAwait final : public AwaitOf<HttpAwait, HttpClientResponse> {
 private:
  friend class HttpClient;
  HttpAwait(std::weak_ptr<HttpClientCore> client, HttpClientRequest request) noexcept
      : client_(std::move(client)), request_(std::move(request)) {}
  bool begin() override;
  void end() noexcept override;
  void forked() noexcept override;
  std::string describe() const override;
  void give(Result<HttpClientResponse> answer) noexcept;

  // Weak: the client may go between the making of this and its co_await.
  std::weak_ptr<HttpClientCore> client_;
  HttpClientRequest request_;
  std::string what_{};
  HttpCall call_{};
};

}  // namespace poe
