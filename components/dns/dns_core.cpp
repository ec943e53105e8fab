// SPDX-License-Identifier: MIT
#include "dns_core.hpp"

#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "poe/system.hpp"

namespace poe {

DnsCore::DnsCore(Self& self, DnsOptions options)
    : self_(self), options_(std::move(options)), process_(::getpid()), channel_(open_ares(options_, &on_socket, this)) {
  use_system(channel_.get(), self_.system());
}

std::shared_ptr<DnsCore> DnsCore::open(const std::weak_ptr<DnsCore>& core) noexcept {
  auto kept = core.lock();
  if (kept != nullptr && kept->closed_) kept.reset();
  return kept;
}

std::string DnsCore::server_list() const {
  std::string list;
  for (const SocketAddress& server : servers()) list += (list.empty() ? "" : ", ") + server.to_string();
  return list;
}

// ---- look-ups

void DnsCore::start(const std::shared_ptr<DnsLookup>& lookup) {
  auto refused = why_not(*lookup);
  wanted_.emplace(lookup.get(), lookup);
  if (refused) {
    lookup->settle(std::move(*refused));
  } else {
    flying_.emplace(lookup.get(), lookup);
    lookup->start(channel_.get());
    if (!lookup->in_flight) flying_.erase(lookup.get());
    after_ares();
  }
  if (lookup->settled()) mark_news(lookup);
  if (!news_.empty()) deliver_later();
}

void DnsCore::mark_news(const std::shared_ptr<DnsLookup>& lookup) {
  if (!std::exchange(lookup->queued, true)) news_.push_back(lookup);
}

std::optional<Error> DnsCore::why_not(const DnsLookup& lookup) {
  if (forked()) {
    fail_all(&DnsLookup::forked);
    return lookup.error(Errc::forked, "the client belongs to the process that has forked",
                        "make a new DnsClient in the child");
  }
  if (!is_real(self_.system())) {
    return lookup.error(Errc::not_supported, "a simulated world has no network that c-ares could use",
                        "run it on a real loop, or give the Resolver a look-up of your own");
  }
  if (std::max(wanted_.size(), flying_.size()) >= options_.max_lookups) {
    return lookup.error(Errc::limit,
                        std::to_string(options_.max_lookups) + " look-ups are under way already, as many as may",
                        "ask again when some are done, or raise max_lookups");
  }
  return std::nullopt;
}

void DnsCore::landed(DnsLookup& lookup) noexcept {
  const auto found = flying_.find(&lookup);
  if (found == flying_.end()) return;
  const auto kept = std::move(found->second);
  flying_.erase(found);
  lookup.in_flight = false;
  if (wanted_.contains(&lookup)) mark_news(kept);
}

void DnsCore::drop(DnsLookup& lookup) noexcept {
  const auto found = wanted_.find(&lookup);
  if (found == wanted_.end()) return;
  const auto kept = std::move(found->second);
  wanted_.erase(found);
  std::erase(news_, kept);
  if (!lookup.in_flight) lookup.let_go();
  cancel_unwanted();
  kept->forget();  // last: what the callback held may be whatever the client is in
}

/// c-ares cannot cancel one of several; those nobody wants end with the last that somebody does.
void DnsCore::cancel_unwanted() noexcept {
  for (const auto& [lookup, owner] : flying_) {
    if (wanted_.contains(lookup)) return;
  }
  if (flying_.empty() || closed_) return;
  ::ares_cancel(channel_.get());
  timer_.cancel();
}

void DnsCore::fail_all(const std::function<Error(const DnsLookup&)>& error) {
  for (const auto& [lookup, owner] : flying_) owner->settle(error(*lookup));
  ::ares_cancel(channel_.get());
  deliver_later();
}

// ---- the loop

void DnsCore::on_socket(void* core, ares_socket_t socket, int readable, int writable) noexcept {
  auto& self = *static_cast<DnsCore*>(core);
  if (readable == 0 && writable == 0) {
    self.sockets_.forget(socket);  // it is closed next (P102)
    return;
  }
  try {
    const std::uint32_t interest = (readable != 0 ? POE_READ : 0u) | (writable != 0 ? POE_WRITE : 0u);
    auto watched = self.sockets_.watch(self.self_, socket, interest,
                                       [&self, socket](std::uint32_t how) { self.ready(socket, how); });
    if (!watched && !self.fault_) self.fault_ = std::move(watched.error());
  } catch (...) {
    self.fault_ = Error::from_exception(std::current_exception(), "watch", "a name server's socket");
  }
}

void DnsCore::ready(int socket, std::uint32_t how) {
  act((how & POE_READ) != 0 ? socket : ARES_SOCKET_BAD, (how & POE_WRITE) != 0 ? socket : ARES_SOCKET_BAD);
}

void DnsCore::act(ares_socket_t readable, ares_socket_t writable) {
  const auto kept = shared_from_this();
  if (forked()) {
    fail_all(&DnsLookup::forked);
  } else {
    ::ares_process_fd(channel_.get(), readable, writable);  // also what has timed out
  }
  after_ares();
  deliver();
}

/// What c-ares' callbacks could only note.
void DnsCore::after_ares() {
  if (const auto fault = std::exchange(fault_, std::nullopt)) {
    fail_all([&](const DnsLookup& lookup) { return lookup.error(Errc::system, fault->message(), fault->advice()); });
  }
  cancel_unwanted();
  arm_timer();
}

void DnsCore::arm_timer() {
  timeval room{};
  const timeval* const left = ::ares_timeout(channel_.get(), nullptr, &room);
  if (flying_.empty() || left == nullptr) return timer_.cancel();
  // c-ares has cut it to milliseconds: without another one this would spin through the last of them.
  const Duration delay = std::chrono::seconds(left->tv_sec) + std::chrono::microseconds(left->tv_usec);
  timer_ = self_.after(delay + std::chrono::milliseconds(1), [this] { act(ARES_SOCKET_BAD, ARES_SOCKET_BAD); });
}

// ---- the users

void DnsCore::deliver_later() {
  self_.defer([weak = weak_from_this()] {
    const auto alive = weak.lock();
    if (alive != nullptr && !alive->closed_) alive->deliver();
  });
}

void DnsCore::deliver() {
  const auto kept = shared_from_this();
  while (!closed_ && !news_.empty() && !self_.stop_requested()) {
    const auto lookup = std::move(news_.front());
    news_.pop_front();
    wanted_.erase(lookup.get());
    lookup->let_go();
    try {
      lookup->deliver();
    } catch (...) {
      if (!closed_) deliver_later();
      throw;
    }
  }
}

// ---- the end

bool DnsCore::forked() const noexcept { return ::getpid() != process_; }

void DnsCore::close() noexcept {
  if (std::exchange(closed_, true)) return;
  timer_.cancel();
  const auto ending = std::exchange(wanted_, {});
  const auto told = std::exchange(news_, {});
  for (const auto& [lookup, owner] : flying_) owner->let_go();
  for (const auto& [lookup, owner] : ending) {
    owner->let_go();
    if (!owner->settled()) owner->settle(owner->error(Errc::closed, "its DnsClient is gone"));
  }
  channel_.reset();  // calls back for all that fly, and closes its sockets
  flying_.clear();
  sockets_.clear();
  for (const auto& [lookup, owner] : ending) {
    if (owner->always_told()) owner->deliver();  // never a user's own code
    owner->forget();
  }
}

}  // namespace poe
