// SPDX-License-Identifier: MIT
//
// For fuzz targets: a filter gives the same outcome for the same bytes however they are cut, holds a bounded amount,
// and gives back exactly what it has not read.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "poe/filters/filter.hpp"

namespace poe::fuzz {

inline void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

using Outcome = std::vector<std::string>;

struct Subject {
  std::function<std::unique_ptr<Filter>()> make;
  std::size_t most_held = SIZE_MAX;                                 // octets between two feeds
  std::size_t most_records = 2;                                     // for each octet
  std::function<std::string(Filter&, std::string_view)> show = {};  // a record as text, where it is more than octets
  bool leaves_rest = false;                                         // what is pending at the end is for a successor
  bool gives_back = true;  // false: it does not go back to the state it had before the bytes that are pending
};

inline void collect(const Subject& subject, Filter& filter, Outcome& out, std::size_t most, bool at_end) {
  for (;;) {
    const auto record = at_end ? filter.finish() : filter.next();
    if (record && !record->has_value()) return;
    require(out.size() <= most, "more records than the octets can hold");
    if (!record) {
      out.push_back("!" + record.error().message());
    } else {
      out.push_back("=" + (subject.show ? subject.show(filter, **record) : std::string(**record)));
    }
  }
}

/// `cuts` says how long each piece is, over and over; empty: one piece. `give_back`: what is pending is taken out and
/// fed again after each piece.
inline Outcome run(const Subject& subject, std::string_view bytes, std::string_view cuts, bool give_back) {
  const auto filter = subject.make();
  Outcome outcome;
  const std::size_t most = subject.most_records * bytes.size() + 2;
  for (std::size_t at = 0, turn = 0; at < bytes.size(); ++turn) {
    const std::size_t size =
        cuts.empty() ? bytes.size() : static_cast<std::uint8_t>(cuts[turn % cuts.size()]) % 40U + 1U;
    auto piece = std::make_unique<std::string>(bytes.substr(at, size));  // freed before the next feed
    at += piece->size();
    filter->feed(*piece);
    collect(subject, *filter, outcome, most, false);
    require(filter->pending_size() <= subject.most_held, "more held than the limits allow");
    if (!give_back) continue;
    const std::size_t pending = filter->pending_size();
    *piece = filter->take_pending();
    require(piece->size() == pending, "pending_size() is not what take_pending() gives");
    filter->feed(*piece);
    collect(subject, *filter, outcome, most, false);
  }
  collect(subject, *filter, outcome, most, true);
  require(subject.leaves_rest || filter->pending_size() == 0, "something left after the end");
  return outcome;
}

/// Whole, by the cuts, octet by octet, and, if it gives back, with the pending bytes taken out and fed again.
inline void check_cuts(const Subject& subject, std::string_view bytes, std::string_view cuts) {
  const Outcome whole = run(subject, bytes, {}, false);
  require(run(subject, bytes, cuts, false) == whole, "the outcome depends on the cuts");
  require(run(subject, bytes, std::string_view("\0", 1), false) == whole, "the outcome differs octet by octet");
  if (!subject.gives_back) return;
  require(run(subject, bytes, cuts, true) == whole, "the outcome depends on taking what is pending");
}

}  // namespace poe::fuzz
