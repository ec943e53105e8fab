// SPDX-License-Identifier: MIT
#include "http_core.hpp"

#include <algorithm>
#include <utility>

#include "http_text.hpp"

namespace poe {

namespace {

constexpr unsigned kMostBlankLines = 8;  // before a request line; RFC 9112, 2.2 wants at least one to be ignored
// Chunk lines of a whole message, besides twice its body: tiny chunks are a way to make a reader work and hold memory.
constexpr std::uint64_t kMostOverhead = std::uint64_t{64} << 10;

std::size_t buffer_for(const HttpLimits& limits) {
  const std::uint64_t most = SIZE_MAX / 8;
  const std::uint64_t body = limits.streaming ? 0 : 3 * std::min(limits.max_body, most) + kMostOverhead;
  const std::uint64_t message = limits.max_head + limits.max_trailers + limits.max_chunk_line + body;
  return std::max<std::size_t>(limits.max_buffer, message);
}

std::optional<HttpCore::Record> go_on() { return std::nullopt; }

}  // namespace

HttpCore::HttpCore(bool requests, const HttpLimits& limits)
    : limits_(limits), input_(buffer_for(limits)), tokens_(requests, limits.max_fields) {}

HttpCore::Record HttpCore::next() {
  let_go(delivered_);
  input_.settle();
  for (;;) {
    if (auto record = step()) return std::move(*record);
  }
}

std::optional<HttpCore::Record> HttpCore::step() {
  switch (state_) {
    case State::idle:
      return read_head();
    case State::length:
      return read_length();
    case State::until_close:
      return read_until_close();
    case State::chunk_line:
      return read_chunk_line();
    case State::chunk_data:
      return read_chunk_data();
    case State::trailers:
      return read_trailers();
    case State::left:
      return need_more();
    case State::closed:
      break;
  }
  return Record(std::nullopt);
}

HttpCore::Record HttpCore::finish() {
  ended_ = true;
  auto record = next();
  ended_ = false;
  if (!record || record->has_value() || state_ == State::left) return record;
  const bool unfinished = state_ != State::closed && (state_ != State::idle || !input_.empty());
  input_.clear();
  if (!unfinished) return std::nullopt;
  return refuse({400, "the connection ended within it"});
}

std::string HttpCore::take_pending() {
  scan_ = {};
  if (!limits_.streaming && state_ != State::left && state_ != State::closed) {
    state_ = State::idle;
    passed_ = 0;
    let_go(body_);
  }
  return input_.take();
}

HttpCore::Record HttpCore::need_more() {
  input_.keep();
  if (!input_.overflow()) return std::nullopt;
  set_state(State::closed);
  return failure(Errc::limit, "buffer", "HTTP input",
                 "more than " + std::to_string(input_.limit()) + " octets came before they were asked for",
                 "call next() until it has nothing, or raise max_buffer; then reset() the filter");
}

HttpCore::Record HttpCore::refuse(HttpRefusal why) {
  set_state(State::closed);
  refusal_ = std::move(why);
  const bool limit =
      refusal_->status == 413 || refusal_->status == 414 || refusal_->status == 431 || refusal_->status == 503;
  return failure(limit ? Errc::limit : Errc::protocol, "read", "an HTTP message", refusal_->reason,
                 "answer what came before it, then close the connection: nothing that follows is read");
}

// The text the parser has not been through, as far as it lies in one piece.
std::string_view HttpCore::rest() const noexcept {
  const std::string_view held = input_.held();
  if (passed_ < held.size()) return held.substr(passed_);
  return input_.fed().substr(passed_ - held.size());
}

// Makes the next `size` octets, which are all here, lie in one piece.
void HttpCore::join(std::size_t size) {
  const std::size_t held = input_.held().size();
  if (passed_ < held && held - passed_ < size) input_.borrow(passed_ + size - held);
}

void HttpCore::advance(std::size_t size) noexcept {
  if (limits_.streaming) {
    consume(size);
  } else {
    passed_ += size;
  }
}

void HttpCore::consume(std::size_t size) noexcept {
  const std::size_t from_held = std::min(size, input_.held().size());
  if (from_held > 0) input_.consume(from_held);
  if (size > from_held) input_.consume(size - from_held);
}

// A section that began in an earlier feed: octets are copied behind it until its end is among them, no more than that.
SectionScan::State HttpCore::look(std::size_t most, bool fields_only) {
  for (std::size_t step = 512;; step *= 2) {
    const auto state = scan_.look(rest(), most, fields_only);
    const bool in_held = passed_ < input_.held().size();
    if (state == SectionScan::State::complete && in_held) input_.give_back_after(passed_ + scan_.size());
    if (state != SectionScan::State::incomplete || !in_held || input_.fed().empty()) return state;
    input_.borrow(step);
  }
}

std::optional<HttpCore::Record> HttpCore::skip_blank_lines() {
  while (input_.size() >= 2 && input_.front() == '\r') {
    const std::string_view held = input_.held();
    const char second = held.size() >= 2 ? held[1] : input_.fed()[held.empty() ? 1 : 0];
    if (second != '\n') break;  // reported with its line
    consume(2);
    if (++blank_lines_ > kMostBlankLines) return refuse({400, "there are only empty lines before it"});
  }
  input_.settle();
  return go_on();
}

std::optional<HttpCore::Record> HttpCore::read_head() {
  if (scan_.lines() == 0) {
    if (auto refused = skip_blank_lines()) return refused;
  }
  if (input_.empty() || (input_.size() == 1 && input_.front() == '\r')) return need_more();
  switch (look(limits_.max_head, false)) {
    case SectionScan::State::incomplete:
      return need_more();
    case SectionScan::State::too_large:
      if (scan_.lines() == 0) return refuse({414, "its first line is longer than the limit"});
      return refuse({431, "its head is larger than " + std::to_string(limits_.max_head) + " octets"});
    case SectionScan::State::bad:
      return refuse({400, scan_.why()});
    case SectionScan::State::complete:
      break;
  }
  return head_read(scan_.size());
}

std::optional<HttpCore::Record> HttpCore::head_read(std::size_t size) {
  scan_ = {};
  blank_lines_ = 0;
  trailers_.clear();
  body_.clear();
  body_size_ = overhead_ = line_size_ = 0;
  if (auto why = tokens_.head(rest().substr(0, size))) return refuse(std::move(*why));
  Plan plan = begin_message(rest().substr(0, rest().find('\r')));
  if (plan.kind == Plan::Kind::refuse) return refuse(std::move(plan.refusal));
  advance(size);
  if (plan.kind == Plan::Kind::skip) {
    if (!limits_.streaming) consume(std::exchange(passed_, 0));
    return go_on();
  }
  state_ = plan.state;
  remaining_ = plan.size;
  const bool no_body = plan.state == State::idle;
  if (no_body) {
    state_ = State::length;
    remaining_ = 0;
  }
  if (!limits_.streaming) {
    if (no_body || expect_told_ || !waits_for_continue()) return go_on();
    expect_told_ = true;
    part_ = HttpPart::expect;
  } else {
    part_ = HttpPart::head;
  }
  delivered_first();
  return Record(std::string_view());
}

HttpCore::Record HttpCore::piece(std::string_view text) {
  part_ = HttpPart::body;
  return text;
}

HttpCore::Record HttpCore::complete(std::string_view body) {
  if (limits_.streaming) {
    part_ = HttpPart::end;
  } else {
    part_ = HttpPart::message;
    consume(std::exchange(passed_, 0));
    if (!expect_told_) delivered_first();
  }
  expect_told_ = false;
  set_state(after_message());
  return body;
}

std::optional<HttpCore::Record> HttpCore::read_length() {
  if (remaining_ == 0) return complete({});
  if (limits_.streaming) {
    const std::string_view text =
        rest().substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, SIZE_MAX)));
    if (text.empty()) return need_more();
    consume(text.size());
    remaining_ -= text.size();
    return piece(text);
  }
  const auto size = static_cast<std::size_t>(remaining_);
  if (input_.size() - passed_ < size) return need_more();
  join(size);
  const std::string_view body = rest().substr(0, size);
  passed_ += size;
  return complete(body);
}

std::optional<HttpCore::Record> HttpCore::read_until_close() {
  if (!limits_.streaming) {
    const std::size_t size = input_.size() - passed_;
    if (size > limits_.max_body) return refuse({413, "its body is larger than the limit"});
    if (!ended_) return need_more();
    join(size);
    const std::string_view body = rest();
    passed_ += size;
    return complete(body);
  }
  const std::string_view text = rest().substr(0, static_cast<std::size_t>(limits_.max_body - body_size_));
  if (text.empty() && !rest().empty()) return refuse({413, "its body is larger than the limit"});
  if (text.empty()) return ended_ ? complete({}) : need_more();
  consume(text.size());
  body_size_ += text.size();
  return piece(text);
}

std::optional<HttpCore::Record> HttpCore::read_chunk_line() {
  const std::string_view text = rest().substr(0, limits_.max_chunk_line - line_size_);
  if (text.empty()) return need_more();
  std::size_t used = 0;
  const auto found = tokens_.chunk_line(text, used);
  if (found == HttpTokeniser::Chunk::bad) return refuse({400, tokens_.why()});
  advance(used);
  line_size_ += used;
  if (found == HttpTokeniser::Chunk::header) return chunk_begins();
  if (line_size_ >= limits_.max_chunk_line) return refuse({400, "the line of a chunk is too long"});
  return go_on();
}

std::optional<HttpCore::Record> HttpCore::chunk_begins() {
  remaining_ = tokens_.chunk_size();
  overhead_ += std::exchange(line_size_, 0);
  if (remaining_ > limits_.max_body - body_size_) return refuse({413, "its body is larger than the limit"});
  body_size_ += remaining_;
  if (!limits_.streaming && overhead_ > kMostOverhead + 2 * body_size_) {
    return refuse({400, "its chunks are far too small"});
  }
  state_ = remaining_ == 0 ? State::trailers : State::chunk_data;
  return go_on();
}

std::optional<HttpCore::Record> HttpCore::read_chunk_data() {
  const std::string_view text =
      rest().substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, SIZE_MAX)));
  if (text.empty()) return need_more();
  tokens_.chunk_data(text);
  remaining_ -= text.size();
  if (remaining_ == 0) state_ = State::chunk_line;
  advance(text.size());
  if (limits_.streaming) return piece(text);
  body_.append(text);
  return go_on();
}

std::optional<HttpCore::Record> HttpCore::read_trailers() {
  if (input_.size() - passed_ == 0) return need_more();
  switch (look(limits_.max_trailers, true)) {
    case SectionScan::State::incomplete:
      return need_more();
    case SectionScan::State::too_large:
      return refuse({431, "its trailers are larger than the limit"});
    case SectionScan::State::bad:
      return refuse({400, scan_.why()});
    case SectionScan::State::complete:
      break;
  }
  const std::size_t size = scan_.size();
  scan_ = {};
  if (auto why = tokens_.trailers(rest().substr(0, size))) return refuse(std::move(*why));
  advance(size);
  std::swap(trailers_, tokens_.fields());
  delivered_.swap(body_);
  return complete(limits_.streaming ? std::string_view() : std::string_view(delivered_));
}

std::optional<HttpCore::Plan> HttpCore::check_version(int status) const {
  if (tokens_.major() == 1 && tokens_.minor() <= 1) return std::nullopt;
  return refuse_with(status, "its version is not HTTP/1.0 or 1.1");
}

bool HttpCore::keeps_alive(const HttpFields& fields, int minor) {
  return (minor > 0 || fields.lists("Connection", "keep-alive")) && !fields.lists("Connection", "close");
}

std::optional<HttpCore::Plan> HttpCore::plan_from_fields(const HttpFields& fields, int minor) const {
  const std::size_t encodings = fields.count("Transfer-Encoding");
  const std::size_t lengths = fields.count("Content-Length");
  if (encodings > 0) {
    if (lengths > 0) return refuse_with(400, "it has both Content-Length and Transfer-Encoding");
    if (minor == 0) return refuse_with(400, "Transfer-Encoding is not for HTTP/1.0");
    if (encodings > 1) return refuse_with(400, "it has more than one Transfer-Encoding");
    const std::string_view coding = *fields.find("Transfer-Encoding");
    if (!same_name(coding, "chunked")) return refuse_with(501, "its Transfer-Encoding is not \"chunked\" alone");
    return Plan{Plan::Kind::body, State::chunk_line, 0, {}};
  }
  if (lengths == 0) return std::nullopt;
  if (lengths > 1) return refuse_with(400, "it has more than one Content-Length");
  const auto size = whole_number(*fields.find("Content-Length"));
  if (!size) return refuse_with(400, "its Content-Length is no number");
  if (*size > limits_.max_body) {
    return refuse_with(413, "its body is larger than " + std::to_string(limits_.max_body) + " octets");
  }
  return Plan{Plan::Kind::body, *size == 0 ? State::idle : State::length, *size, {}};
}

}  // namespace poe
