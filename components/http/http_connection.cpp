// SPDX-License-Identifier: MIT
#include "http_connection.hpp"

#include <cerrno>

namespace poe {
namespace {

// By hand, for the filter has no request that could be answered yet.
constexpr std::string_view kTimeout = "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

}  // namespace

HttpConnection::HttpConnection(Birth birth, TcpSeed seed, std::shared_ptr<HttpServerCore> core)
    : TcpConnection(std::move(birth), std::move(seed)), core_(std::move(core)) {}

HttpConnection::~HttpConnection() {
  if (exchange_ && connected()) wheel().leave_unended();
  if (exchange_) exchange_->let_go();  // stopped from outside: on_gone is not told
  end_tunnel();
}

void HttpConnection::opened() {
  set_shutdown_on_error(false);
  input_ = static_cast<HttpInput*>(&wheel().input_filter());
  input_->listen(this);
  if (auto watch = on_signal("DRAIN", [this](const Signal&) { drain(); })) drain_ = std::move(*watch);
  set_deadline(core_->options.header_time);
  if (core_->draining || kernel().draining()) drain();
}

// Of the first request, the time began with the connection.
void HttpConnection::octets_came() {
  if (phase_ != Phase::idle || input_->only_line_ends()) return;
  phase_ = Phase::head;
  if (put_octets_ > 0) set_deadline(core_->options.header_time);
}

void HttpConnection::input(std::string_view record) {
  if (phase_ == Phase::lingering) return;
  if (phase_ == Phase::tunnel) return tunnel_record(record);
  switch (http().part()) {
    case HttpPart::head:
      return head_came();
    case HttpPart::body:
      return phase_ == Phase::body ? body_came(record) : void();
    case HttpPart::end:
      return message_complete();
    case HttpPart::message:
    case HttpPart::expect:
      return;  // not when streaming
  }
}

// One at a time: with an answer under way, or much of the last one not taken, the input rests at the next head.
void HttpConnection::head_came() {
  const bool busy = phase_ == Phase::answering;
  if (!busy && !over_high_) return begin_request();
  head_waits_ = true;
  if (!busy) {
    phase_ = Phase::waiting;
    no_deadline();  // the write timer looks after a client that takes nothing
  }
  wheel().pause_input();
}

void HttpConnection::begin_request() {
  exchange_ = std::make_shared<HttpExchange::State>();
  exchange_->connection = this;
  HttpRequest& request = exchange_->request;
  request.head = http().request();
  request.peer = peer();
  match_ = core_->options.routes.find(request);
  phase_ = Phase::body;
  set_deadline(core_->options.body_time);
  begin_body(request.head);
}

// RFC 9110, 10.1.1: the client waits for our opinion before it sends the body.
void HttpConnection::expect_came() {
  if (match_.handler == nullptr) {
    phase_ = Phase::answering;
    return answer_without_handler();
  }
  say_continue();
}

void HttpConnection::say_continue() {
  std::string text;
  if (http().interim(100, text)) send(text);
}

void HttpConnection::message_complete() {
  if (phase_ != Phase::body) return;
  phase_ = Phase::answering;
  no_deadline();
  exchange_->request.trailers = http().trailers();
  exchange_->body_complete = true;
  if (exchange_->body_streams) return give_body({});
  if (match_.handler == nullptr) return answer_without_handler();
  call_handler();
}

void HttpConnection::failed(const Error& error) {
  const bool of_input = error.operation() == "read" && error.number() == 0;
  const bool ended = error.code() == Errc::end_of_file || error.code() == Errc::truncated;
  if (of_input && ended) return input_ended();
  if (of_input) return phase_ == Phase::tunnel ? tunnel_refused(error) : refused();
  if (error.number() != EPIPE) TcpConnection::failed(error);  // as a reset: the client does not want the rest
  break_off();
}

// Behind a request in hand it is answered after that one; within one, instead of it.
void HttpConnection::refused() {
  if (phase_ == Phase::lingering) return;
  if (phase_ == Phase::answering) {
    refused_ = true;
    return;
  }
  answer_refusal();
}

// A client that only ends its sending half still gets its answers; one that has gone is noticed when we write.
void HttpConnection::input_ended() {
  input_ended_ = true;
  if (exchange_ && exchange_->ends_with_client) return break_off();
  if (phase_ != Phase::answering && !head_waits_) leave();
}

// After the client's end. A file that is on its way has the time it takes; the write timer looks after a client that
// takes nothing.
void HttpConnection::leave() {
  if (!over_high_) return shutdown();
  phase_ = Phase::lingering;
  no_deadline();
}

void HttpConnection::low() {
  over_high_ = false;
  if (phase_ == Phase::tunnel) return tunnel_low();
  if (phase_ == Phase::lingering) return input_ended_ ? shutdown() : void();
  if (phase_ == Phase::waiting) return next_request();
  if (source_) return pump();
  if (!exchange_ || !exchange_->drained) return;
  const std::shared_ptr<HttpExchange::State> state = exchange_;
  Fn<void()> callback = std::move(state->drained);
  guarded([&] { callback(); });
  if (state->connection == this && !state->drained) state->drained = std::move(callback);
}

// The exchange learns of it, and so does who holds it; the client, that half an answer was not the end.
void HttpConnection::disconnected() {
  if (exchange_ && exchange_->begun) wheel().leave_unended();
  deadline_timer_.cancel();
  write_timer_.cancel();
  later_.cancel();
  drain_.cancel();
  source_ = nullptr;
  Fn<void()> gone = exchange_ ? std::move(exchange_->gone) : Fn<void()>();
  release_exchange();
  input_ = nullptr;
  HttpTakeover tunnel = end_tunnel();
  tell_gone(gone);
  tell_gone(tunnel.gone);
}

void HttpConnection::drain() {
  draining_ = true;
  if (phase_ == Phase::idle) return close_output();
  if (phase_ == Phase::tunnel) return drain_tunnel();
  if (exchange_ && exchange_->ends_with_client) end_events();
}

// ---- time -----------------------------------------------------------------------------------------------------------

// A deadline that moves away costs nothing: the timer finds that out when it fires.
void HttpConnection::set_deadline(Duration from_now) {
  deadline_ = saturating_add(now(), from_now);
  const auto due = deadline_timer_.due();
  if (!due || *due > deadline_) deadline_timer_ = after(from_now, [this] { deadline_timer(); });
}

void HttpConnection::deadline_timer() {
  if (deadline_ == TimePoint::max()) return;
  const Duration left = deadline_ - now();
  if (left <= Duration::zero()) return too_late();
  deadline_timer_ = after(left, [this] { deadline_timer(); });
}

void HttpConnection::too_late() {
  no_deadline();
  switch (phase_) {
    case Phase::idle:
      if (wheel().out_octets() > 0) return set_deadline(core_->options.idle_time);  // the client is not idle: it loads
      return close_output();
    case Phase::head:
      log(nullptr, 408, 0);
      send(kTimeout);
      return close_output();
    case Phase::body:
      return refuse_body(408,
                         {Errc::timed_out, "read", "the body of an HTTP request", "the body did not come in time"});
    case Phase::lingering:
      if (wheel().out_octets() == 0) return shutdown();
      return set_deadline(core_->options.linger_time);  // the write timer ends it
    case Phase::tunnel:
      return tunnel_tick();
    case Phase::waiting:
    case Phase::answering:
      return;
  }
}

void HttpConnection::write_timer() {
  const std::uint64_t taken = put_octets_ - wheel().out_octets();
  if (taken == put_octets_) return;
  if (taken == taken_octets_) return break_off();
  taken_octets_ = taken;
  write_timer_ = after(core_->options.write_time, [this] { write_timer(); });
}

}  // namespace poe
