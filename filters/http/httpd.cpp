// SPDX-License-Identifier: MIT
#include "poe/filters/httpd.hpp"

#include <deque>
#include <utility>

#include "http_core.hpp"
#include "http_sender.hpp"
#include "http_text.hpp"

namespace poe {

namespace {

// "host:port" of CONNECT, "*" of OPTIONS, "/path", "http://host/path" (RFC 9112, 3.2).
bool fits_method(std::string_view method, std::string_view target) {
  if (method == "CONNECT") return is_authority(target) && target.find(':') != std::string_view::npos;
  if (target == "*") return method == "OPTIONS";
  if (target.front() == '/') return true;
  const std::size_t scheme = target.find("://");
  return scheme != std::string_view::npos && scheme > 0 && is_token(target.substr(0, scheme)) &&
         target.size() > scheme + 3;
}

bool may_have_body(int status) { return status >= 200 && status != 204 && status != 304; }

}  // namespace

class HttpdCore final : public HttpCore {
 public:
  explicit HttpdCore(const HttpLimits& limits) : HttpCore(true, limits) {}

  const HttpRequestHead& request() const noexcept { return head_; }
  std::size_t unanswered() const noexcept override { return exchanges_.size(); }
  bool closing() const noexcept override { return closing_ && !sender().busy(); }
  bool upgraded() const noexcept override { return upgraded_; }

  Result<void> respond(const HttpResponseHead& head, std::string_view body, std::string& out);
  Result<void> interim(int status, std::string& out);
  Result<void> begin_response(const HttpResponseHead& head, std::string& out);
  Result<void> end_response(std::string& out, const HttpFields& trailers);
  Result<void> respond_refusal(std::string& out);

 private:
  // A request that waits for its answer.
  struct Exchange {
    bool head_only = false;
    bool connect = false;
    bool keep_alive = true;
    bool upgrade = false;
    bool body_missing = false;  // the client still waits for "100 Continue"
    int minor = 1;
  };

  Plan begin_message(std::string_view line) override;
  void delivered_first() override;
  State after_message() override;
  bool waits_for_continue() const override { return head_.expects_continue; }
  std::optional<Plan> check_line() const;
  std::optional<Plan> check_host() const;
  std::optional<Plan> check_expect();
  Result<Exchange> front() const;
  Result<void> start(const HttpResponseHead& head, std::optional<std::uint64_t> body, std::string& out);
  Result<HttpFraming> framing_for(const HttpResponseHead& head, const Exchange& to,
                                  std::optional<std::uint64_t> body) const;
  void close_behind(const Exchange& to);
  void answered();

  HttpRequestHead head_;
  std::deque<Exchange> exchanges_;  // oldest first
  bool closing_ = false;            // the answer written last, or in hand, is the last one
  bool upgraded_ = false;
};

// --- reading ---------------------------------------------------------------------------------------------------------

std::optional<HttpCore::Plan> HttpdCore::check_line() const {
  if (head_.target.size() > limits().max_target) {
    return refuse_with(414, "its target is longer than " + std::to_string(limits().max_target) + " octets");
  }
  if (!is_target(head_.target) || !fits_method(head_.method, head_.target)) {
    return refuse_with(400, "its target is malformed");
  }
  return std::nullopt;
}

std::optional<HttpCore::Plan> HttpdCore::check_host() const {
  const std::size_t hosts = head_.fields.count("Host");
  if (hosts > 1) return refuse_with(400, "it has more than one Host");
  if (hosts == 0 && head_.minor > 0) return refuse_with(400, "it has no Host");
  if (hosts == 1 && !is_authority(*head_.fields.find("Host"))) return refuse_with(400, "its Host is malformed");
  return std::nullopt;
}

std::optional<HttpCore::Plan> HttpdCore::check_expect() {
  const auto expect = head_.fields.find("Expect");
  if (!expect || head_.minor == 0) return std::nullopt;  // RFC 9110, 10.1.1: ignored from HTTP/1.0
  if (!same_name(*expect, "100-continue") || head_.fields.count("Expect") > 1) {
    return refuse_with(417, "its Expect is not 100-continue");
  }
  head_.expects_continue = true;
  return std::nullopt;
}

HttpCore::Plan HttpdCore::begin_message(std::string_view line) {
  const std::string version = std::to_string(tokens().major()) + "." + std::to_string(tokens().minor());
  if (line != tokens().method() + " " + tokens().target() + " HTTP/" + version) {
    return refuse_with(400, "its first line is not a method, a target and a version with a blank between");
  }
  if (auto bad = check_version(505)) return *bad;
  std::swap(head_.method, tokens().method());
  std::swap(head_.target, tokens().target());
  std::swap(head_.fields, tokens().fields());
  head_.minor = tokens().minor();
  head_.expects_continue = false;
  const HttpFields& fields = head_.fields;
  head_.keep_alive = keeps_alive(fields, head_.minor);
  const bool connect = head_.method == "CONNECT";
  head_.upgrade = connect || (head_.minor > 0 && fields.count("Upgrade") > 0 && fields.lists("Connection", "upgrade"));
  if (limits().max_pipelined > 0 && exchanges_.size() >= limits().max_pipelined) {
    return refuse_with(503, "too many requests wait for their answers");
  }
  if (auto bad = check_line()) return *bad;
  if (auto bad = check_host()) return *bad;
  const auto plan = plan_from_fields(fields, head_.minor);
  if (plan && plan->kind == Plan::Kind::refuse) return *plan;
  if (connect && plan) return refuse_with(400, "CONNECT has a body");
  if (auto bad = check_expect()) return *bad;
  if (!plan || plan->state == State::idle) head_.expects_continue = false;
  return plan ? *plan : no_body();
}

void HttpdCore::delivered_first() {
  if (limits().max_pipelined == 0) exchanges_.clear();
  Exchange exchange;
  exchange.head_only = head_.method == "HEAD";
  exchange.connect = head_.method == "CONNECT";
  exchange.keep_alive = head_.keep_alive;
  exchange.upgrade = head_.upgrade;
  exchange.minor = head_.minor;
  exchange.body_missing = head_.expects_continue;
  exchanges_.push_back(exchange);
}

HttpCore::State HttpdCore::after_message() {
  if (closing_) return State::closed;
  if (!exchanges_.empty()) exchanges_.back().body_missing = false;
  const bool waits = head_.upgrade && !exchanges_.empty();  // streaming: it may have been answered already
  if (upgraded_ || waits) return State::left;
  return head_.keep_alive ? State::idle : State::closed;
}

// --- writing ---------------------------------------------------------------------------------------------------------

Result<HttpdCore::Exchange> HttpdCore::front() const {
  if (sender().busy()) return misuse("the last one is not complete", "end_response() first");
  if (exchanges_.empty()) return misuse("no request waits for an answer", "answer each request once");
  return exchanges_.front();
}

Result<HttpFraming> HttpdCore::framing_for(const HttpResponseHead& head, const Exchange& to,
                                           std::optional<std::uint64_t> body) const {
  using Kind = HttpFraming::Kind;
  const auto stated = stated_length(head.fields);
  if (!stated) return failure(stated.error());
  const bool tunnel = head.status == 101 || (to.connect && head.status / 100 == 2);
  if (tunnel || !may_have_body(head.status)) {
    if (body.value_or(0) > 0)
      return misuse("a body is not allowed in a " + std::to_string(head.status), "leave it out");
    if (stated->has_value() && head.status != 304)
      return misuse("a Content-Length is not allowed in it", "leave it out");
    return HttpFraming{Kind::none, 0};
  }
  if (stated->has_value()) {
    const bool wrong = body && *body != **stated && !(to.head_only && *body == 0);
    if (wrong) return misuse("its Content-Length is not the size of its body", "leave it to the filter");
    return HttpFraming{Kind::length, **stated};
  }
  if (body) return HttpFraming{Kind::length, *body};
  return HttpFraming{to.minor > 0 ? Kind::chunked : Kind::until_close, 0};
}

// The head; `body` is its size if that is known.
Result<void> HttpdCore::start(const HttpResponseHead& head, std::optional<std::uint64_t> body, std::string& out) {
  const auto to = front();
  if (!to) return failure(to.error());
  const bool final_status = head.status == 101 || (head.status >= 200 && head.status <= 999);
  if (!final_status) return misuse(std::to_string(head.status) + " is no final status", "use interim() for 1xx");
  if (head.status == 101 && !to->upgrade) return misuse("the client did not offer an upgrade", "answer otherwise");
  const auto framing = framing_for(head, *to, body);
  if (!framing) return failure(framing.error());
  if (head.reason.find_first_of("\r\n") != std::string::npos) return misuse("its reason has a line end in it", "");
  const bool tunnel = head.status == 101 || (to->connect && head.status / 100 == 2);
  const bool asked = head.fields.lists("Connection", "close");
  const bool close =
      !tunnel && (asked || !to->keep_alive || framing->kind == HttpFraming::Kind::until_close || to->body_missing);
  std::string line = "HTTP/1.1 " + std::to_string(head.status) + " ";
  line += head.reason.empty() ? http_reason(head.status) : std::string_view(head.reason);
  const std::string_view connection = close && !asked ? "close" : (to->minor == 0 && !close ? "keep-alive" : "");
  const bool stated = head.fields.count("Content-Length") > 0;
  if (auto done = write_head(line, head.fields, stated, *framing, connection, out); !done) return done;
  upgraded_ = tunnel;
  sender().begin(*framing, !to->head_only);
  if (close) close_behind(*to);
  return {};
}

// The answer to `to` is the last one: no other request is read (RFC 9112, 9.6), but the rest of that one's body is, for
// who closes while octets come makes the answer vanish.
void HttpdCore::close_behind(const Exchange& to) {
  closing_ = true;
  const bool own = exchanges_.size() == 1 && (limits().streaming || expect_told()) && state() != State::idle &&
                   state() != State::left && !to.body_missing;
  if (!own) set_state(State::closed);
}

// A request was answered: goes on to read what follows an upgrade that was turned down.
void HttpdCore::answered() {
  const Exchange done = exchanges_.front();
  exchanges_.pop_front();
  if (closing_) {
    exchanges_.clear();
  } else if (done.upgrade && !upgraded_ && state() == State::left) {
    set_state(done.keep_alive ? State::idle : State::closed);
  }
}

Result<void> HttpdCore::respond(const HttpResponseHead& head, std::string_view body, std::string& out) {
  const std::size_t before = out.size();
  if (auto done = start(head, body.size(), out); !done) return done;
  auto done = sender().write(body, out);
  if (done) done = sender().end({}, out);
  if (!done) {
    out.resize(before);
    return done;
  }
  answered();
  return {};
}

Result<void> HttpdCore::interim(int status, std::string& out) {
  const auto to = front();
  if (!to) return failure(to.error());
  if (status < 100 || status > 199 || status == 101)
    return misuse(std::to_string(status) + " is no interim status", "");
  if (to->minor == 0) return misuse("an HTTP/1.0 client knows no 1xx", "leave it out");
  if (status == 100) exchanges_.front().body_missing = false;
  out.append("HTTP/1.1 ").append(std::to_string(status)).append(" ").append(http_reason(status)).append("\r\n\r\n");
  return {};
}

Result<void> HttpdCore::begin_response(const HttpResponseHead& head, std::string& out) {
  return start(head, std::nullopt, out);
}

Result<void> HttpdCore::end_response(std::string& out, const HttpFields& trailers) {
  if (auto done = sender().end(trailers, out); !done) return done;
  answered();
  return {};
}

Result<void> HttpdCore::respond_refusal(std::string& out) {
  if (!refusal()) return misuse("no request was refused", "see refusal()");
  if (sender().busy() || !exchanges_.empty()) {
    return misuse("earlier requests wait for their answers", "answer these first, in order");
  }
  if (closing_) return misuse("the last answer was written", "close the connection");
  HttpResponseHead head(refusal()->status);
  head.fields.add("Content-Type", "text/plain; charset=utf-8");
  const std::string body = refusal()->reason + "\n";
  std::string line = "HTTP/1.1 " + std::to_string(head.status) + " ";
  line += http_reason(head.status);
  closing_ = true;
  auto done = write_head(line, head.fields, false, {HttpFraming::Kind::length, body.size()}, "close", out);
  out += body;
  return done;
}

// --- the public face -------------------------------------------------------------------------------------------------

HttpdFilter::HttpdFilter(HttpLimits limits) : HttpFilter(std::make_unique<HttpdCore>(limits)) {}

HttpdCore& HttpdFilter::core() const noexcept { return static_cast<HttpdCore&>(*core_); }

const HttpRequestHead& HttpdFilter::request() const noexcept { return core().request(); }

Result<void> HttpdFilter::respond(const HttpResponseHead& head, std::string_view body, std::string& out) {
  return core().respond(head, body, out);
}
Result<void> HttpdFilter::interim(int status, std::string& out) { return core().interim(status, out); }
Result<void> HttpdFilter::begin_response(const HttpResponseHead& head, std::string& out) {
  return core().begin_response(head, out);
}
Result<void> HttpdFilter::end_response(std::string& out, const HttpFields& trailers) {
  return core().end_response(out, trailers);
}
Result<void> HttpdFilter::respond_refusal(std::string& out) { return core().respond_refusal(out); }

std::unique_ptr<Filter> HttpdFilter::clone() const { return std::make_unique<HttpdFilter>(core_->limits()); }

void HttpdFilter::reset() noexcept { *this = HttpdFilter(core_->limits()); }

}  // namespace poe
