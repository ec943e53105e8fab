// SPDX-License-Identifier: MIT
#include "poe/filters/record_input.hpp"

#include <utility>

#include "poe/filters/input_buffer.hpp"

namespace poe {

void RecordInput::feed(std::string_view record) {
  keep();
  fed_ = record;
}

void RecordInput::keep() {
  if (!fed_) return;
  const std::string_view record = *std::exchange(fed_, std::nullopt);
  if (octets_ + record.size() + kPerRecord * (kept_.size() + 1) > limit_) overflow_ = true;
  if (overflow_) return;
  kept_.emplace_back(record);
  octets_ += record.size();
}

Result<std::optional<std::string_view>> RecordInput::take() {
  let_go(current_);
  if (!kept_.empty()) {
    current_ = std::move(kept_.front());
    kept_.pop_front();
    octets_ -= current_.size();
    return current_;
  }
  if (std::exchange(overflow_, false)) {
    return failure(Errc::limit, "buffer", "records",
                   "more than " + std::to_string(limit_) + " octets came before any were asked for",
                   "call next() until it has nothing, or raise max_buffer; the records over it are dropped");
  }
  return std::exchange(fed_, std::nullopt);
}

std::string RecordInput::take_all() {
  std::string all;
  all.reserve(size());
  for (const std::string& record : kept_) all += record;
  if (fed_) all += *fed_;
  kept_.clear();
  fed_.reset();
  octets_ = 0;
  overflow_ = false;
  return all;
}

void RecordInput::clear() noexcept {
  kept_.clear();
  fed_.reset();
  octets_ = 0;
  overflow_ = false;
}

}  // namespace poe
