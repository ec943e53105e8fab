// SPDX-License-Identifier: MIT
//
// One call of an HttpClient: libcurl's handle, what has come so far, and whom to tell.
//
// libcurl's callbacks only put aside what came. Users are called from deliver(), when libcurl is not on the stack: so
// they may throw, start and cancel calls, and drop the client.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "curl_handles.hpp"
#include "poe/components/http_client.hpp"

namespace poe {

class HttpTransfer : public std::enable_shared_from_this<HttpTransfer> {
 public:
  using Answer = HttpClient::Answer;

  /// @param always_told  also when the client goes: for awaits
  HttpTransfer(HttpClientCore& core, HttpClientRequest request, Fn<void(Answer)> done, bool always_told);
  HttpTransfer(const HttpTransfer&) = delete;
  HttpTransfer& operator=(const HttpTransfer&) = delete;
  ~HttpTransfer() = default;

  // ---- for the client
  /// Makes libcurl's handle. Errors: invalid_argument, system.
  Result<void> prepare(CURLSH* share);
  /// From here on the limits of time run.
  void begin();
  CURL* easy() const noexcept { return easy_.get(); }
  /// nullptr for handles of libcurl's own.
  static HttpTransfer* of(CURL* easy) noexcept;
  /// libcurl is through with it.
  void conclude(CURLcode code);
  /// It ends for a reason of ours.
  void settle(Error error);
  bool settled() const noexcept { return outcome_.has_value(); }
  /// What has gone wrong inside of a callback of libcurl that cannot say so: the first one counts.
  void set_fault(Error error);
  const std::optional<Error>& fault() const noexcept { return fault_; }
  Error error(Errc code, std::string why, std::string advice = {}) const;
  /// Calls the users with what there is for them.
  void deliver();
  bool has_news() const noexcept;
  /// Frees libcurl's handle; `leak`: it is the parent's, this is the child of a fork.
  void release_easy(bool leak) noexcept;
  /// It is no part of its client any more.
  void let_go() noexcept;
  /// The client goes.
  void orphan(const Error& why);
  bool queued = false;  // in the client's list of those with news

  // ---- for the call
  HttpClientCore* core() const noexcept { return core_; }
  void pause() noexcept;
  void resume();

 private:
  friend struct HttpTransferHooks;

  Result<void> check_request() const;
  CURLcode set_options(CURLSH* share);
  CURLcode set_method();
  CURLcode set_fields();
  CURLcode set_connection();
  CURLcode set_limits();
  CURLcode set_hooks();
  bool may_redirect() const noexcept;
  bool add_line(const std::string& line);

  /// The connection stands, and the request is about to be sent over it: the first one, or a redirect's. False: it must
  /// not be.
  bool begin_hop();
  bool take_header(std::size_t octets);
  bool take_body(std::string_view piece);
  void read_head();
  HttpFields read_fields(unsigned origin) const;
  Error failure_of(CURLcode code) const;
  void mark_progress() noexcept;
  void arm_limit(TimePoint now);
  void limit_due();
  bool deliver_one();

  HttpClientCore* core_;  // nullptr once it has gone
  HttpClientRequest request_;
  const HttpClientLimits limits_;
  const std::string url_;  // to be shown
  Fn<void(Answer)> done_;
  const bool always_told_;
  CurlEasy easy_;
  CurlList lines_;  // libcurl borrows these two
  char text_[CURL_ERROR_SIZE] = "";

  HttpClientResponse answer_;
  std::string inbox_;  // of the body: what waits for on_piece; without that all of it, until the answer is told
  std::size_t head_octets_ = 0;  // of this response
  std::uint64_t body_octets_ = 0;
  std::optional<Error> fault_;
  std::string refused_address_;  // by allow_address, since the last connection
  int socket_error_ = 0;         // of the last socket that was to be made
  std::optional<Answer> outcome_;
  bool head_known_ = false;
  bool head_told_ = false;
  bool connected_ = false;
  bool was_tls_ = false;  // the request before this redirect went over TLS
  bool paused_ = false;
  bool busy_ = false;       // in deliver()
  bool idle_seen_ = false;  // the server has been silent for too long; looked at once more
  TimePoint total_due_{};
  TimePoint progress_{};
  std::int64_t sent_ = 0;
  Timer limit_;
  KeepAlive hold_;
};

}  // namespace poe
