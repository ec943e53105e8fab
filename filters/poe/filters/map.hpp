// SPDX-License-Identifier: MIT
//
// MapFilter: turns each record into another one, or into several (POE::Filter::Map). It takes records, so it sits
// behind a filter that makes them. Not thread-safe, as every Filter.
//
//     poe::StackableFilter filter = poe::StackableFilter::of(poe::LineFilter(), poe::MapFilter(&upper_case));
#pragma once

#include <concepts>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "poe/filters/filter.hpp"
#include "poe/filters/record_input.hpp"

namespace poe {

/// What a MapFilter does to a record: a callable that returns a std::string, or one that appends any number of records
/// to a std::vector<std::string>&. What it throws comes out of next() or encode(); that record counts as read.
class RecordMap {
 public:
  using Function = std::function<void(std::string_view record, std::vector<std::string>& out)>;

  template <class F>
  requires std::is_invocable_r_v<std::string, F&, std::string_view> RecordMap(F one)
      : function_([one = std::move(one)](std::string_view record, std::vector<std::string>& out) mutable {
          out.push_back(one(record));
        }) {}
  template <class F>
  requires std::invocable < F&, std::string_view, std::vector<std::string>
  & > RecordMap(F several) : function_(std::move(several)) {}

  void operator()(std::string_view record, std::vector<std::string>& out) const { function_(record, out); }

 private:
  Function function_;
};

class POE_API MapFilter final : public Filter {
 public:
  /// `code` for both ways.
  explicit MapFilter(RecordMap code);
  /// @param max_buffer  octets of records kept while nobody asks for them (Filter::keep())
  MapFilter(RecordMap get, RecordMap put, std::size_t max_buffer = std::size_t{1} << 20);

  /// Other functions from now on, also for records that were fed and not fetched (POE's modify). May be called from a
  /// handler, not from inside the functions themselves.
  void modify(RecordMap code);
  void modify_get(RecordMap get) { get_ = std::move(get); }
  void modify_put(RecordMap put) { put_ = std::move(put); }

  void feed(std::string_view bytes) override { input_.feed(bytes); }
  void keep() override { input_.keep(); }
  /// All that one record becomes is delivered before the next one is looked at (P129). A record counts as read when
  /// the first of what it becomes is delivered: take_pending() between two of these gives nothing of it.
  Result<std::optional<std::string_view>> next() override;
  Result<std::optional<std::string_view>> finish() override { return next(); }
  /// Joins what the record becomes; behind another filter in a StackableFilter each is framed by itself.
  Result<void> encode(std::string_view record, std::string& out) override;
  Result<void> encode_each(std::string_view record, std::vector<std::string>& out) override;
  std::string take_pending() override;
  std::size_t pending_size() const noexcept override { return input_.size(); }
  bool takes_records() const noexcept override { return true; }
  std::size_t backlog() const noexcept override { return input_.count(); }
  std::unique_ptr<Filter> clone() const override;
  void reset() noexcept override;

 private:
  RecordMap get_;
  RecordMap put_;
  RecordInput input_;
  std::vector<std::string> output_;  // what one record became
  std::size_t delivered_ = 0;        // of output_
};

}  // namespace poe
