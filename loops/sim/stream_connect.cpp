// SPDX-License-Identifier: MIT
// How a stream socket gets connected: the calling side and the listener's.
#include <utility>

#include "stream_socket.hpp"

namespace poe::sim {

bool StreamSocket::backlog_full() const { return waiting_.size() > backlog_; }  // one more than asked, as Linux

int StreamSocket::connect(const void* address, uint32_t size) {
  switch (state_) {
    case State::kListening:
      return domain() == AF_UNIX ? -EINVAL : -EISCONN;
    case State::kConnected:
      return -EISCONN;
    case State::kConnecting:
      return -EALREADY;
    case State::kFailed:
      if (const int error = take_error(); error != 0) return -error;
      state_ = State::kFresh;
      break;
    case State::kFresh:
      break;
  }
  Address target;
  if (const int error = parse(domain(), address, size, target); error != 0) return error;
  return connect_to(reachable(target));
}

int StreamSocket::connect_to(const Address& target) {
  if (domain() == AF_UNIX) return connect_at_once(target);
  if (!target.is_loopback()) return -ENETUNREACH;
  if (const int error = ensure_bound(); error != 0) return error;
  peer_ = target;
  state_ = State::kConnecting;
  plan_call(environment_.latency(), 0);
  return -EINPROGRESS;
}

int StreamSocket::connect_at_once(const Address& target) {
  const auto found = names_.find(SOCK_STREAM, target);
  if (!found) return names_.known(SOCK_STREAM, target) || target.host.starts_with('\0') ? -ECONNREFUSED : -ENOENT;
  auto& listener = static_cast<StreamSocket&>(*found);
  if (listener.backlog_full()) return -EAGAIN;
  auto outward = make_channel();
  const auto server = listener.admit(local_, listener.local_, outward);
  peer_ = target;
  establish(server->outward_, std::move(outward));
  return 0;
}

void StreamSocket::plan_call(int64_t delay, int attempt) {
  const auto when = Timeline::later(environment_.time.now(), delay);
  environment_.time.plan(when, [caller = std::weak_ptr(self()), attempt] {
    if (const auto socket = caller.lock()) socket->call(attempt);
  });
}

void StreamSocket::plan_failure(int64_t delay, int error) {
  const auto when = Timeline::later(environment_.time.now(), delay);
  environment_.time.plan(when, [caller = std::weak_ptr(self()), error] {
    const auto socket = caller.lock();
    if (!socket) return;
    socket->state_ = State::kFailed;
    socket->error_ = error;
  });
}

// The call reaches the other side. A full listener does not answer: the caller tries again after 1, 2, 4 ... s, six
// times, as Linux does, then gives up.
void StreamSocket::call(int attempt) {
  constexpr int kRetries = 6;
  constexpr int64_t kSecond = 1'000'000'000;
  const auto found = names_.find(SOCK_STREAM, peer_);
  if (!found) return plan_failure(environment_.latency(), ECONNREFUSED);
  auto& listener = static_cast<StreamSocket&>(*found);
  if (!listener.backlog_full()) return arrive_at(listener);
  const int64_t pause = kSecond << attempt;
  if (attempt == kRetries) return plan_failure(pause, ETIMEDOUT);
  plan_call(pause, attempt + 1);
}

// The listener's side has its connection now; the caller learns of it when the answer has travelled back.
void StreamSocket::arrive_at(StreamSocket& listener) {
  auto there = make_channel();
  const auto back = listener.admit(reachable(local_), peer_, there)->outward_;
  there->answer_on(back);
  back->answer_on(there);
  Timeline& time = environment_.time;
  const int64_t when = Timeline::later(time.now(), environment_.latency());
  back->not_before(when);
  time.plan(when, [caller = std::weak_ptr(self()), there = std::move(there), back] {
    if (const auto socket = caller.lock()) return socket->establish(back, there);
    there->reset();
    back->abandon();
  });
}

std::shared_ptr<StreamSocket> StreamSocket::admit(const Address& from, const Address& to,
                                                  std::shared_ptr<Channel> inward) {
  auto server = std::make_shared<StreamSocket>(environment_, names_, domain());
  server->options_ = options_;
  server->local_ = to;
  server->peer_ = from;
  server->establish(std::move(inward), server->make_channel());
  waiting_.push_back(server);
  return server;
}

}  // namespace poe::sim
