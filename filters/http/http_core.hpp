// SPDX-License-Identifier: MIT
//
// HttpCore: what both sides of HTTP/1.1 have in common in reading: heads, the three ways a body is delimited, limits,
// records. A side says what a head means (begin_message) and what comes after a message. Not thread-safe.
//
// Where messages come whole, their raw octets stay in the buffer until the message is delivered, so that what is
// pending is exactly what is unread; `passed_` says how far the parser is. Streaming consumes as it goes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http_sender.hpp"
#include "http_tokeniser.hpp"
#include "poe/filters/filter.hpp"
#include "poe/filters/http_message.hpp"
#include "poe/filters/input_buffer.hpp"
#include "section_scan.hpp"

namespace poe {

class HttpCore {
 public:
  using Record = Result<std::optional<std::string_view>>;

  HttpCore(bool requests, const HttpLimits& limits);
  virtual ~HttpCore() = default;
  HttpCore(const HttpCore&) = delete;
  HttpCore& operator=(const HttpCore&) = delete;

  void feed(std::string_view bytes) { input_.feed(bytes); }
  void keep() { input_.keep(); }
  Record next();
  Record finish();
  std::string take_pending();
  std::size_t pending_size() const noexcept { return input_.size(); }

  HttpPart part() const noexcept { return part_; }
  const HttpFields& trailers() const noexcept { return trailers_; }
  const std::optional<HttpRefusal>& refusal() const noexcept { return refusal_; }
  const HttpLimits& limits() const noexcept { return limits_; }

  /// As HttpFilter's.
  virtual std::size_t unanswered() const noexcept = 0;
  virtual bool closing() const noexcept = 0;
  virtual bool upgraded() const noexcept = 0;
  Result<void> write_body(std::string_view piece, std::string& out) { return sender_.write(piece, out); }
  Result<void> pass_body(std::uint64_t octets) { return sender_.pass(octets); }

 protected:
  enum class State : std::uint8_t {
    idle,         // between messages, or in a head
    length,       // in a body of known length
    until_close,  // in a body that ends with the connection
    chunk_line,
    chunk_data,
    trailers,
    left,    // HTTP may be over: nothing is read
    closed,  // all that comes is dropped
  };
  struct Plan {
    enum class Kind : std::uint8_t { body, skip, refuse } kind = Kind::body;
    State state = State::idle;  // idle: there is no body
    std::uint64_t size = 0;
    HttpRefusal refusal = {};
  };
  static Plan no_body() { return {}; }
  static Plan refuse_with(int status, std::string why) {
    return {Plan::Kind::refuse, State::idle, 0, {status, std::move(why)}};
  }

  /// A head was read: takes it out of tokens() and says how the message goes on.
  /// @param line  the first line, without its ending
  virtual Plan begin_message(std::string_view line) = 0;
  /// The record that is about to be delivered is the first of its message.
  virtual void delivered_first() = 0;
  /// What comes after a message: idle, left or closed.
  virtual State after_message() = 0;
  virtual bool waits_for_continue() const { return false; }

  HttpTokeniser& tokens() noexcept { return tokens_; }
  State state() const noexcept { return state_; }
  void set_state(State state) noexcept {
    state_ = state;
    if (state != State::closed) return;
    input_.stop();  // the view delivered last stays
    let_go(body_);
  }
  /// Length or chunked as the fields say, or why not (RFC 9112, 6.3). Nothing: the fields do not say.
  std::optional<Plan> plan_from_fields(const HttpFields& fields, int minor) const;
  bool expect_told() const noexcept { return expect_told_; }
  /// Of the head in tokens(): nothing if its version is 1.0 or 1.1.
  std::optional<Plan> check_version(int status) const;
  /// Whether its sender goes on with the connection (RFC 9112, 9.3).
  static bool keeps_alive(const HttpFields& fields, int minor);
  HttpSender& sender() noexcept { return sender_; }
  const HttpSender& sender() const noexcept { return sender_; }

 private:
  std::optional<Record> step();
  std::optional<Record> read_head();
  std::optional<Record> head_read(std::size_t size);
  std::optional<Record> read_length();
  std::optional<Record> read_until_close();
  std::optional<Record> read_chunk_line();
  std::optional<Record> chunk_begins();
  std::optional<Record> read_chunk_data();
  std::optional<Record> read_trailers();
  std::optional<Record> skip_blank_lines();
  Record complete(std::string_view body);
  Record piece(std::string_view text);
  Record need_more();
  Record refuse(HttpRefusal why);
  SectionScan::State look(std::size_t most, bool fields_only);
  std::string_view rest() const noexcept;
  void join(std::size_t size);
  void advance(std::size_t size) noexcept;
  void consume(std::size_t size) noexcept;

  HttpLimits limits_;
  InputBuffer input_;
  HttpTokeniser tokens_;
  HttpSender sender_;
  SectionScan scan_;
  State state_ = State::idle;
  HttpPart part_ = HttpPart::message;
  bool ended_ = false;           // the stream is
  bool expect_told_ = false;     // of the message in hand
  std::size_t passed_ = 0;       // whole messages: raw octets the parser has been through
  std::uint64_t remaining_ = 0;  // of the body or the chunk
  std::uint64_t body_size_ = 0;  // so far, with the chunk announced
  std::size_t line_size_ = 0;    // of the chunk line so far
  std::uint64_t overhead_ = 0;   // chunk lines of the message
  unsigned blank_lines_ = 0;
  std::string body_;       // chunks joined
  std::string delivered_;  // the same, of the record delivered last
  HttpFields trailers_;
  std::optional<HttpRefusal> refusal_;
};

}  // namespace poe
