// SPDX-License-Identifier: MIT
//
// GrepFilter: lets through the records that pass a test (POE::Filter::Grep). It takes records, so it sits behind a
// filter that makes them. Not thread-safe, as every Filter.
//
//     auto filter = poe::StackableFilter::of(poe::LineFilter(), poe::GrepFilter(
//         [](std::string_view line) { return !line.starts_with('#'); }));
#pragma once

#include <functional>
#include <string_view>

#include "poe/filters/filter.hpp"
#include "poe/filters/record_input.hpp"

namespace poe {

/// Whether a record passes. What it throws comes out of next() or encode(); that record counts as read.
using RecordTest = std::function<bool(std::string_view record)>;

class POE_API GrepFilter final : public Filter {
 public:
  /// `code` for both ways. An empty test throws std::invalid_argument.
  explicit GrepFilter(RecordTest code);
  /// @param max_buffer  octets of records kept while nobody asks for them (Filter::keep())
  GrepFilter(RecordTest get, RecordTest put, std::size_t max_buffer = std::size_t{1} << 20);

  /// Other tests from now on, also for records that were fed and not fetched (POE's modify). May be called from a
  /// handler, not from inside the tests themselves. An empty test throws std::invalid_argument.
  void modify(RecordTest code);
  void modify_get(RecordTest get);
  void modify_put(RecordTest put);

  void feed(std::string_view bytes) override { input_.feed(bytes); }
  void keep() override { input_.keep(); }
  /// Skips the losers inside one call (P129). A winner is the very view that was fed.
  Result<std::optional<std::string_view>> next() override;
  Result<std::optional<std::string_view>> finish() override { return next(); }
  /// A loser is dropped, which is no error.
  Result<void> encode(std::string_view record, std::string& out) override;
  Result<void> encode_each(std::string_view record, std::vector<std::string>& out) override;
  std::string take_pending() override { return input_.take_all(); }
  std::size_t pending_size() const noexcept override { return input_.size(); }
  bool takes_records() const noexcept override { return true; }
  std::size_t backlog() const noexcept override { return input_.count(); }
  std::unique_ptr<Filter> clone() const override;
  void reset() noexcept override { input_.clear(); }

 private:
  RecordTest get_;
  RecordTest put_;
  RecordInput input_;
};

}  // namespace poe
