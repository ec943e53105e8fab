// SPDX-License-Identifier: MIT
#include "poe/components/http_client.hpp"

#include <utility>

#include "http_client_core.hpp"
#include "poe/components/http_client_awaits.hpp"

namespace poe {

// ---- HttpCall

HttpCall::HttpCall() noexcept = default;
HttpCall::HttpCall(std::shared_ptr<HttpTransfer> transfer) noexcept : transfer_(std::move(transfer)) {}
HttpCall::HttpCall(HttpCall&&) noexcept = default;
HttpCall& HttpCall::operator=(HttpCall&& other) noexcept {
  if (this != &other) {
    cancel();
    transfer_ = std::move(other.transfer_);
  }
  return *this;
}
HttpCall::~HttpCall() { cancel(); }
HttpCall::operator bool() const noexcept { return transfer_ != nullptr && transfer_->core() != nullptr; }

void HttpCall::cancel() noexcept {
  const auto transfer = std::move(transfer_);
  if (transfer != nullptr && transfer->core() != nullptr) transfer->core()->drop(*transfer);
}
void HttpCall::detach() && noexcept { transfer_.reset(); }

void HttpCall::pause() noexcept {
  if (*this) transfer_->pause();
}
void HttpCall::resume() {
  if (*this) transfer_->resume();
}

// ---- HttpClient

HttpClient::HttpClient() noexcept = default;
HttpClient::HttpClient(Self& self, HttpClientOptions options)
    : core_(std::make_shared<HttpClientCore>(self, std::move(options))) {}
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient& HttpClient::operator=(HttpClient&& other) noexcept {
  if (this != &other) {
    const auto former = std::exchange(core_, std::move(other.core_));
    if (former != nullptr) former->close();
  }
  return *this;
}
HttpClient::~HttpClient() {
  if (core_ != nullptr) core_->close();  // which one of its callbacks may still hold
}

std::size_t HttpClient::calls() const noexcept { return core_ != nullptr ? core_->size() : 0; }

HttpCall HttpClient::send(HttpClientRequest request, Fn<void(Answer)> done) {
  if (core_ == nullptr) return {};
  return HttpCall(core_->start(std::move(request), std::move(done), false));
}

HttpCall HttpClient::send(HttpClientRequest request, const Event<Answer>& event) {
  if (core_ == nullptr) return {};
  Self& self = core_->self();
  return send(std::move(request), [&self, &event](Answer answer) { self.yield(event, std::move(answer)); });
}

HttpAwait HttpClient::send(HttpClientRequest request) { return {core_, std::move(request)}; }
HttpAwait HttpClient::get(std::string url) { return send(HttpClientRequest(std::move(url))); }

// ---- HttpAwait

bool HttpAwait::begin() {
  what_ = request_.method;
  const auto client = client_.lock();
  if (client == nullptr) {
    return refuse(Error(Errc::closed, what_, "by HTTP", "the HttpClient is gone, or was never made"));
  }
  pend();
  call_ = HttpCall(client->start(
      std::move(request_), [this](HttpClient::Answer answer) { give(std::move(answer)); }, true));
  return true;
}

void HttpAwait::end() noexcept { call_.cancel(); }

void HttpAwait::forked() noexcept {
  fail(Error(Errc::forked, what_, "by HTTP", "this process is a fork of the one that asked",
             "make a new HttpClient in the child"));
}

std::string HttpAwait::describe() const { return "an answer to a " + what_ + " by HTTP"; }

void HttpAwait::give(Result<HttpClientResponse> answer) noexcept {
  if (!answer) return fail(std::move(answer.error()));
  value_ = std::move(*answer);
  finish(Ending::done);
}

}  // namespace poe
