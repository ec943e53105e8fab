// SPDX-License-Identifier: MIT
#include "poe/filters/record_block.hpp"

#include <iterator>
#include <stdexcept>
#include <utility>

#include "poe/filters/input_buffer.hpp"

namespace poe {

namespace {

std::size_t sound(std::size_t size) {
  if (size == 0) throw std::invalid_argument("RecordBlockFilter: a block size of 0");
  return size;
}

tl::unexpected<Error> too_large(const char* tried, std::size_t limit) {
  return failure(Errc::limit, tried, "a group of records", "it is larger than " + std::to_string(limit) + " octets",
                 "make the groups smaller, or raise max_buffer; the group so far is dropped");
}

}  // namespace

RecordBlockFilter::RecordBlockFilter(RecordBlockOptions options)
    : options_(std::move(options)), input_(options_.max_buffer) {
  sound(options_.block_size);
}

void RecordBlockFilter::set_blocksize(std::size_t size) { options_.block_size = sound(size); }

std::vector<std::string> RecordBlockFilter::put_pending() noexcept {
  held_back_octets_ = 0;
  return std::exchange(held_back_, {});
}

Result<std::optional<std::string_view>> RecordBlockFilter::next() {
  delivered_ = std::vector<std::string>();
  let_go(joined_);
  while (group_.size() < options_.block_size) {
    const auto record = input_.take();
    if (!record || !record->has_value()) return record;
    group_octets_ += (*record)->size();
    if (group_octets_ + RecordInput::kPerRecord * (group_.size() + 1) > options_.max_buffer) {
      group_.clear();
      group_octets_ = 0;
      return too_large("read", options_.max_buffer);
    }
    group_.emplace_back(**record);
  }
  return deliver();
}

Result<std::optional<std::string_view>> RecordBlockFilter::finish() {
  auto group = next();
  if (!group || group->has_value() || group_.empty()) return group;
  return deliver();
}

std::string_view RecordBlockFilter::deliver() {
  delivered_ = std::exchange(group_, {});
  group_octets_ = 0;
  joined_.clear();
  for (const std::string& record : delivered_) {
    if (&record != &delivered_.front()) joined_ += options_.separator;
    joined_ += record;
  }
  return joined_;
}

Result<void> RecordBlockFilter::encode_each(std::string_view record, std::vector<std::string>& out) {
  if (held_back_octets_ + record.size() + RecordInput::kPerRecord * (held_back_.size() + 1) > options_.max_buffer) {
    (void)put_pending();
    return too_large("encode", options_.max_buffer);
  }
  held_back_.emplace_back(record);
  held_back_octets_ += record.size();
  if (options_.check_put && held_back_.size() < options_.block_size) return {};
  std::vector<std::string> group = put_pending();
  std::move(group.begin(), group.end(), std::back_inserter(out));
  return {};
}

Result<void> RecordBlockFilter::encode(std::string_view record, std::string& out) {
  std::vector<std::string> each;
  if (auto done = encode_each(record, each); !done) return done;
  for (const std::string& text : each) out += text;
  return {};
}

std::string RecordBlockFilter::take_pending() {
  std::string all;
  for (const std::string& record : group_) all += record;
  group_.clear();
  group_octets_ = 0;
  return all + input_.take_all();
}

std::unique_ptr<Filter> RecordBlockFilter::clone() const { return std::make_unique<RecordBlockFilter>(options_); }

void RecordBlockFilter::reset() noexcept { *this = RecordBlockFilter(std::move(options_)); }

}  // namespace poe
