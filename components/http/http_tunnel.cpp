// SPDX-License-Identifier: MIT
//
// HttpTunnel, and the half of HttpConnection that is for what comes after HTTP.
#include "poe/components/http_tunnel.hpp"

#include "http_connection.hpp"

namespace poe {
namespace {

tl::unexpected<Error> gone() {
  return failure(Errc::closed, "write", "an upgraded HTTP connection", "it has gone, or is being closed");
}

}  // namespace

HttpTunnel::operator bool() const noexcept { return state_ && state_->connection != nullptr; }

Result<HttpTunnel> HttpTunnel::begin(HttpExchange& exchange, HttpResponse head, HttpTakeover takeover, AnyFilter input,
                                     AnyFilter output) {
  const auto to = exchange.connection();
  if (!to) return failure(to.error());
  return (*to)->upgrade(std::move(head), std::move(takeover), std::move(input), std::move(output));
}

Result<Output> HttpTunnel::put(std::string_view record) {
  if (!*this) return gone();
  return state_->connection->put_in_tunnel(record);
}

void HttpTunnel::close() {
  if (*this) state_->connection->close_tunnel();
}

void HttpTunnel::abort() {
  if (*this) state_->connection->abort_tunnel();
}

ReadWrite& HttpTunnel::wheel() const noexcept { return state_->connection->wheel(); }

// ---- the connection -------------------------------------------------------------------------------------------------

Result<HttpTunnel> HttpConnection::upgrade(HttpResponse&& head, HttpTakeover takeover, AnyFilter in, AnyFilter out) {
  if (exchange_->begun) return begun_twice();
  if (head.status != 101) {
    return failure(Errc::invalid_argument, "upgrade", "an HTTP connection",
                   "a " + std::to_string(head.status) + " does not end HTTP", "answer 101");
  }
  if (phase_ == Phase::body) {
    return failure(Errc::invalid_argument, "upgrade", "an HTTP connection", "the body of the request is not all here",
                   "read it to its end first");
  }
  std::string text;
  add_date(head);
  if (auto done = http().respond(head, {}, text); !done) return failure(done.error());
  exchange_->status = head.status;
  release_exchange();
  phase_ = Phase::tunnel;
  input_->listen(nullptr);
  input_ = nullptr;
  tunnel_ = std::make_shared<HttpTunnel::State>();
  tunnel_->connection = this;
  tunnel_->callbacks = std::move(takeover);
  set_tick();
  HttpTunnel handle(tunnel_);
  send(text);
  if (!handle) return gone();
  wheel().pause_input();  // so that what came already is delivered after `begun`
  if (out) {
    wheel().set_input_filter(std::move(in));
    wheel().set_output_filter(std::move(out));
  } else {
    wheel().set_filter(std::move(in));
  }
  if (handle.state_->callbacks.begun) guarded([&] { handle.state_->callbacks.begun(handle); });
  if (handle) wheel().resume_input();
  if (handle && draining_) drain_tunnel();
  if (handle && input_ended_) shutdown();  // the client left before the upgrade: nothing else would end it
  return handle;
}

Result<Output> HttpConnection::put_in_tunnel(std::string_view record) {
  if (auto room = check_room("a record of an upgraded HTTP connection", record.size()); !room) {
    return failure(room.error());
  }
  const std::size_t before = wheel().out_octets();
  const auto output = put(record);
  if (!output) return output;
  note_put(wheel().out_octets() - before, *output);
  return output;
}

void HttpConnection::close_tunnel() {
  tunnel_->connection = nullptr;
  close_output();
}

void HttpConnection::abort_tunnel() {
  tunnel_->connection = nullptr;
  phase_ = Phase::lingering;
  no_deadline();
  wheel().pause_input();
  later_ = after(Duration::zero(), [this] { break_off(); });  // not within a callback of the tunnel, which goes with it
}

void HttpConnection::set_tick() {
  const HttpTakeover& callbacks = tunnel_->callbacks;
  if (callbacks.tick && callbacks.tick_interval > Duration::zero()) set_deadline(callbacks.tick_interval);
}

void HttpConnection::tunnel_tick() {
  set_tick();
  HttpTunnel handle(tunnel_);
  guarded([&] { handle.state_->callbacks.tick(handle); });
}

void HttpConnection::tunnel_record(std::string_view record) {
  HttpTunnel handle(tunnel_);
  HttpTakeover& callbacks = handle.state_->callbacks;
  if (callbacks.record) guarded([&] { callbacks.record(handle, record); });
}

void HttpConnection::tunnel_refused(const Error& error) {
  HttpTunnel handle(tunnel_);
  HttpTakeover& callbacks = handle.state_->callbacks;
  if (!callbacks.error) return close_tunnel();
  guarded([&] { callbacks.error(handle, error); });
}

void HttpConnection::tunnel_low() {
  HttpTunnel handle(tunnel_);
  HttpTakeover& callbacks = handle.state_->callbacks;
  if (callbacks.drained) guarded([&] { callbacks.drained(handle); });
}

void HttpConnection::drain_tunnel() {
  HttpTunnel handle(tunnel_);
  HttpTakeover& callbacks = handle.state_->callbacks;
  if (!callbacks.drain) return close_tunnel();
  guarded([&] { callbacks.drain(handle); });
}

// The callbacks may hold handles of this tunnel: they go with the connection.
HttpTakeover HttpConnection::end_tunnel() noexcept {
  const std::shared_ptr<HttpTunnel::State> state = std::exchange(tunnel_, nullptr);
  if (!state) return {};
  state->connection = nullptr;
  return std::exchange(state->callbacks, HttpTakeover());
}

}  // namespace poe
