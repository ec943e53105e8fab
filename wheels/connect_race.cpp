// SPDX-License-Identifier: MIT
#include "connect_race.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "acceptor.hpp"

namespace poe {
namespace {

std::string connect_advice(int number) {
  switch (number) {
    case ECONNREFUSED:
      return "nobody listens there: start the server, or check address and port";
    case ENOENT:
      return "there is no such socket file: start the server, or check the path";
    case EAGAIN:
      return "the listener's backlog is full: try again later";
    case ETIMEDOUT:
    case EHOSTUNREACH:
    case ENETUNREACH:
      return "the machine does not answer: check address, network and firewall";
    case EADDRNOTAVAIL:
      return "no free local port, or this machine cannot reach that address";
    case EACCES:
    case EPERM:
      return "permission: check the file's mode, or the firewall";
    default:
      return {};
  }
}

/// How much a failure says about the peer: nothing if this machine has no way to that family, little if nobody
/// answered, most if somebody said no.
int weight(const Error& error) {
  if (error.code() == Errc::timed_out) return 1;
  switch (error.number()) {
    case EAFNOSUPPORT:
    case EADDRNOTAVAIL:
    case ENETUNREACH:
      return 0;
    case EHOSTUNREACH:
    case ETIMEDOUT:
      return 1;
    default:
      return 2;
  }
}

}  // namespace

std::vector<SocketAddress> interleave_families(const std::vector<SocketAddress>& addresses) {
  std::vector<SocketAddress> first;
  std::vector<SocketAddress> others;
  for (const SocketAddress& address : addresses) {
    (address.family() == addresses.front().family() ? first : others).push_back(address);
  }
  std::vector<SocketAddress> turns;
  for (std::size_t i = 0; i < std::max(first.size(), others.size()); ++i) {
    if (i < first.size()) turns.push_back(first[i]);
    if (i < others.size()) turns.push_back(others[i]);
  }
  return turns;
}

ConnectRace::ConnectRace(Self& self, std::vector<SocketAddress> remotes, Rules rules, Hooks hooks)
    : self_(self), rules_(rules), hooks_(std::move(hooks)) {
  for (const SocketAddress& remote : interleave_families(remotes)) attempts_.emplace_back(remote);
}

void ConnectRace::start() { next(); }

void ConnectRace::close() noexcept {
  over_ = true;
  timer_.cancel();
  for (Attempt& attempt : attempts_) {
    attempt.watch.cancel();  // before the socket is closed (P102)
    attempt.socket.reset();
  }
}

void ConnectRace::next() {
  timer_.cancel();
  while (next_ < attempts_.size()) {
    if (rules_.one_at_a_time) give_up_open();
    const std::size_t index = next_++;
    auto begun = begin(index);
    if (begun) return plan_next();
    attempts_[index].socket.reset();
    attempts_[index].error = std::move(begun.error());
  }
  if (!any_open()) lose(most_telling());
}

/// With a deadline each address gets at least its turn: an equal share of what is left.
void ConnectRace::plan_next() {
  if (next_ == attempts_.size()) return;
  Duration delay = rules_.one_at_a_time ? kForever : rules_.delay;
  if (rules_.deadline) {
    const auto shares = static_cast<std::int64_t>(attempts_.size() - next_ + 1);
    delay = std::min(delay, (*rules_.deadline - self_.now()) / shares);
  }
  if (delay == kForever) return;
  timer_ = self_.after(std::max(delay, kLeastDelay), [weak = weak_from_this()] {
    const auto alive = weak.lock();
    if (alive && !alive->over_) alive->next();
  });
}

void ConnectRace::give_up_open() {
  for (Attempt& attempt : attempts_) {
    if (!attempt.socket) continue;
    attempt.watch.cancel();  // before the socket is closed (P102)
    attempt.socket.reset();
    attempt.error = Error(Errc::timed_out, "connect", attempt.to.to_string(), "no answer within its share of the limit",
                          "raise connect_timeout, or do without a fixed bind_port");
  }
}

Result<void> ConnectRace::begin(std::size_t index) {
  Attempt& attempt = attempts_[index];
  auto socket = hooks_.open(attempt.to);
  if (!socket) return failure(socket.error());
  attempt.socket = std::move(*socket);
  const poe_sys& system = attempt.socket.system();
  const int result = system.connect(system.ctx, attempt.socket.get(), attempt.to.data(), attempt.to.size());
  if (result == -EINPROGRESS || result == -EINTR) return wait_for_answer(index);
  if (result < 0) return system_failure(-result, "connect", attempt.to.to_string(), connect_advice(-result));
  self_.defer([weak = weak_from_this(), index] {
    const auto alive = weak.lock();
    if (alive && !alive->over_) alive->finish(index);
  });
  return {};
}

Result<void> ConnectRace::wait_for_answer(std::size_t index) {
  Attempt& attempt = attempts_[index];
  auto watch = self_.watch(attempt.socket.get(), POE_WRITE, [weak = weak_from_this(), index](std::uint32_t) {
    const auto alive = weak.lock();
    if (alive && !alive->over_) alive->finish(index);
  });
  if (!watch) return failure(watch.error());
  attempt.watch = std::move(*watch);
  return {};
}

// The watch goes first (P134): the socket belongs to whoever gets it, and may be watched there at once.
void ConnectRace::finish(std::size_t index) {
  Attempt& attempt = attempts_[index];
  if (!attempt.socket) return;  // given up meanwhile
  auto peer = connected_peer(attempt);
  if (!peer && peer.error().number() == EINPROGRESS) return;
  attempt.watch.cancel();
  if (!peer) return failed(index, std::move(peer.error()));
  Fd winner = std::move(attempt.socket);
  close();
  hooks_.won(std::move(winner), *peer);
}

/// The outcome comes from the socket's error option, then the peer is asked for (P135). EINPROGRESS: the readiness was
/// a false alarm, which a loop may give.
Result<SocketAddress> ConnectRace::connected_peer(const Attempt& attempt) const {
  const poe_sys& system = attempt.socket.system();
  const int fd = attempt.socket.get();
  int outcome = 0;
  std::uint32_t size = sizeof outcome;
  const int asked = system.getsockopt(system.ctx, fd, SOL_SOCKET, SO_ERROR, &outcome, &size);
  if (asked < 0) outcome = -asked;
  if (outcome != 0) return system_failure(outcome, "connect", attempt.to.to_string(), connect_advice(outcome));
  sockaddr_storage raw{};
  size = sizeof raw;
  const int named = system.getpeername(system.ctx, fd, &raw, &size);
  if (named == 0) return SocketAddress::from_raw(&raw, size);
  if (named == -ENOTCONN) {
    const int again = system.connect(system.ctx, fd, attempt.to.data(), attempt.to.size());
    if (again == -EALREADY || again == -EINPROGRESS) return system_failure(EINPROGRESS, "connect");
  }
  return system_failure(-named, "getpeername", attempt.to.to_string(), "the peer hung up at once: try again");
}

/// The next one starts at once if this was the latest, or nothing else is under way.
void ConnectRace::failed(std::size_t index, Error error) {
  attempts_[index].socket.reset();
  attempts_[index].error = std::move(error);
  if (index + 1 == next_ || !any_open()) next();
}

bool ConnectRace::any_open() const noexcept {
  return std::any_of(attempts_.begin(), attempts_.end(), [](const Attempt& a) { return static_cast<bool>(a.socket); });
}

void ConnectRace::time_out(const std::string& why, const std::string& advice) {
  if (over_) return;
  std::optional<std::size_t> first;
  for (std::size_t i = 0; i < attempts_.size(); ++i) {
    Attempt& attempt = attempts_[i];
    if (attempt.error) continue;
    attempt.error =
        Error(Errc::timed_out, "connect", attempt.to.to_string(), i < next_ ? why : why + ", not even tried", advice);
    if (!first) first = i;
  }
  lose(first.value_or(0));
}

/// The first of those that say most about the peer.
std::size_t ConnectRace::most_telling() const {
  std::size_t best = 0;
  for (std::size_t i = 1; i < attempts_.size(); ++i) {
    if (weight(*attempts_[i].error) > weight(*attempts_[best].error)) best = i;
  }
  return best;
}

void ConnectRace::lose(std::size_t most_telling) {
  close();
  Error error = std::move(*attempts_[most_telling].error);
  for (std::size_t i = 0; i < attempts_.size(); ++i) {
    if (i != most_telling) error.with(i < most_telling ? "before that" : "after that", attempts_[i].error->message());
  }
  hooks_.lost(std::move(error));
}

Result<SocketAddress> ConnectRace::local_address() const {
  for (const Attempt& attempt : attempts_) {
    if (attempt.socket) return bound_address(attempt.socket, "SocketFactory");
  }
  return bound_address(Fd(), "SocketFactory");
}

}  // namespace poe
