// SPDX-License-Identifier: MIT
//
// Which places of a table are free. The lowest is taken first: many things made one after the other lie one after the
// other, whatever went before, and the memory they touch is known ahead.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

namespace poe {

class IndexPool {
 public:
  std::uint32_t size() const noexcept { return static_cast<std::uint32_t>(free_.size()) * 64; }
  bool full() const noexcept { return lowest_ == free_.size(); }
  /// `count` more; a multiple of 64. Only when full().
  void grow(std::uint32_t count) {
    open_.resize((free_.size() + count / 64) / 64 + 1);  // first: if free_ cannot grow, this one is only too large
    free_.resize(free_.size() + count / 64, ~std::uint64_t{0});
    for (std::size_t word = lowest_; word < free_.size(); ++word) open_[word / 64] |= bit(word);
  }
  /// Only when not full().
  std::uint32_t take() noexcept {
    std::uint64_t& free = free_[lowest_];
    const std::size_t index = lowest_ * 64 + static_cast<std::size_t>(std::countr_zero(free));
    free &= free - 1;
    if (free == 0) [[unlikely]]
      to_next_word();
    return static_cast<std::uint32_t>(index);
  }
  void give_back(std::uint32_t index) noexcept {
    const std::size_t word = index / 64;
    std::uint64_t& free = free_[word];
    const bool first = free == 0;
    free |= bit(index);
    if (first) [[unlikely]]
      open(word);
  }
  bool is_taken(std::uint32_t index) const noexcept { return (free_[index / 64] & bit(index)) == 0; }

 private:
  static std::uint64_t bit(std::size_t at) noexcept { return std::uint64_t{1} << (at % 64); }
  void open(std::size_t word) noexcept {
    open_[word / 64] |= bit(word);
    lowest_ = std::min(lowest_, word);
  }
  void to_next_word() noexcept {
    std::size_t at = lowest_ / 64;
    open_[at] &= ~bit(lowest_);
    while (at < open_.size() && open_[at] == 0) ++at;
    lowest_ = at == open_.size() ? free_.size() : at * 64 + static_cast<std::size_t>(std::countr_zero(open_[at]));
  }

  std::vector<std::uint64_t> free_;  // a bit for each place
  std::vector<std::uint64_t> open_;  // a bit for each word of free_ that is not zero
  std::size_t lowest_ = 0;           // the first such word; free_.size() if there is none
};

}  // namespace poe
