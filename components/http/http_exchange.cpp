// SPDX-License-Identifier: MIT
#include "poe/components/http_exchange.hpp"

#include "http_connection.hpp"
#include "http_exchange_state.hpp"
#include "http_path.hpp"

namespace poe {

std::optional<std::string> HttpRequest::parameter(std::string_view name) const {
  std::string_view left = query;
  while (!left.empty()) {
    const std::size_t end = left.find('&');
    const std::string_view pair = left.substr(0, end);
    left = end == std::string_view::npos ? std::string_view() : left.substr(end + 1);
    const std::size_t equals = pair.find('=');
    if (percent_decoded(pair.substr(0, equals), true) != std::string(name)) continue;
    return percent_decoded(equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1), true);
  }
  return std::nullopt;
}

HttpExchange& HttpExchange::operator=(HttpExchange&& other) noexcept {
  if (this != &other) {
    let_go();
    state_ = std::move(other.state_);
  }
  return *this;
}

HttpExchange::~HttpExchange() { let_go(); }

void HttpExchange::let_go() noexcept {
  const std::shared_ptr<State> state = std::exchange(state_, nullptr);
  if (state && state->connection != nullptr && !state->sourced) state->connection->dropped();
}

HttpExchange::operator bool() const noexcept { return state_ && state_->connection != nullptr && !state_->sourced; }

const HttpRequest& HttpExchange::request() const noexcept { return state_->request; }

Result<HttpConnection*> HttpExchange::connection() const {
  if (*this) return state_->connection;
  const bool empty = state_ == nullptr;
  return failure(Errc::closed, "answer", "an HTTP request",
                 empty ? "this handle is empty" : "its connection has gone, or it was answered before",
                 "ask the exchange, it is false then");
}

Result<void> HttpExchange::respond(HttpResponse response) {
  const auto to = connection();
  return to ? (*to)->respond(std::move(response)) : failure(to.error());
}

Result<void> HttpExchange::stream(HttpResponse response, HttpSource source) {
  const auto to = connection();
  return to ? (*to)->stream(std::move(response), std::move(source)) : failure(to.error());
}

Result<void> HttpExchange::send_file(HttpResponse response, Fd file, std::uint64_t offset, std::uint64_t size) {
  auto to = connection();
  if (!to) return failure(to.error());
  return (*to)->send_file(std::move(response), std::move(file), offset, size);
}

Result<void> HttpExchange::begin(HttpResponse response) {
  const auto to = connection();
  return to ? (*to)->begin(std::move(response)) : failure(to.error());
}

Result<Output> HttpExchange::write(std::string_view piece) {
  const auto to = connection();
  return to ? (*to)->write(piece) : failure(to.error());
}

Result<void> HttpExchange::end(const HttpFields& trailers) {
  const auto to = connection();
  return to ? (*to)->end(trailers) : failure(to.error());
}

void HttpExchange::on_drained(Fn<void()> callback) {
  if (*this) state_->drained = std::move(callback);
}

void HttpExchange::on_gone(Fn<void()> callback) {
  if (*this) state_->gone = std::move(callback);
}

}  // namespace poe
