// SPDX-License-Identifier: MIT
#include "poe/handlers.hpp"

#include <stdexcept>
#include <string>

namespace poe {

HandlerTable::HandlerTable() : rows_(2) {}
HandlerTable::~HandlerTable() = default;

std::unique_ptr<HandlerTable> HandlerTable::clone() const {
  auto copy = std::make_unique<HandlerTable>();
  copy->fallback = fallback;
  copy->object_type = object_type;
  copy->destroy = destroy;
  copy->rows_ = rows_;
  copy->multiplier_ = multiplier_;
  copy->shift_ = shift_;
  copy->owned_ = owned_;
  return copy;
}

void HandlerTable::own(std::shared_ptr<void> object, std::uint64_t event) {
  if (event != 0) std::erase_if(owned_, [&](const auto& owned) { return owned.first == event; });
  owned_.emplace_back(event, std::move(object));
}

std::vector<const Handler*> HandlerTable::rows() const {
  std::vector<const Handler*> used;
  for (const Handler& row : rows_) {
    if (row.event != 0) used.push_back(&row);
  }
  return used;
}

const Handler* HandlerTable::find(std::string_view name) const noexcept {
  const Handler* found = nullptr;
  for (const Handler& row : rows_) {
    if (row.event == 0 || name != row.key->name) continue;
    if (found != nullptr) return nullptr;
    found = &row;
  }
  return found;
}

void HandlerTable::add(Handler row) {
  if (std::string_view(row.key->name) == "_signal") {
    throw std::logic_error("poe: cannot register a handler for \"_signal\": obsolete name; use Self::on_signal()");
  }
  std::vector<Handler> rows;
  for (const Handler& old : rows_) {
    if (old.event == 0) continue;
    if (old.event == row.event) {
      if (std::string_view(old.key->name) != row.key->name) {
        throw std::logic_error(std::string("poe: events \"") + old.key->name + "\" and \"" + row.key->name +
                               "\" have the same hash: rename one");
      }
      continue;
    }
    rows.push_back(old);
  }
  rows.push_back(row);
  rebuild(std::move(rows));
}

void HandlerTable::remove(std::uint64_t event) {
  std::vector<Handler> rows;
  for (const Handler& old : rows_) {
    if (old.event != 0 && old.event != event) rows.push_back(old);
  }
  rebuild(std::move(rows));
  std::erase_if(owned_, [&](const auto& owned) { return owned.first == event; });
}

// Tries multipliers until no two rows meet; a table twice as large after every 64 failures. Why by hand: the table is
// built at run time from a handful of 64-bit hashes, gperf and frozen work at compile time only.
void HandlerTable::rebuild(std::vector<Handler> rows) {
  unsigned bits = 1;
  while ((std::size_t{1} << bits) < 2 * rows.size()) ++bits;
  std::uint64_t multiplier = 0x9E3779B97F4A7C15ULL;
  for (unsigned attempt = 1;; ++attempt) {
    const unsigned shift = 64 - bits;
    std::vector<Handler> table(std::size_t{1} << bits);
    bool fits = true;
    for (const Handler& row : rows) {
      Handler& place = table[(row.event * multiplier) >> shift];
      if (place.event != 0) {
        fits = false;
        break;
      }
      place = row;
    }
    if (fits) {
      rows_ = std::move(table);
      multiplier_ = multiplier;
      shift_ = shift;
      return;
    }
    multiplier = multiplier * 6364136223846793005ULL + 1442695040888963407ULL;
    multiplier |= 1;
    if (attempt % 64 == 0) ++bits;
  }
}

}  // namespace poe
