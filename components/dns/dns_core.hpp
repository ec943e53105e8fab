// SPDX-License-Identifier: MIT
//
// What a DnsClient is inside: a c-ares channel with its sockets watched and its timer kept by the kernel.
//
// Mind: c-ares calls back from inside of whatever is asked of it, and must not be called from there. So its callbacks
// only note the outcome; users are called with c-ares off the stack, and may then do as they like.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "ares_channel.hpp"
#include "dns_lookup.hpp"
#include "library_sockets.hpp"

namespace poe {

class DnsCore : public std::enable_shared_from_this<DnsCore> {
 public:
  DnsCore(Self& self, DnsOptions options);
  DnsCore(const DnsCore&) = delete;
  DnsCore& operator=(const DnsCore&) = delete;
  ~DnsCore() { close(); }

  /// Null once its client has gone, also while one of that client's callbacks still keeps it.
  static std::shared_ptr<DnsCore> open(const std::weak_ptr<DnsCore>& core) noexcept;

  /// Begins it; the outcome comes later, also where it is known at once.
  void start(const std::shared_ptr<DnsLookup>& lookup);
  /// Its user wants it no more.
  void drop(DnsLookup& lookup) noexcept;
  /// The client goes.
  void close() noexcept;
  /// c-ares has called back.
  void landed(DnsLookup& lookup) noexcept;

  Self& self() const noexcept { return self_; }
  const DnsOptions& options() const noexcept { return options_; }
  std::size_t size() const noexcept { return wanted_.size(); }
  std::vector<SocketAddress> servers() const { return ares_servers(channel_.get()); }
  std::string server_list() const;

 private:
  using Lookups = std::unordered_map<const DnsLookup*, std::shared_ptr<DnsLookup>>;

  std::optional<Error> why_not(const DnsLookup& lookup);
  static void on_socket(void* core, ares_socket_t socket, int readable, int writable) noexcept;
  void ready(int socket, std::uint32_t how);
  void act(ares_socket_t readable, ares_socket_t writable);
  void after_ares();
  void arm_timer();
  void mark_news(const std::shared_ptr<DnsLookup>& lookup);
  void fail_all(const std::function<Error(const DnsLookup&)>& error);
  void cancel_unwanted() noexcept;
  void deliver_later();
  void deliver();
  bool forked() const noexcept;

  Self& self_;
  DnsOptions options_;
  const pid_t process_;
  LibrarySockets sockets_;  // before channel_: its end takes its sockets' watches away
  AresChannel channel_;
  Timer timer_;
  Lookups wanted_;  // not told yet
  Lookups flying_;  // c-ares has a pointer to these; wanted or not
  std::deque<std::shared_ptr<DnsLookup>> news_;
  std::optional<Error> fault_;  // a socket could not be watched
  bool closed_ = false;
};

}  // namespace poe
