// SPDX-License-Identifier: MIT
//
// RecordInput: the input of a filter whose every feed() is one record, for writers of such filters. The newest record
// is only looked at; those fed before it was fetched are copies. Not thread-safe.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "poe/error.hpp"
#include "poe/export.hpp"

namespace poe {

class POE_API RecordInput {
 public:
  /// What a record counts in a limit of octets besides its own, so that empty ones count.
  static constexpr std::size_t kPerRecord = 32;

  /// @param limit  octets of records that may be kept as copies, each with kPerRecord more
  explicit RecordInput(std::size_t limit) noexcept : limit_(limit) {}

  void feed(std::string_view record);
  /// Copies the newest record.
  void keep();
  /// The oldest record, or nothing. A view that is valid until the next take(), feed() or keep().
  /// Errors: Errc::limit, once, where records over the limit were dropped.
  Result<std::optional<std::string_view>> take();

  std::size_t count() const noexcept { return kept_.size() + (fed_ ? 1 : 0); }
  /// Octets of all records.
  std::size_t size() const noexcept { return octets_ + (fed_ ? fed_->size() : 0); }
  std::size_t limit() const noexcept { return limit_; }
  /// All records joined; none stay. Views that take() gave stay valid.
  std::string take_all();
  void clear() noexcept;

 private:
  std::deque<std::string> kept_;
  std::optional<std::string_view> fed_;
  std::string current_;  // the copy take() gave a view of
  std::size_t octets_ = 0;
  std::size_t limit_;
  bool overflow_ = false;
};

}  // namespace poe
