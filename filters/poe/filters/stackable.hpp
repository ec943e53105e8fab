// SPDX-License-Identifier: MIT
//
// StackableFilter: filters one behind another, as one (POE::Filter::Stackable). Input runs from the first to the last,
// output from the last to the first. The stack may change while it runs, also from a handler. Not thread-safe.
//
//     auto filter = poe::StackableFilter::of(poe::LineFilter(), poe::GrepFilter(&is_no_comment));
//     filter.push(std::make_unique<poe::MapFilter>(&upper_case));
#pragma once

#include <concepts>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "poe/filters/filter.hpp"
#include "poe/filters/input_buffer.hpp"
#include "poe/filters/stream.hpp"

namespace poe {

class POE_API StackableFilter final : public Filter {
 public:
  /// Without filters it passes bytes on, as a StreamFilter does. A null pointer throws std::invalid_argument.
  explicit StackableFilter(std::vector<std::unique_ptr<Filter>> filters = {});

  StackableFilter(StackableFilter&&) = default;
  StackableFilter& operator=(StackableFilter&&) = default;

  /// The filters given by value, the one next to the wire first.
  template <std::derived_from<Filter>... F>
  static StackableFilter of(F... filters) {
    std::vector<std::unique_ptr<Filter>> all;
    (all.push_back(std::make_unique<F>(std::move(filters))), ...);
    return StackableFilter(std::move(all));
  }

  /// @name Changing the stack
  /// Nothing that was not delivered is lost. All four may be called from the handler of a record; the view of that
  /// record is then gone. A null pointer throws std::invalid_argument.
  /// @{
  /// Puts a filter behind the last one: records not delivered yet run through it too.
  void push(std::unique_ptr<Filter> filter);
  /// Takes the last filter out; null if there is none. What it had not delivered goes to the next one that is pushed,
  /// as with ReadWrite::set_input_filter; if next() or finish() comes first, it is delivered as one record.
  std::unique_ptr<Filter> pop();
  /// Puts a filter before the first one. The bytes that one has not used yet run through the new one: what follows a
  /// "STARTTLS" in the same read is not taken for plain text.
  void unshift(std::unique_ptr<Filter> filter);
  /// Takes the first filter out; null if there is none. What it had not used goes to the one behind it. What filters
  /// further back hold is still delivered, but take_pending() before that cannot give it.
  std::unique_ptr<Filter> shift();
  /// @}

  /// How many filters there are.
  std::size_t size() const noexcept { return stages_.size(); }
  /// The filters, first to last. They belong to the stack; do not feed them. A pointer is valid until that filter is
  /// taken out or the stack ends.
  std::vector<Filter*> filters() const;
  /// One of them as what it is; throws std::out_of_range or std::bad_cast.
  template <std::derived_from<Filter> F = Filter>
  F& at(std::size_t index) const {
    return dynamic_cast<F&>(*stages_.at(index).filter);
  }
  /// Their class names, first to last: "poe::LineFilter".
  std::vector<std::string> filter_types() const;

  void feed(std::string_view bytes) override;
  void keep() override;
  /// Asks every filter, the last one first, even when nothing new came: a later one may still hold records (P128).
  Result<std::optional<std::string_view>> next() override;
  Result<std::optional<std::string_view>> finish() override;
  Result<void> encode(std::string_view record, std::string& out) override;
  Result<void> encode_each(std::string_view record, std::vector<std::string>& out) override;
  void forget_encoded() noexcept override;
  /// Raw input, as it came to the first filter, of all that was not delivered (in POE a part of it got lost: P110).
  /// For that the raw bytes of what later filters hold are kept. Where a filter makes several records of one octet
  /// sequence (decompression), the sequence counts as unread until the last of them is delivered.
  std::string take_pending() override;
  std::size_t pending_size() const noexcept override;
  bool takes_records() const noexcept override;
  /// Clones of all filters, in this order.
  std::unique_ptr<Filter> clone() const override;
  void reset() noexcept override;

 private:
  using Record = Result<std::optional<std::string_view>>;
  // One record of a filter: how much of its input it was made of, and how much it is to the filter behind; see
  // backlog() for the units. For the first filter's input the unit is always octets.
  struct Share {
    std::size_t taken;
    std::size_t given;
  };
  struct Stage {
    explicit Stage(std::unique_ptr<Filter> which) noexcept : filter(std::move(which)) {}
    void add(Share share);
    void forget_all_but(std::size_t given_kept) noexcept;

    std::unique_ptr<Filter> filter;
    std::deque<Share> shares;  // of the records that the filter behind still holds, oldest first
    std::size_t taken = 0;     // sums over shares
    std::size_t given = 0;
    bool may_end = false;  // what it took last was a record
  };

  Record pump();
  Record step(std::size_t index);
  Record loose_record();
  void drop(std::size_t index, std::size_t count, std::size_t rest);
  std::size_t input_of(std::size_t index) const noexcept;
  void settle() noexcept;
  void hold(std::size_t index, std::string_view bytes);

  std::vector<Stage> stages_;
  InputBuffer raw_;                // what the first filter was fed and what is not delivered of it
  std::size_t ending_ = 0;         // filters that finish() has run dry; less than size(), or 0
  bool ended_ = false;             // finish() is at work
  std::string loose_;              // what a popped filter had not delivered
  std::size_t loose_backlog_ = 0;  // the same as that filter counted it
  std::string loose_record_;       // loose_, when delivered
  StreamFilter bare_;              // the stack when it is empty
};

}  // namespace poe
