// SPDX-License-Identifier: MIT
//
// HttpConnection: the session around one connection of an HttpServer. Requests come from its filter in parts (head,
// body, end); one at a time is with a handler, and the next one waits, with the input paused, until the answer is
// complete and the client has taken most of it. Loop thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "http_exchange_state.hpp"
#include "http_input.hpp"
#include "http_server_core.hpp"
#include "http_tunnel_state.hpp"
#include "poe/components/tcp_server.hpp"

namespace poe {

class HttpConnection final : public TcpConnection, private HttpInput::Listener {
 public:
  HttpConnection(Birth birth, TcpSeed seed, std::shared_ptr<HttpServerCore> core);
  ~HttpConnection() override;

  static void handlers(Handlers<HttpConnection>& table) { TcpConnection::handlers(table); }

  // What an exchange asks for; see HttpExchange. Called only while it is the one in hand.
  Result<void> respond(HttpResponse&& response);
  Result<void> stream(HttpResponse&& response, HttpSource source);
  Result<void> send_file(HttpResponse&& response, Fd file, std::uint64_t offset, std::uint64_t size);
  Result<void> begin(HttpResponse&& response);
  Result<void> begin_events(HttpResponse&& response);
  Result<Output> write(std::string_view piece);
  Result<void> end(const HttpFields& trailers);
  void dropped() noexcept;
  void body_wish_changed();
  // What a tunnel asks for.
  Result<HttpTunnel> upgrade(HttpResponse&& head, HttpTakeover takeover, AnyFilter in, AnyFilter out);
  Result<Output> put_in_tunnel(std::string_view record);
  void close_tunnel();
  void abort_tunnel();

 private:
  enum class Phase : std::uint8_t {
    idle,     // between requests
    head,     // some octets of a head are there
    waiting,  // a head is there, and waits until the client has taken what was written
    body,
    answering,  // the exchange is with a handler, or its answer on the way
    tunnel,     // no HTTP any more
    lingering,  // the last octet was put; waits for the client's end
  };

  // ---- life and input, http_connection.cpp
  void opened() override;
  void input(std::string_view record) override;
  void failed(const Error& error) override;
  void low() override;
  void disconnected() override;
  void octets_came() override;
  void head_came();
  void begin_request();
  void expect_came();
  void say_continue();
  void message_complete();
  void refused();
  void input_ended();
  void leave();
  void drain();
  void set_deadline(Duration from_now);
  void no_deadline() noexcept { deadline_ = TimePoint::max(); }
  void deadline_timer();
  void too_late();
  void write_timer();

  // ---- bodies of requests, http_body.cpp
  void begin_body(const HttpRequestHead& head);
  void handler_reads_body();
  bool body_rests() const noexcept;
  void body_came(std::string_view piece);
  void give_body(std::string_view piece);
  void body_too_large();
  void refuse_body(int status, const Error& why);

  // ---- answers, http_answers.cpp
  HttpdFilter& http() noexcept { return input_->http(); }
  void call_handler();
  void answer_without_handler();
  void answer_refusal();
  void decorate(HttpResponse& response);
  void add_date(HttpResponse& response);
  void send(std::string_view text);
  bool has_body() const noexcept;
  Result<void> check_room(const char* of_what, std::size_t size);
  void note_put(std::size_t octets, Output output);
  void pump();
  Result<bool> next_piece();
  void finished();
  void next_request();
  void close_output();
  void break_off();
  void end_events();
  void release_exchange();
  void log(const HttpExchange::State& exchange);
  void log(const HttpRequestHead* request, int status, std::uint64_t octets);
  std::int64_t wall_seconds() const;
  void warn_of(const std::string& what);
  void warn_of_handler(const HttpRequestHead& request, std::string_view why);
  /// Runs a callback; what it throws is a warning and the end of the connection.
  template <class F>
  void guarded(F callback) {
    try {
      callback();
    } catch (...) {
      thrown();
    }
  }
  void thrown();
  void tell_gone(Fn<void()>& gone);
  void warn_of_thrown();

  // ---- after HTTP, http_tunnel.cpp
  void tunnel_record(std::string_view record);
  void tunnel_refused(const Error& error);
  void tunnel_low();
  void drain_tunnel();
  void set_tick();
  void tunnel_tick();
  HttpTakeover end_tunnel() noexcept;

  std::shared_ptr<HttpServerCore> core_;
  HttpInput* input_ = nullptr;  // the wheel's
  std::shared_ptr<HttpExchange::State> exchange_;
  HttpMatch match_;
  HttpSource source_;
  std::shared_ptr<HttpTunnel::State> tunnel_;
  SignalWatch drain_;
  Timer deadline_timer_;
  Timer write_timer_;
  Timer later_;
  TimePoint deadline_ = TimePoint::max();
  std::uint64_t put_octets_ = 0;    // all that was put
  std::uint64_t taken_octets_ = 0;  // of these, what the client had taken when the write timer was set
  std::uint64_t body_octets_ = 0;   // of the request in hand, so far
  std::uint64_t body_limit_ = 0;
  Phase phase_ = Phase::idle;
  bool head_waits_ = false;  // the filter's request() is the next one, and the input is paused
  bool refused_ = false;     // the filter has refused what comes behind the request in hand
  bool input_ended_ = false;
  bool over_high_ = false;  // the client is behind
  bool draining_ = false;
  bool continue_waits_ = false;  // the client asks whether to send a body that nobody has asked for yet
};

/// Of who begins an answer twice.
tl::unexpected<Error> begun_twice();

}  // namespace poe
