// SPDX-License-Identifier: MIT
#include "http_transfer.hpp"

#include <algorithm>
#include <utility>

#include "http_client_core.hpp"
#include "http_client_errors.hpp"

namespace poe {
namespace {

long number_of(CURL* easy, CURLINFO what) noexcept {
  long value = 0;
  ::curl_easy_getinfo(easy, what, &value);
  return value;
}

std::string text_of(CURL* easy, CURLINFO what) {
  const char* text = nullptr;
  ::curl_easy_getinfo(easy, what, &text);
  return text != nullptr ? text : "";
}

int version_of(CURL* easy) noexcept {
  switch (number_of(easy, CURLINFO_HTTP_VERSION)) {
    case CURL_HTTP_VERSION_1_0:
      return 10;
    case CURL_HTTP_VERSION_2_0:
      return 20;
    default:
      return 11;
  }
}

std::string in_milliseconds(Duration time) {
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(time).count()) + " ms";
}

}  // namespace

HttpTransfer::HttpTransfer(HttpClientCore& core, HttpClientRequest request, Fn<void(Answer)> done, bool always_told)
    : core_(&core),
      request_(std::move(request)),
      limits_(request_.limits.value_or(core.options().limits)),
      url_(without_credentials(request_.url)),
      done_(std::move(done)),
      always_told_(always_told),
      hold_(core.self().keep_alive(request_.method + " " + url_)) {}

HttpTransfer* HttpTransfer::of(CURL* easy) noexcept {
  void* transfer = nullptr;
  ::curl_easy_getinfo(easy, CURLINFO_PRIVATE, &transfer);
  return static_cast<HttpTransfer*>(transfer);
}

// ---- what comes

bool HttpTransfer::begin_hop() {
  connected_ = true;
  mark_progress();
  head_octets_ = 0;
  refused_address_.clear();
  socket_error_ = 0;
  const std::string url = text_of(easy_.get(), CURLINFO_EFFECTIVE_URL);
  const bool tls = ::curl_strnequal(url.c_str(), "https:", 6) != 0;
  // Why here: libcurl has one set of protocols for all redirects of a transfer, wherever the last one has led.
  if (std::exchange(was_tls_, tls) && !tls) {
    Error down =
        error(Errc::protocol, "a redirect leads from https to http", "look at where the server sends its clients");
    down.with("redirected to", without_credentials(url));
    set_fault(std::move(down));
    return false;
  }
  return true;
}

bool HttpTransfer::take_header(std::size_t octets) {
  mark_progress();
  head_octets_ += octets;
  if (head_octets_ <= limits_.max_head) return true;
  set_fault(error(Errc::limit, "its head is over " + std::to_string(limits_.max_head) + " octets", "raise max_head"));
  return false;
}

bool HttpTransfer::take_body(std::string_view piece) {
  if (fault_) return false;
  mark_progress();
  if (!head_known_) read_head();
  curl_off_t announced = -1;
  if (body_octets_ == 0) ::curl_easy_getinfo(easy_.get(), CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &announced);
  body_octets_ += piece.size();
  const auto expected = announced > 0 ? static_cast<std::uint64_t>(announced) : 0;
  if (std::max(body_octets_, expected) > limits_.max_body) {
    set_fault(error(Errc::limit, "its body is over " + std::to_string(limits_.max_body) + " octets",
                    "raise max_body, or take the body in pieces and set no limit"));
    return false;
  }
  constexpr std::uint64_t kMost = 1 << 20;  // what is only announced is not there yet
  if (expected > 0 && !request_.on_piece) inbox_.reserve(std::min(expected, kMost));
  inbox_.append(piece);
  if (paused_ || has_news()) core_->mark_news(*this);  // paused: deliver() says so again, now that libcurl heeds it
  return true;
}

void HttpTransfer::read_head() {
  answer_.status = static_cast<int>(number_of(easy_.get(), CURLINFO_RESPONSE_CODE));
  answer_.fields = read_fields(CURLH_HEADER);
  answer_.url = without_credentials(text_of(easy_.get(), CURLINFO_EFFECTIVE_URL));
  answer_.redirects = static_cast<unsigned>(number_of(easy_.get(), CURLINFO_REDIRECT_COUNT));
  answer_.version = version_of(easy_.get());
  answer_.reused = number_of(easy_.get(), CURLINFO_NUM_CONNECTS) == 0;
  head_known_ = true;
}

HttpFields HttpTransfer::read_fields(unsigned origin) const {
  HttpFields fields;
  constexpr int kLastResponse = -1;
  for (curl_header* field = nullptr;
       (field = ::curl_easy_nextheader(easy_.get(), origin, kLastResponse, field)) != nullptr;) {
    fields.add(field->name, field->value);
  }
  return fields;
}

void HttpTransfer::conclude(CURLcode code) {
  if (fault_) return settle(*fault_);
  if (code != CURLE_OK) return settle(failure_of(code));
  if (!head_known_) read_head();
  answer_.trailers = read_fields(CURLH_TRAILER);
  outcome_.emplace(Answer());  // the answer itself when it is told, behind on_head
}

// ---- what goes wrong

void HttpTransfer::set_fault(Error error) {
  if (!fault_) fault_ = std::move(error);
}

void HttpTransfer::settle(Error error) { outcome_.emplace(failure(std::move(error))); }

Error HttpTransfer::error(Errc code, std::string why, std::string advice) const {
  return {code, request_.method, url_, std::move(why), std::move(advice)};
}

Error HttpTransfer::failure_of(CURLcode code) const {
  if (!refused_address_.empty() && code == CURLE_COULDNT_CONNECT) {
    return error(Errc::cancelled, "allow_address has refused " + refused_address_,
                 "ask another host, or let the option allow it");
  }
  const long number = number_of(easy_.get(), CURLINFO_OS_ERRNO);
  CurlFailure what{code, request_.method, url_, {}, text_};
  what.number = socket_error_ != 0 ? socket_error_ : static_cast<int>(number);
  what.redirects = number_of(easy_.get(), CURLINFO_REDIRECT_COUNT);
  if (what.redirects > 0) what.last = without_credentials(text_of(easy_.get(), CURLINFO_EFFECTIVE_URL));
  return curl_error(what);
}

// ---- time

void HttpTransfer::mark_progress() noexcept { progress_ = core_->self().now(); }

void HttpTransfer::begin() {
  progress_ = core_->self().now();
  total_due_ = saturating_add(progress_, limits_.total_time);
  arm_limit(progress_);
}

// One timer for both limits, which looks again later if the time has moved meanwhile.
void HttpTransfer::arm_limit(TimePoint now) {
  const bool idles = connected_ && !paused_;
  idle_seen_ = false;
  const TimePoint idle_due = saturating_add(idles ? progress_ : now, limits_.idle_time);
  const TimePoint due = std::min(total_due_, idle_due);
  if (due == TimePoint::max()) return;
  limit_ = core_->self().after(due - now, [this] { limit_due(); });
}

void HttpTransfer::limit_due() {
  const TimePoint now = core_->self().now();
  if (now >= total_due_) {
    return core_->fail(*this, error(Errc::timed_out,
                                    "it took more than " + in_milliseconds(limits_.total_time) + " in all; " +
                                        std::to_string(body_octets_) + " octets of a body have come",
                                    "try again later, or allow more total_time"));
  }
  if (connected_ && !paused_ && now >= saturating_add(progress_, limits_.idle_time)) {
    if (!std::exchange(idle_seen_, true)) {
      // The silence may be ours: somebody has held the loop, and what came meanwhile is read in this turn.
      limit_ = core_->self().after(std::chrono::milliseconds(1), [this] { limit_due(); });
      return;
    }
    return core_->fail(*this, error(Errc::timed_out,
                                    "the server has been silent for " + in_milliseconds(limits_.idle_time) + "; " +
                                        std::to_string(body_octets_) + " octets of a body have come",
                                    "try again later, or allow more idle_time"));
  }
  arm_limit(now);
}

void HttpTransfer::pause() noexcept {
  if (std::exchange(paused_, true) || easy_ == nullptr) return;
  ::curl_easy_pause(easy_.get(), CURLPAUSE_RECV);  // refused while not connected; deliver() repeats it
}

void HttpTransfer::resume() {
  if (!std::exchange(paused_, false)) return;
  mark_progress();
  if (easy_ != nullptr) ::curl_easy_pause(easy_.get(), CURLPAUSE_CONT);
  if (has_news()) core_->mark_news(*this);
  core_->deliver_later();
}

// ---- the users

bool HttpTransfer::has_news() const noexcept {
  if (core_ == nullptr) return false;
  return outcome_ || (request_.on_head && head_known_ && !head_told_) || (request_.on_piece && !inbox_.empty());
}

void HttpTransfer::deliver() {
  if (busy_) return;  // in a slice nested in one of its callbacks: goes on when that returns
  const auto kept = shared_from_this();
  struct Busy {
    explicit Busy(bool& flag) noexcept : flag_(flag) { flag_ = true; }
    ~Busy() { flag_ = false; }
    bool& flag_;
  } const busy(busy_);
  while (deliver_one()) {
  }
}

/// @return  whether there may be more
bool HttpTransfer::deliver_one() {
  if (core_ == nullptr || core_->self().stop_requested()) return false;
  const bool failed = outcome_ && !outcome_->has_value();
  if (paused_ && !failed) {
    if (easy_ != nullptr) ::curl_easy_pause(easy_.get(), CURLPAUSE_RECV);
    return false;
  }
  if (head_known_ && !head_told_ && !paused_) {
    head_told_ = true;
    if (request_.on_head) request_.on_head(answer_);
    return true;
  }
  if (request_.on_piece && !inbox_.empty() && !paused_) {
    const std::string piece = std::exchange(inbox_, {});
    request_.on_piece(piece);
    return true;
  }
  if (!outcome_) return false;
  const KeepAlive hold = std::move(hold_);  // until the callback has returned
  core_->forget(*this);
  if (outcome_->has_value()) {
    if (!request_.on_piece) answer_.body = std::move(inbox_);
    *outcome_ = std::move(answer_);
  }
  if (done_) done_(std::move(*outcome_));
  return false;
}

// ---- the end

void HttpTransfer::release_easy(bool leak) noexcept {
  CurlEasy easy = std::move(easy_);
  if (leak) static_cast<void>(easy.release());
}

void HttpTransfer::let_go() noexcept {
  core_ = nullptr;
  limit_.cancel();
  hold_.cancel();
}

void HttpTransfer::orphan(const Error& why) {
  let_go();
  if (always_told_ && done_) done_(outcome_ && !*outcome_ ? std::move(*outcome_) : Answer(failure(why)));
}

}  // namespace poe
