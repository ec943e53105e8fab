// SPDX-License-Identifier: MIT
#include "http_client_core.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include "poe/system.hpp"

namespace poe {
namespace {

/// Once for the process; libcurl may be used by others in it, who count themselves.
bool curl_is_ready() {
  static const bool ready = ::curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  return ready;
}

}  // namespace

HttpClientCore::HttpClientCore(Self& self, HttpClientOptions options)
    : self_(self), options_(std::move(options)), process_(::getpid()) {
  if (curl_is_ready()) {
    share_.reset(::curl_share_init());
    multi_.reset(::curl_multi_init());
  }
  if (share_ == nullptr || multi_ == nullptr) {
    throw std::system_error(ENOMEM, std::generic_category(), "cannot start libcurl for an HttpClient");
  }
  set_up();
}

void HttpClientCore::set_up() {
  CURLM* const multi = multi_.get();
  ::curl_share_setopt(share_.get(), CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);  // one thread: no locks needed
  ::curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, &HttpClientCore::on_socket);
  ::curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, this);
  ::curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, &HttpClientCore::on_timer);
  ::curl_multi_setopt(multi, CURLMOPT_TIMERDATA, this);
  ::curl_multi_setopt(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, std::max(options_.max_connections, 1L));
  ::curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, std::max(options_.max_host_connections, 1L));
  ::curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, std::max(options_.max_idle_connections, 1L));
  ::curl_multi_setopt(multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
}

// ---- calls

std::shared_ptr<HttpTransfer> HttpClientCore::start(HttpClientRequest request, Fn<void(HttpClient::Answer)> done,
                                                    bool always_told) {
  auto transfer = std::make_shared<HttpTransfer>(*this, std::move(request), std::move(done), always_told);
  transfers_.emplace(transfer.get(), transfer);
  if (auto begun = begin(*transfer); !begun) {
    transfer->settle(std::move(begun.error()));
    transfer->release_easy(false);
    mark_news(*transfer);
    deliver_later();
  }
  return transfer;
}

Result<void> HttpClientCore::begin(HttpTransfer& transfer) {
  if (forked()) {
    if (multi_ != nullptr) give_up();
    return failure(transfer.error(Errc::forked, "the client belongs to the process that has forked",
                                  "make a new HttpClient in the child"));
  }
  if (!is_real(self_.system())) {
    return failure(transfer.error(Errc::not_supported, "a simulated world has no network that libcurl could use",
                                  "run it on a real loop"));
  }
  if (transfers_.size() > options_.max_calls) {
    return failure(transfer.error(Errc::limit,
                                  std::to_string(options_.max_calls) + " calls are under way already, as many as may",
                                  "ask again when some are done, or raise max_calls"));
  }
  if (auto prepared = transfer.prepare(share_.get()); !prepared) return prepared;
  transfer.begin();
  const CURLMcode added = ::curl_multi_add_handle(multi_.get(), transfer.easy());
  if (added == CURLM_OK) return {};
  return failure(transfer.error(added == CURLM_RECURSIVE_API_CALL ? Errc::invalid_argument : Errc::system,
                                ::curl_multi_strerror(added)));
}

void HttpClientCore::take_out(HttpTransfer& transfer) noexcept {
  if (transfer.easy() == nullptr) return;
  const bool leak = forked();
  if (!leak) ::curl_multi_remove_handle(multi_.get(), transfer.easy());
  transfer.release_easy(leak);
}

void HttpClientCore::drop(HttpTransfer& transfer) noexcept {
  take_out(transfer);
  forget(transfer);
}

void HttpClientCore::forget(HttpTransfer& transfer) noexcept {
  const auto found = transfers_.find(&transfer);
  if (found == transfers_.end()) return;
  const auto kept = std::move(found->second);
  transfers_.erase(found);
  std::erase(news_, kept);
  std::erase(broken_, &transfer);
  transfer.let_go();
}

void HttpClientCore::fail(HttpTransfer& transfer, Error error) {
  const auto kept = shared_from_this();
  if (transfer.settled()) return;
  transfer.settle(std::move(error));
  take_out(transfer);
  mark_news(transfer);
  deliver();
}

void HttpClientCore::fail_all(Errc code, const std::string& why, const std::string& advice) {
  for (const auto& [transfer, owner] : transfers_) {
    if (transfer->settled()) continue;
    transfer->settle(transfer->error(code, why, advice));
    take_out(*transfer);
    mark_news(*transfer);
  }
}

// ---- the loop

void HttpClientCore::ready(int socket, std::uint32_t how) {
  act(socket, ((how & POE_READ) != 0 ? CURL_CSELECT_IN : 0) | ((how & POE_WRITE) != 0 ? CURL_CSELECT_OUT : 0));
}

void HttpClientCore::act(curl_socket_t socket, int how) {
  const auto kept = shared_from_this();
  if (forked()) {
    give_up();
    return deliver();
  }
  int running = 0;
  const CURLMcode code = ::curl_multi_socket_action(multi_.get(), socket, how, &running);
  collect();
  if (code != CURLM_OK && code != CURLM_BAD_SOCKET) {
    fail_all(Errc::system, ::curl_multi_strerror(code), "make a new HttpClient");
  }
  deliver();
}

void HttpClientCore::collect() {
  int left = 0;
  while (const CURLMsg* const message = ::curl_multi_info_read(multi_.get(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    HttpTransfer& transfer = *HttpTransfer::of(message->easy_handle);
    if (!transfer.settled()) transfer.conclude(message->data.result);
    take_out(transfer);  // and with it the message
    mark_news(transfer);
  }
  for (HttpTransfer* const transfer : std::exchange(broken_, {})) {
    if (transfer->settled()) continue;
    transfer->settle(*transfer->fault());
    take_out(*transfer);
    mark_news(*transfer);
  }
}

int HttpClientCore::on_socket(CURL* easy, curl_socket_t socket, int what, void* core, void*) noexcept {
  auto& self = *static_cast<HttpClientCore*>(core);
  if (what == CURL_POLL_REMOVE) {
    self.watches_.forget(socket);
    return 0;
  }
  const std::uint32_t interest =
      ((what & CURL_POLL_IN) != 0 ? POE_READ : 0u) | ((what & CURL_POLL_OUT) != 0 ? POE_WRITE : 0u);
  try {
    const auto watched = self.watches_.watch(self.self_, socket, interest,
                                             [&self, socket](std::uint32_t how) { self.ready(socket, how); });
    HttpTransfer* const transfer = HttpTransfer::of(easy);
    if (watched || transfer == nullptr) return 0;
    transfer->set_fault(transfer->error(Errc::system, watched.error().message(), watched.error().advice()));
    self.broken_.push_back(transfer);  // -1 from here would be the end of all transfers
    self.deliver_later();
    return 0;
  } catch (...) {
    return -1;
  }
}

int HttpClientCore::on_timer(CURLM*, long milliseconds, void* core) noexcept {
  auto& self = *static_cast<HttpClientCore*>(core);
  try {
    if (milliseconds < 0) {
      self.timer_.cancel();
    } else {
      self.timer_ =
          self.self_.after(std::chrono::milliseconds(milliseconds), [&self] { self.act(CURL_SOCKET_TIMEOUT, 0); });
    }
    return 0;
  } catch (...) {
    return -1;
  }
}

int HttpClientCore::close_socket(void* core, curl_socket_t socket) noexcept {
  auto& self = *static_cast<HttpClientCore*>(core);
  self.watches_.forget(socket);  // before the number can be somebody else's
  self.sockets_.erase(socket);
  return ::close(socket);
}

// ---- the users

void HttpClientCore::mark_news(HttpTransfer& transfer) {
  if (transfer.queued) return;
  transfer.queued = true;
  news_.push_back(transfer.shared_from_this());
}

void HttpClientCore::deliver_later() {
  self_.defer([weak = weak_from_this()] {
    const auto alive = weak.lock();
    if (alive == nullptr || alive->closed_) return;
    if (alive->multi_ != nullptr && !alive->forked()) alive->collect();
    alive->deliver();
  });
}

void HttpClientCore::deliver() {
  const auto kept = shared_from_this();
  while (!closed_ && !news_.empty() && !self_.stop_requested()) {
    const auto transfer = std::move(news_.front());
    news_.pop_front();
    transfer->queued = false;
    try {
      transfer->deliver();
    } catch (...) {
      if (!closed_) {
        if (transfer->has_news()) mark_news(*transfer);
        deliver_later();
      }
      throw;
    }
  }
}

// ---- the end

bool HttpClientCore::forked() const noexcept { return ::getpid() != process_; }

void HttpClientCore::give_up() {
  abandon();
  fail_all(Errc::forked, "this process is a fork of the one that asked", "make a new HttpClient in the child");
  deliver_later();
}

// The child of a fork: its copies of the sockets are closed, but nothing is said over them, as libcurl would for TLS:
// the parent goes on with these connections. libcurl's objects are left as they are.
void HttpClientCore::abandon() noexcept {
  watches_.clear();
  timer_.cancel();
  for (const auto& [transfer, owner] : transfers_) transfer->release_easy(true);
  static_cast<void>(multi_.release());
  static_cast<void>(share_.release());
  for (const int socket : sockets_) ::close(socket);
  sockets_.clear();
}

void HttpClientCore::close() noexcept {
  if (std::exchange(closed_, true)) return;
  if (multi_ != nullptr && forked()) abandon();
  const auto ending = std::exchange(transfers_, {});
  const auto told = std::exchange(news_, {});
  for (const auto& [transfer, owner] : ending) {
    if (multi_ != nullptr) take_out(*transfer);
    transfer->orphan(transfer->error(Errc::closed, "its HttpClient is gone"));
  }
  multi_.reset();  // closes the idle connections, which calls close_socket()
  share_.reset();
  watches_.clear();
  timer_.cancel();
}

}  // namespace poe
