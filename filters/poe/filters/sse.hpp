// SPDX-License-Identifier: MIT
//
// SseFilter: server-sent events, text/event-stream (WHATWG HTML, 9.2), both sides. A record is an event's data;
// event() and last_event_id() tell the rest. Not thread-safe, as every Filter.
//
//     poe::SseFilter events;  // for the body of a streamed HTTP answer
//     std::string text;
//     events.encode_event({"three\nlines\nof data", "update", "17"}, text);
//     events.encode_comment("still here", text);
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "poe/filters/filter.hpp"
#include "poe/filters/stackable.hpp"

namespace poe {

struct SseEvent {
  SseEvent() = default;
  SseEvent(std::string_view what, std::string_view type = {}, std::string_view number = {})
      : data(what), event(type), id(number) {}

  std::string data;   ///< any text; its lines become lines
  std::string event;  ///< its type; empty: "message"
  std::string id;     ///< empty: none
  std::optional<std::chrono::milliseconds> retry = std::nullopt;
};

struct SseLimits {
  SseLimits() = default;

  std::size_t max_line = std::size_t{64} << 10;  ///< octets
  std::size_t max_event = std::size_t{1} << 20;  ///< octets of all lines of an event
};

class POE_API SseFilter final : public Filter {
 public:
  explicit SseFilter(SseLimits limits = SseLimits());

  /// @name The record delivered last. Valid as long as its view.
  /// @{
  /// Its type, "message" if it has none.
  const std::string& event() const noexcept;
  /// @}
  /// The id of the event delivered last, or of the last one before it that had one: what a client says when it comes
  /// back ("Last-Event-ID").
  const std::string& last_event_id() const noexcept;
  /// How long the server wants clients to wait before they come back, once it has said so: whole milliseconds, a day at
  /// most. Anything else is ignored as a malformed one is, so that a server cannot make a client's clock overflow.
  std::optional<std::chrono::milliseconds> retry() const noexcept;

  /// Errors: Errc::invalid_argument for a line end or a NUL in the type or the id.
  Result<void> encode_event(const SseEvent& event, std::string& out);
  /// Keeps a connection alive; the other side ignores it. Errors: Errc::invalid_argument for a line end in it.
  Result<void> encode_comment(std::string_view text, std::string& out);

  void feed(std::string_view bytes) override { stack_.feed(bytes); }
  void keep() override { stack_.keep(); }
  /// Lines end in CR, LF or CR LF. Unknown fields and comments are skipped, as the standard says. A line over max_line
  /// is dropped by itself, an event over max_event as a whole; each is Errc::limit once.
  Result<std::optional<std::string_view>> next() override { return stack_.next(); }
  /// An event without its empty line is dropped, as the standard says.
  Result<std::optional<std::string_view>> finish() override { return stack_.finish(); }
  /// The record is the data of an event without type and id.
  Result<void> encode(std::string_view record, std::string& out) override;
  std::string take_pending() override { return stack_.take_pending(); }
  std::size_t pending_size() const noexcept override { return stack_.pending_size(); }
  std::unique_ptr<Filter> clone() const override;
  void reset() noexcept override { stack_.reset(); }

 private:
  SseLimits limits_;
  StackableFilter stack_;  // lines, and what makes events of them
};

}  // namespace poe
