// SPDX-License-Identifier: MIT
#include "poe/filters/map.hpp"

namespace poe {

MapFilter::MapFilter(RecordMap code) : MapFilter(code, code) {}

MapFilter::MapFilter(RecordMap get, RecordMap put, std::size_t max_buffer)
    : get_(std::move(get)), put_(std::move(put)), input_(max_buffer) {}

void MapFilter::modify(RecordMap code) {
  put_ = code;
  get_ = std::move(code);
}

Result<std::optional<std::string_view>> MapFilter::next() {
  while (delivered_ == output_.size()) {
    output_.clear();
    delivered_ = 0;
    const auto record = input_.take();
    if (!record || !record->has_value()) return record;
    get_(**record, output_);
  }
  return output_[delivered_++];
}

Result<void> MapFilter::encode_each(std::string_view record, std::vector<std::string>& out) {
  put_(record, out);
  return {};
}

Result<void> MapFilter::encode(std::string_view record, std::string& out) {
  std::vector<std::string> each;
  put_(record, each);
  for (const std::string& text : each) out += text;
  return {};
}

std::string MapFilter::take_pending() {
  delivered_ = output_.size();  // the texts stay: somebody may still look at the last one
  return input_.take_all();
}

std::unique_ptr<Filter> MapFilter::clone() const { return std::make_unique<MapFilter>(get_, put_, input_.limit()); }

void MapFilter::reset() noexcept {
  input_.clear();
  output_.clear();
  delivered_ = 0;
}

}  // namespace poe
