// SPDX-License-Identifier: MIT
#include "poe/filters/http_client.hpp"

#include <deque>
#include <utility>

#include "http_core.hpp"
#include "http_sender.hpp"
#include "http_text.hpp"

namespace poe {

namespace {

constexpr unsigned kMostInterim = 16;  // 1xx before one answer

}  // namespace

class HttpClientCore final : public HttpCore {
 public:
  explicit HttpClientCore(const HttpLimits& limits) : HttpCore(false, limits) {}

  const HttpResponseHead& response() const noexcept { return head_; }
  std::size_t unanswered() const noexcept override { return asked_.size(); }
  bool closing() const noexcept override { return closing_ || state() == State::closed; }
  bool upgraded() const noexcept override { return state() == State::left; }

  Result<void> start(const HttpRequestHead& head, std::optional<std::uint64_t> body, std::string& out);
  Result<void> request(const HttpRequestHead& head, std::string_view body, std::string& out);
  Result<void> end_request(std::string& out, const HttpFields& trailers) { return sender().end(trailers, out); }
  void expect_response(std::string_view method, bool upgrade) { asked_.push_back({std::string(method), upgrade}); }

 private:
  // A request that waits for its answer.
  struct Asked {
    std::string method;
    bool upgrade;  // it offers to leave HTTP
  };

  Plan begin_message(std::string_view line) override;
  Plan body_of(const std::string& method) const;
  void delivered_first() override { interims_ = 0; }
  State after_message() override;
  Result<void> check(const HttpRequestHead& head) const;

  HttpResponseHead head_;
  std::deque<Asked> asked_;  // oldest first
  unsigned interims_ = 0;
  bool closing_ = false;
};

// --- reading ---------------------------------------------------------------------------------------------------------

// RFC 9112, 6.3.
HttpCore::Plan HttpClientCore::body_of(const std::string& method) const {
  const auto plan = plan_from_fields(head_.fields, head_.minor);
  const bool none = method == "HEAD" || head_.status == 204 || head_.status == 304;
  const bool refused = plan && plan->kind == Plan::Kind::refuse;
  if (refused && (!none || plan->refusal.status != 413)) return *plan;
  if (none || head_.upgrade) return no_body();
  return plan ? *plan : Plan{Plan::Kind::body, State::until_close, 0, {}};
}

HttpCore::Plan HttpClientCore::begin_message(std::string_view line) {
  constexpr std::size_t kToStatus = std::string_view("HTTP/1.1 200").size();
  if (line.size() < kToStatus || (line.size() > kToStatus && line[kToStatus] != ' ')) {
    return refuse_with(502, "its first line is not a version, a status of three digits and a reason");
  }
  if (auto bad = check_version(502)) return *bad;
  if (asked_.empty()) return refuse_with(502, "nothing asked for it");
  const int status = tokens().status();
  if (status < 100 || status > 999) return refuse_with(502, "its status is not of three digits");
  const std::string& method = asked_.front().method;
  if (status < 200 && status != 101) {
    if (++interims_ > kMostInterim) return refuse_with(502, "there are too many interim answers before it");
    Plan skip;
    skip.kind = Plan::Kind::skip;
    return skip;
  }
  if (status == 101 && !asked_.front().upgrade) return refuse_with(502, "it leaves HTTP, which nobody offered");
  head_.status = status;
  head_.minor = tokens().minor();
  std::swap(head_.reason, tokens().reason());
  std::swap(head_.fields, tokens().fields());
  head_.upgrade = status == 101 || (method == "CONNECT" && status / 100 == 2);
  Plan plan = body_of(method);
  head_.keep_alive = keeps_alive(head_.fields, head_.minor) && plan.state != State::until_close;
  return plan;
}

HttpCore::State HttpClientCore::after_message() {
  asked_.pop_front();
  if (head_.upgrade) return State::left;
  closing_ = closing_ || !head_.keep_alive;
  return head_.keep_alive ? State::idle : State::closed;
}

// --- writing ---------------------------------------------------------------------------------------------------------

Result<void> HttpClientCore::check(const HttpRequestHead& head) const {
  if (closing() || upgraded()) {
    return failure(Errc::closed, "write", "an HTTP request",
                   upgraded() ? "the connection has left HTTP" : "the connection ends with the last answer",
                   "open another connection");
  }
  if (sender().busy()) return misuse("the last one is not complete", "end_request() first");
  if (limits().max_pipelined > 0 && asked_.size() >= limits().max_pipelined) {
    return failure(Errc::limit, "write", "an HTTP request", std::to_string(asked_.size()) + " are under way",
                   "wait for answers, or raise max_pipelined");
  }
  if (!is_token(head.method)) return misuse("its method is no token", "");
  if (!is_target(head.target)) return misuse("its target has blanks or control characters in it", "escape them (%20)");
  if (head.fields.count("Host") != 1) return misuse("it does not have one Host field", "add it: HTTP/1.1 wants it");
  return {};
}

Result<void> HttpClientCore::start(const HttpRequestHead& head, std::optional<std::uint64_t> body, std::string& out) {
  using Kind = HttpFraming::Kind;
  if (auto fine = check(head); !fine) return fine;
  const auto stated = stated_length(head.fields);
  if (!stated) return failure(stated.error());
  if (stated->has_value() && body && *body != **stated) return misuse("its Content-Length is not its body's size", "");
  const bool usual = head.method == "POST" || head.method == "PUT" || head.method == "PATCH";
  HttpFraming framing{Kind::chunked, 0};
  if (stated->has_value()) {
    framing = {Kind::length, **stated};
  } else if (body) {
    framing = {*body > 0 || usual ? Kind::length : Kind::none, *body};
  }
  const std::string line = head.method + " " + head.target + " HTTP/1.1";
  if (auto done = write_head(line, head.fields, stated->has_value(), framing, "", out); !done) return done;
  expect_response(head.method, head.fields.count("Upgrade") > 0 && head.fields.lists("Connection", "upgrade"));
  closing_ = head.fields.lists("Connection", "close");
  sender().begin(framing);
  return {};
}

Result<void> HttpClientCore::request(const HttpRequestHead& head, std::string_view body, std::string& out) {
  if (auto done = start(head, body.size(), out); !done) return done;
  (void)sender().write(body, out);  // its size was checked
  return sender().end({}, out);
}

// --- the public face -------------------------------------------------------------------------------------------------

HttpClientFilter::HttpClientFilter(HttpLimits limits) : HttpFilter(std::make_unique<HttpClientCore>(limits)) {}

HttpClientCore& HttpClientFilter::core() const noexcept { return static_cast<HttpClientCore&>(*core_); }

const HttpResponseHead& HttpClientFilter::response() const noexcept { return core().response(); }

Result<void> HttpClientFilter::request(const HttpRequestHead& head, std::string_view body, std::string& out) {
  return core().request(head, body, out);
}
Result<void> HttpClientFilter::begin_request(const HttpRequestHead& head, std::string& out) {
  return core().start(head, std::nullopt, out);
}
Result<void> HttpClientFilter::end_request(std::string& out, const HttpFields& trailers) {
  return core().end_request(out, trailers);
}
void HttpClientFilter::expect_response(std::string_view method, bool upgrade) {
  core().expect_response(method, upgrade);
}

std::unique_ptr<Filter> HttpClientFilter::clone() const { return std::make_unique<HttpClientFilter>(core_->limits()); }

void HttpClientFilter::reset() noexcept { *this = HttpClientFilter(core_->limits()); }

}  // namespace poe
