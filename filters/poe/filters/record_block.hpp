// SPDX-License-Identifier: MIT
//
// RecordBlockFilter: groups of so many records (POE::Filter::RecordBlock). It takes records, so it sits behind a filter
// that makes them. A group comes as one record, its members joined by a separator; records() has them one by one.
// Not thread-safe, as every Filter.
//
//     auto filter = poe::StackableFilter::of(poe::LineFilter(), poe::RecordBlockFilter(4));
//     ... on each record: for (std::string_view line : filter.at<poe::RecordBlockFilter>(1).records()) ...
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "poe/filters/filter.hpp"
#include "poe/filters/record_input.hpp"

namespace poe {

struct RecordBlockOptions {
  RecordBlockOptions() = default;
  explicit RecordBlockOptions(std::size_t size) : block_size(size) {}

  std::size_t block_size = 2;  ///< records in a group; 0 throws std::invalid_argument
  /// Output too goes in groups: records put are held back until there are block_size of them.
  bool check_put = false;
  std::string separator = "\n";  ///< between the members of a group
  /// Octets in a group, each way, 32 more for each member; also what is kept while nobody asks. More is Errc::limit,
  /// once: the group so far is dropped, the next record begins a new one.
  std::size_t max_buffer = std::size_t{1} << 20;
};

class POE_API RecordBlockFilter final : public Filter {
 public:
  explicit RecordBlockFilter(std::size_t block_size) : RecordBlockFilter(RecordBlockOptions(block_size)) {}
  explicit RecordBlockFilter(RecordBlockOptions options);

  /// The members of the group delivered last; as long valid as its view.
  const std::vector<std::string>& records() const noexcept { return delivered_; }
  std::size_t blocksize() const noexcept { return options_.block_size; }
  /// From the next group on; 0 throws std::invalid_argument. Where more are held already, they are one group.
  void set_blocksize(std::size_t size);
  bool checkput() const noexcept { return options_.check_put; }
  /// What is held back on the way out stays so until the next record is put.
  void set_checkput(bool on) noexcept { options_.check_put = on; }
  /// The records held back on the way out; the filter keeps none of them. For the wheel they are invisible: whoever
  /// ends the stream puts them (P129).
  std::vector<std::string> put_pending() noexcept;

  void feed(std::string_view bytes) override { input_.feed(bytes); }
  void keep() override { input_.keep(); }
  Result<std::optional<std::string_view>> next() override;
  /// The last group, which is not full.
  Result<std::optional<std::string_view>> finish() override;
  Result<void> encode(std::string_view record, std::string& out) override;
  Result<void> encode_each(std::string_view record, std::vector<std::string>& out) override;
  /// Joined; a StackableFilter gives the raw bytes instead.
  std::string take_pending() override;
  std::size_t pending_size() const noexcept override { return group_octets_ + input_.size(); }
  bool takes_records() const noexcept override { return true; }
  std::size_t backlog() const noexcept override { return group_.size() + input_.count(); }
  std::unique_ptr<Filter> clone() const override;
  void reset() noexcept override;

 private:
  std::string_view deliver();

  RecordBlockOptions options_;
  RecordInput input_;
  std::vector<std::string> group_;
  std::size_t group_octets_ = 0;
  std::vector<std::string> delivered_;
  std::string joined_;  // delivered_, with separators
  std::vector<std::string> held_back_;
  std::size_t held_back_octets_ = 0;
};

}  // namespace poe
