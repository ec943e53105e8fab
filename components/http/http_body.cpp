// SPDX-License-Identifier: MIT
//
// Bodies that go to the handler in pieces: co_await exchange.read(), and the half of HttpConnection behind it. The
// input rests whenever nobody wants a piece, so a slow reader slows its client down.
#include "poe/components/http_body.hpp"

#include <charconv>

#include "http_connection.hpp"

namespace poe {
namespace {

constexpr const char* kBody = "the body of an HTTP request";

// Of a head that the filter has let pass. Nothing: it announces no body, or chunks.
std::optional<std::uint64_t> stated_length(const HttpFields& fields) {
  const auto text = fields.find("Content-Length");
  if (!text) return std::nullopt;
  std::uint64_t size = 0;
  std::from_chars(text->data(), text->data() + text->size(), size);
  return size;
}

}  // namespace

// ---- a Task that reads

HttpBodyAwait HttpExchange::read() { return HttpBodyAwait(state_); }

bool HttpBodyAwait::begin() {
  if (!exchange_) return refuse({Errc::closed, "read", kBody, "this handle is empty"});
  if (exchange_->body_complete) return refuse({Errc::end_of_file, "read", kBody, "all of it was read"});
  if (exchange_->connection == nullptr) {
    return refuse({Errc::closed, "read", kBody, "its connection has gone, or it was answered before"});
  }
  if (exchange_->reader != nullptr || exchange_->on_body) {
    return refuse({Errc::invalid_argument, "read", kBody, "its pieces go to on_body or to another read()",
                   "read in one Task, and share what it gets"});
  }
  pend();
  exchange_->reader = this;
  exchange_->connection->body_wish_changed();
  return true;
}

void HttpBodyAwait::end() noexcept {
  if (exchange_->reader != this) return;
  exchange_->reader = nullptr;
  if (exchange_->connection != nullptr) exchange_->connection->body_wish_changed();
}

std::string HttpBodyAwait::describe() const { return "a piece of the body of an HTTP request"; }

void HttpBodyAwait::give(std::string_view piece) {
  value_ = std::string(piece);
  finish(Ending::done);
}

// ---- callbacks

void HttpExchange::on_body(Fn<void(std::string_view piece)> callback) {
  if (!state_) return;
  if (state_->body_complete) {
    if (callback) callback({});
    return;
  }
  if (state_->connection == nullptr) return;
  HttpBodyAwait* const waits = callback ? std::exchange(state_->reader, nullptr) : nullptr;
  state_->on_body = std::move(callback);
  if (waits != nullptr) {
    waits->give_up({Errc::invalid_argument, "read", kBody, "its pieces go to on_body now", "read in one place"});
  }
  state_->connection->body_wish_changed();
}

void HttpExchange::pause_body(bool paused) {
  if (!state_) return;
  state_->body_paused = paused;
  if (state_->connection != nullptr) state_->connection->body_wish_changed();
}

// ---- the connection

bool HttpExchange::State::wants_body() const noexcept { return reader != nullptr || (on_body && !body_paused); }

// A handler at the head: what is larger than the limit is refused before it is told of.
void HttpConnection::begin_body(const HttpRequestHead& head) {
  const auto length = stated_length(head.fields);
  body_octets_ = 0;
  body_limit_ = match_.streams ? core_->options.max_streamed_body : core_->max_collected_body;
  if (length && *length > body_limit_) return body_too_large();
  const bool announced = length.value_or(0) > 0 || head.fields.count("Transfer-Encoding") > 0;
  if (!match_.streams || !announced) {
    if (head.expects_continue) expect_came();
    return;
  }
  exchange_->body_streams = true;
  continue_waits_ = head.expects_continue;
  no_deadline();
  if (kernel().current() == id()) return handler_reads_body();
  // Within another session's answer to the request before. The input rests until then.
  later_ = after(Duration::zero(), [this] { handler_reads_body(); });
}

void HttpConnection::handler_reads_body() {
  call_handler();
  body_wish_changed();
}

// Who waits for a piece gives the client body_time for it; while nobody does, the client has all the time.
void HttpConnection::body_wish_changed() {
  if (phase_ != Phase::body || !exchange_ || !exchange_->body_streams) return;
  if (!exchange_->wants_body()) {
    no_deadline();
    return wheel().pause_input();
  }
  if (std::exchange(continue_waits_, false)) say_continue();
  if (!connected()) return;
  set_deadline(core_->options.body_time);
  wheel().resume_input();
}

bool HttpConnection::body_rests() const noexcept {
  return phase_ == Phase::body && exchange_ && exchange_->body_streams && !exchange_->wants_body();
}

void HttpConnection::body_came(std::string_view piece) {
  body_octets_ += piece.size();
  if (body_octets_ > body_limit_) return body_too_large();
  if (exchange_->body_streams) return give_body(piece);
  if (match_.handler != nullptr) exchange_->request.body.append(piece);
}

// An empty piece is the end.
void HttpConnection::give_body(std::string_view piece) {
  const std::shared_ptr<HttpExchange::State> state = exchange_;
  if (HttpBodyAwait* const reader = std::exchange(state->reader, nullptr)) {
    body_wish_changed();  // until the next read()
    if (!piece.empty()) return reader->give(piece);
    return reader->give_up({Errc::end_of_file, "read", kBody, "all of it was read"});
  }
  if (!state->on_body) return;
  Fn<void(std::string_view)> callback = std::move(state->on_body);
  guarded([&] { callback(piece); });
  if (state->connection != this) return;
  if (!state->on_body) state->on_body = std::move(callback);
  body_wish_changed();
}

void HttpConnection::body_too_large() {
  refuse_body(413, {Errc::limit, "read", kBody, "its body is larger than " + std::to_string(body_limit_) + " octets"});
}

// Who reads the body hears why; the client too, if its answer has not begun; and who holds the exchange that it has
// gone.
void HttpConnection::refuse_body(int status, const Error& why) {
  no_deadline();
  phase_ = Phase::answering;
  const bool begun = exchange_->begun;
  Fn<void()> gone = std::move(exchange_->gone);
  if (HttpBodyAwait* const reader = std::exchange(exchange_->reader, nullptr)) reader->give_up(why);
  if (begun) {
    break_off();
  } else {
    HttpResponse response(status, why.reason() + "\n");
    response.fields.add("Connection", "close");
    if (!respond(std::move(response))) break_off();
  }
  tell_gone(gone);
}

// Its callbacks may hold the exchange itself: they go now, not with it.
void HttpExchange::State::let_go() noexcept {
  connection = nullptr;
  const Fn<void()> its_drained = std::move(drained);
  const Fn<void()> its_gone = std::move(gone);
  const Fn<void(std::string_view)> its_body = std::move(on_body);
  HttpBodyAwait* const waits = std::exchange(reader, nullptr);
  if (waits != nullptr) {
    waits->give_up({Errc::closed, "read", kBody, "its connection has gone, or it was answered meanwhile"});
  }
}

}  // namespace poe
