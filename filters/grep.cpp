// SPDX-License-Identifier: MIT
#include "poe/filters/grep.hpp"

#include <stdexcept>
#include <utility>

namespace poe {

namespace {
RecordTest sound(RecordTest test) {
  if (!test) throw std::invalid_argument("GrepFilter: an empty test");
  return test;
}
}  // namespace

GrepFilter::GrepFilter(RecordTest code) : GrepFilter(code, code) {}

GrepFilter::GrepFilter(RecordTest get, RecordTest put, std::size_t max_buffer)
    : get_(sound(std::move(get))), put_(sound(std::move(put))), input_(max_buffer) {}

void GrepFilter::modify(RecordTest code) {
  modify_put(code);
  modify_get(std::move(code));
}

void GrepFilter::modify_get(RecordTest get) { get_ = sound(std::move(get)); }
void GrepFilter::modify_put(RecordTest put) { put_ = sound(std::move(put)); }

Result<std::optional<std::string_view>> GrepFilter::next() {
  for (;;) {
    auto record = input_.take();
    if (!record || !record->has_value() || get_(**record)) return record;
  }
}

Result<void> GrepFilter::encode(std::string_view record, std::string& out) {
  if (put_(record)) out.append(record);
  return {};
}

Result<void> GrepFilter::encode_each(std::string_view record, std::vector<std::string>& out) {
  if (put_(record)) out.emplace_back(record);
  return {};
}

std::unique_ptr<Filter> GrepFilter::clone() const { return std::make_unique<GrepFilter>(get_, put_, input_.limit()); }

}  // namespace poe
