// SPDX-License-Identifier: MIT
//
// What an HttpClient is inside: libcurl's multi handle with its sockets watched and its timer kept by the kernel.
//
// Mind: libcurl may close a socket before it says that it needs no watch any more, so both are heeded; its functions
// must not be called from its own callbacks, so those only note what to do.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "curl_handles.hpp"
#include "http_transfer.hpp"
#include "library_sockets.hpp"

namespace poe {

class HttpClientCore : public std::enable_shared_from_this<HttpClientCore> {
 public:
  HttpClientCore(Self& self, HttpClientOptions options);
  HttpClientCore(const HttpClientCore&) = delete;
  HttpClientCore& operator=(const HttpClientCore&) = delete;
  ~HttpClientCore() { close(); }

  std::shared_ptr<HttpTransfer> start(HttpClientRequest request, Fn<void(HttpClient::Answer)> done, bool always_told);
  /// The client goes: nobody hears of anything any more, but for awaits.
  void close() noexcept;
  /// The call is cancelled.
  void drop(HttpTransfer& transfer) noexcept;
  /// Ends a transfer for a reason of ours, and tells.
  void fail(HttpTransfer& transfer, Error error);
  /// It is told next, and then is no part of this any more.
  void forget(HttpTransfer& transfer) noexcept;
  void mark_news(HttpTransfer& transfer);
  void deliver_later();

  Self& self() const noexcept { return self_; }
  HttpClientOptions& options() noexcept { return options_; }
  std::size_t size() const noexcept { return transfers_.size(); }

  // ---- libcurl's callbacks; nothing may be thrown through it
  static int on_socket(CURL* easy, curl_socket_t socket, int what, void* core, void*) noexcept;
  static int on_timer(CURLM*, long milliseconds, void* core) noexcept;
  static int close_socket(void* core, curl_socket_t socket) noexcept;
  void note_socket(int socket) { sockets_.insert(socket); }

 private:
  void set_up();
  Result<void> begin(HttpTransfer& transfer);
  void ready(int socket, std::uint32_t how);
  void act(curl_socket_t socket, int how);
  void collect();
  void deliver();
  void take_out(HttpTransfer& transfer) noexcept;
  bool forked() const noexcept;
  void give_up();
  void abandon() noexcept;
  void fail_all(Errc code, const std::string& why, const std::string& advice);

  Self& self_;
  HttpClientOptions options_;
  const pid_t process_;
  bool closed_ = false;
  LibrarySockets watches_;
  std::unordered_set<int> sockets_;  // those that libcurl has open, watched or idle
  Timer timer_;
  CurlShare share_;
  CurlMulti multi_;
  std::unordered_map<HttpTransfer*, std::shared_ptr<HttpTransfer>> transfers_;
  std::deque<std::shared_ptr<HttpTransfer>> news_;
  std::vector<HttpTransfer*> broken_;  // have a fault that libcurl does not know of
};

}  // namespace poe
