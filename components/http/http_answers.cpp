// SPDX-License-Identifier: MIT
//
// The answering half of HttpConnection: what goes out, and what comes after an answer.
#include <exception>

#include "http_connection.hpp"
#include "http_log.hpp"

namespace poe {
namespace {

constexpr std::size_t kPiece = std::size_t{64} << 10;  // octets; a larger body leaves in pieces of this size

// What would fail when the head is out, and nothing else could be answered any more.
Result<void> check_file(const HttpFields& fields, const Fd& file, std::uint64_t offset, std::uint64_t size) {
  if (auto may = ReadWrite::check_file(file, offset, size); !may) return may;
  const auto length = fields.find("Content-Length");
  if (!length || *length == std::to_string(size)) return {};
  return failure(Errc::invalid_argument, "answer", "an HTTP request with a file", "its Content-Length is not its size",
                 "leave that out: it is added");
}

// A large body as a source.
HttpSource pieces_of(std::string body) {
  return [body = std::move(body), at = std::size_t{0}](std::string& piece) mutable -> Result<bool> {
    const std::size_t size = std::min(kPiece, body.size() - at);
    piece.append(body, at, size);
    at += size;
    return at < body.size();
  };
}

}  // namespace

tl::unexpected<Error> begun_twice() {
  return failure(Errc::invalid_argument, "answer", "an HTTP request", "its answer has begun already",
                 "write() what follows, then end()");
}

void HttpConnection::warn_of(const std::string& what) {
  LogSink& log = core_->options.log != nullptr ? *core_->options.log : stderr_log();
  if (log.threshold() <= LogLevel::warning) log.write(LogLevel::warning, what);
}

void HttpConnection::warn_of_thrown() {
  const Error error = Error::from_exception(std::current_exception(), "run", "a callback of an HTTP connection");
  warn_of(error.message());
}

void HttpConnection::thrown() {
  warn_of_thrown();
  break_off();
}

// With the target as it came, for that is visible ASCII: a decoded path could end the line in the log.
void HttpConnection::warn_of_handler(const HttpRequestHead& request, std::string_view why) {
  warn_of("HTTP handler of " + request.method + " " + request.target + ": " + std::string(why));
}

// Of what has ended: that it throws ends nothing more.
void HttpConnection::tell_gone(Fn<void()>& gone) {
  if (!gone) return;
  try {
    gone();
  } catch (...) {
    warn_of_thrown();
  }
}

// The exchange answers 500 by itself when the handler lets go of it, also by throwing.
void HttpConnection::call_handler() {
  HttpHandler& handler = *match_.handler;
  const std::shared_ptr<HttpExchange::State> state = exchange_;
  try {
    handler(HttpExchange(state));
  } catch (const std::exception& thrown) {
    warn_of_handler(state->request.head, thrown.what());
  } catch (...) {
    warn_of_handler(state->request.head, "it threw something that is no std::exception");
  }
}

void HttpConnection::dropped() noexcept {
  try {
    if (exchange_->begun || !respond(HttpResponse(500, "the server failed to answer\n"))) break_off();
  } catch (...) {
    close();  // no memory for an answer
  }
}

void HttpConnection::answer_without_handler() {
  HttpResponse response(match_.status);
  if (match_.status != 204) {
    response = HttpResponse(match_.status, std::string(http_reason(match_.status)) + "\n");
  }
  if (!match_.allow.empty()) response.fields.add("Allow", match_.allow);
  static_cast<void>(respond(std::move(response)));
}

// The filter answers what it refused by itself, unless that was in the body of a request it had told of.
void HttpConnection::answer_refusal() {
  if (phase_ == Phase::body && http().refusal()) {
    const HttpRefusal& why = *http().refusal();
    return refuse_body(why.status, {why.status == 413 ? Errc::limit : Errc::protocol, "read",
                                    "the body of an HTTP request", why.reason});
  }
  std::string text;
  if (!http().respond_refusal(text)) return break_off();
  if (http().refusal()) log(nullptr, http().refusal()->status, 0);
  send(text);
  close_output();
}

std::int64_t HttpConnection::wall_seconds() const {
  const poe_sys& sys = system();
  return sys.clock(sys.ctx, POE_CLOCK_REALTIME) / 1'000'000'000;
}

// Once for each: also of an answer that was broken off, with what of it was put.
void HttpConnection::log(const HttpExchange::State& exchange) {
  if (exchange.status != 0) log(&exchange.request.head, exchange.status, exchange.octets);
}

void HttpConnection::log(const HttpRequestHead* request, int status, std::uint64_t octets) {
  HttpServerOptions& options = core_->options;
  if (!options.access_log) return;
  HttpLogEntry entry;
  entry.peer = &peer();
  entry.seconds = wall_seconds();
  entry.request = request;
  entry.status = status;
  entry.octets = octets;
  try {
    options.access_log(http_log_line(entry, options.combined_log));
  } catch (...) {
    warn_of_thrown();
  }
}

void HttpConnection::add_date(HttpResponse& response) {
  if (!response.fields.find("Date")) response.fields.add("Date", core_->date.text(wall_seconds()));
}

void HttpConnection::decorate(HttpResponse& response) {
  HttpFields& fields = response.fields;
  add_date(response);
  const std::string& name = core_->options.server_name;
  if (!name.empty() && !fields.find("Server")) fields.add("Server", name);
  // An upgrade that is turned down: what the client sent behind it may be either protocol.
  // One that begins before all of the body is here: nobody may read the rest.
  const bool last = draining_ || exchange_->request.head.upgrade || phase_ == Phase::body;
  if (last && !fields.lists("Connection", "close")) fields.add("Connection", "close");
}

Result<void> HttpConnection::respond(HttpResponse&& response) {
  if (exchange_->begun) return begun_twice();
  if (response.body.size() > kPiece) {
    if (!response.fields.find("Content-Length")) {
      response.fields.add("Content-Length", std::to_string(response.body.size()));
    }
    std::string body = std::move(response.body);
    return stream(std::move(response), pieces_of(std::move(body)));
  }
  decorate(response);
  std::string text;
  if (auto done = http().respond(response, response.body, text); !done) return done;
  exchange_->status = response.status;
  if (has_body()) exchange_->octets = response.body.size();
  send(text);
  finished();
  return {};
}

// RFC 9110, 6.4.1.
bool HttpConnection::has_body() const noexcept {
  return exchange_->request.head.method != "HEAD" && exchange_->status != 204 && exchange_->status != 304;
}

Result<void> HttpConnection::begin(HttpResponse&& response) {
  if (exchange_->begun) return begun_twice();
  decorate(response);
  std::string text;
  if (auto done = http().begin_response(response, text); !done) return done;
  exchange_->begun = true;
  exchange_->status = response.status;
  send(text);
  return {};
}

// Who hears events has nothing more to say, so its end is the stream's; that, or a drain, may have come before.
Result<void> HttpConnection::begin_events(HttpResponse&& response) {
  if (auto done = begin(std::move(response)); !done) return done;
  if (!exchange_) return {};  // the connection broke
  if (!has_body()) return end({});
  exchange_->ends_with_client = true;
  if (input_ended_) {
    break_off();
  } else if (draining_) {
    end_events();
  }
  return {};
}

void HttpConnection::end_events() {
  Fn<void()> gone = std::move(exchange_->gone);
  if (!end({})) break_off();
  tell_gone(gone);
}

Result<void> HttpConnection::stream(HttpResponse&& response, HttpSource source) {
  if (auto done = begin(std::move(response)); !done) return done;
  if (!exchange_ || exchange_->connection == nullptr) return {};  // the connection broke; the exchange knows
  exchange_->sourced = true;
  if (!has_body()) return end({});
  source_ = std::move(source);
  pump();
  return {};
}

// The wheel has all of it at once, without any memory. So has the client, as far as we are asked.
Result<void> HttpConnection::send_file(HttpResponse&& response, Fd file, std::uint64_t offset, std::uint64_t size) {
  if (auto fine = check_file(response.fields, file, offset, size); !fine) return fine;
  if (!response.fields.find("Content-Length")) response.fields.add("Content-Length", std::to_string(size));
  if (auto done = begin(std::move(response)); !done) return done;
  if (!exchange_ || exchange_->connection == nullptr) return {};  // the connection broke; the exchange knows
  if (!has_body()) return end({});
  if (auto done = http().pass_body(size); !done) return done;
  const auto output = wheel().put_file(std::move(file), offset, size);
  if (!output) {
    break_off();
    return {};
  }
  exchange_->octets += size;
  note_put(static_cast<std::size_t>(size), *output);
  return end({});
}

// Asked before the wheel is, for that takes what does not fit for an error of the connection.
Result<void> HttpConnection::check_room(const char* of_what, std::size_t size) {
  constexpr std::size_t kFraming = 32;  // octets around a chunk, at most
  if (wheel().out_octets() + size + kFraming <= core_->options.output_limit) return {};
  return failure(Errc::limit, "write", of_what, std::to_string(wheel().out_octets()) + " octets wait already",
                 "after Output::high wait until it has drained, or raise output_limit");
}

Result<Output> HttpConnection::write(std::string_view piece) {
  if (!exchange_->begun) {
    return failure(Errc::invalid_argument, "write", "the body of an HTTP answer", "it has not begun", "begin() first");
  }
  if (auto room = check_room("the body of an HTTP answer", piece.size()); !room) return failure(room.error());
  std::string text;
  if (auto done = http().write_body(piece, text); !done) return failure(done.error());
  if (!text.empty()) {
    exchange_->octets += piece.size();
    send(text);
  }
  if (!connected()) return failure(Errc::closed, "write", "the body of an HTTP answer", "the connection has gone");
  return over_high_ ? Output::high : Output::flowing;
}

Result<void> HttpConnection::end(const HttpFields& trailers) {
  if (!exchange_->begun) {
    return failure(Errc::invalid_argument, "end", "the body of an HTTP answer", "it has not begun", "begin() first");
  }
  std::string text;
  if (auto done = http().end_response(text, trailers); !done) return done;
  if (!text.empty()) send(text);
  finished();
  return {};
}

// The connection may be gone afterwards.
void HttpConnection::send(std::string_view text) {
  if (!connected()) return;
  const auto output = put(text);
  if (!output) return break_off();
  note_put(text.size(), *output);
}

// Looks after a client that takes nothing.
void HttpConnection::note_put(std::size_t octets, Output output) {
  put_octets_ += octets;
  over_high_ = over_high_ || output == Output::high;
  if (write_timer_) return;
  taken_octets_ = put_octets_ - wheel().out_octets();
  write_timer_ = after(core_->options.write_time, [this] { write_timer(); });
}

Result<bool> HttpConnection::next_piece() {
  std::string piece;
  HttpSource source = std::move(source_);  // it may do anything, also end this connection
  const auto more = source(piece);
  if (!more || !connected()) return more;
  source_ = std::move(source);
  if (*more && piece.empty()) {
    return failure(Errc::invalid_argument, "read", "the source of an HTTP body", "it gave nothing, and no end", "");
  }
  if (piece.empty()) return false;
  if (auto done = write(piece); !done) return failure(done.error());
  return more;
}

void HttpConnection::pump() {
  const std::shared_ptr<HttpExchange::State> state = exchange_;
  while (state->connection != nullptr && !over_high_) {
    Result<bool> more = false;
    try {
      more = next_piece();
    } catch (...) {
      more = failure(Error::from_exception(std::current_exception(), "read", "the source of an HTTP body"));
    }
    if (state->connection == nullptr) return;
    Result<void> done;
    if (more && *more) continue;
    source_ = nullptr;
    if (more) done = end({});
    if (more && done) return;
    warn_of("HTTP answer to " + state->request.head.target + ": " + (more ? done.error() : more.error()).message());
    return break_off();
  }
}

void HttpConnection::release_exchange() {
  const std::shared_ptr<HttpExchange::State> exchange = std::exchange(exchange_, nullptr);
  if (!exchange) return;
  exchange->let_go();
  log(*exchange);
}

void HttpConnection::finished() {
  if (!connected()) return;
  release_exchange();
  if (http().closing() || draining_) return close_output();
  if (refused_) return answer_refusal();
  if (head_waits_ && over_high_) {
    phase_ = Phase::waiting;
  } else if (head_waits_) {
    next_request();
  } else if (input_ended_) {
    leave();
  } else {
    phase_ = input_->only_line_ends() ? Phase::idle : Phase::head;
    set_deadline(phase_ == Phase::head ? core_->options.header_time : core_->options.idle_time);
  }
}

// The one whose head the filter holds.
void HttpConnection::next_request() {
  head_waits_ = false;
  begin_request();
  if (connected() && !body_rests()) wheel().resume_input();
}

// What was put goes out, then the client sees the end; what it still sends is dropped.
void HttpConnection::close_output() {
  if (!connected()) return;
  release_exchange();
  if (input_ended_) return leave();
  phase_ = Phase::lingering;
  head_waits_ = false;  // the request behind is not handled
  if (input_ != nullptr) input_->listen(nullptr);
  wheel().shutdown_output();
  wheel().resume_input();
  set_deadline(core_->options.linger_time);
}

// Nothing of ours waits for a client that is gone, or must not think it has got everything.
void HttpConnection::break_off() {
  if (!connected()) return;
  wheel().leave_unended();
  close();
}

}  // namespace poe
