// SPDX-License-Identifier: MIT
//
// Filter: bytes to records and back. A filter knows no kernel and does no I/O, so it works in a blocking program as
// well as in a wheel. It may be swapped for another in mid-stream: what it has not delivered goes to the next one.
// Not thread-safe: one filter serves one stream (P122); clone() makes the one for the next stream.
//
//     filter.feed(chunk);
//     for (;;) {
//       auto record = filter.next();
//       if (!record) { report(record.error()); continue; }
//       if (!*record) break;  // needs more bytes
//       use(**record);
//     }
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "poe/error.hpp"
#include "poe/export.hpp"

namespace poe {

/// The ending() of filters that write records as they are.
inline constexpr std::string_view kNoEnding{};

class POE_API Filter {
 public:
  virtual ~Filter();

  /// Hands over the next bytes of the stream. They are not copied: keep them in place until next() has answered that
  /// it needs more, or until keep(), take_pending() or reset(). Feeding again before that is allowed; the rest of the
  /// former bytes is then copied as keep() does.
  virtual void feed(std::string_view bytes) = 0;

  /// Copies what is left of the fed bytes into the filter, so that the caller may reuse its buffer: for a wheel that
  /// is paused between two records of one read (P106). More than the filter's buffer limit is not kept; the records
  /// before are delivered, then next() answers Errc::limit once.
  virtual void keep() = 0;

  /// One record, or nothing if more bytes are needed; what is left of the fed bytes is then copied into the filter.
  /// The same bytes give the same records and errors however they were cut.
  ///
  /// @return  a view into the caller's bytes or into the filter. It stays valid until the next feed(), next(),
  ///          finish(), keep() or reset(); encode() and take_pending() leave it alone.
  /// Errors: Errc::limit, Errc::protocol. Records before the error were delivered and each fault is reported once;
  /// always call on after an error. What is dropped and what follows is the filter's policy; a filter that gave up
  /// answers "needs more bytes" from then on and drops what it is fed, until reset().
  [[nodiscard]] virtual Result<std::optional<std::string_view>> next() = 0;

  /// At the end of the stream, after next() found nothing more: what the rest amounts to, such as a last line without
  /// an ending. Call until it answers nothing. POE drops that rest; whoever does not ask for it drops it too.
  /// View and errors as next().
  [[nodiscard]] virtual Result<std::optional<std::string_view>> finish() = 0;

  /// Appends the record in its form for the wire. On failure `out` is as before.
  /// Errors: Errc::invalid_argument if the record cannot be told apart on the other side.
  virtual Result<void> encode(std::string_view record, std::string& out) = 0;

  /// What encode() writes behind each record, if it writes the record as it is, always with the same behind it, and
  /// refuses none; else null. A wheel then does that itself. Never changes; lives as long as the filter.
  [[nodiscard]] const std::string_view* ending() const noexcept { return ending_; }

  /// The raw bytes not delivered yet, oldest first; the filter keeps none of them. The next filter is fed with these
  /// (P107 to P110). Empty after an error that made the filter give up.
  [[nodiscard]] virtual std::string take_pending() = 0;
  /// How many bytes take_pending() would give.
  [[nodiscard]] virtual std::size_t pending_size() const noexcept = 0;

  /// encode() for filters that make none, one or several records of one (Map, Grep, RecordBlock): the record's forms,
  /// one string each, so that the filter before this one in a StackableFilter frames each by itself. What encode() does
  /// otherwise. Errors as encode().
  virtual Result<void> encode_each(std::string_view record, std::vector<std::string>& out);

  /// What encode() appended last will not be sent, for there was no room: for filters whose next records would refer to
  /// it. A wheel says so of a put() that it refuses (Errc::limit).
  virtual void forget_encoded() noexcept {}

  /// Whether each feed() is one whole record, as for the filters that sit behind another one in a StackableFilter
  /// (Map, Grep, RecordBlock), or a piece of a stream.
  [[nodiscard]] virtual bool takes_records() const noexcept { return false; }
  /// How much of what was fed has not come out yet: records for a filter that takes records, else octets.
  [[nodiscard]] virtual std::size_t backlog() const noexcept { return pending_size(); }

  /// A filter with the same settings and nothing in it.
  [[nodiscard]] virtual std::unique_ptr<Filter> clone() const = 0;
  /// Forgets all bytes and all that was learnt from them; the settings stay.
  virtual void reset() noexcept = 0;

 protected:
  /// For ending(), and copied with the filter: points to something static or shared, never to a member.
  explicit Filter(const std::string_view* ending = nullptr) noexcept : ending_(ending) {}
  Filter(const Filter&) = default;
  Filter& operator=(const Filter&) = default;

 private:
  const std::string_view* ending_;
};

}  // namespace poe
