// SPDX-License-Identifier: MIT
//
// Slab<T>: objects at stable addresses, named by index and generation, in chunks that are never given back while the
// kernel lives. Why not plf::colony or a map: handles are 32 + 24 bits, and a stale one must be told at one compare.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>
#include <vector>

#include "cell_block.hpp"

namespace poe {

inline constexpr std::uint32_t kNone = 0xFFFFFFFF;

/// Links of one session's resources of one kind.
struct Links {
  std::uint32_t previous = kNone;
  std::uint32_t next = kNone;
};

/// The lowest free cell is used first: many things made one after the other lie one after the other, whatever went
/// before, and the memory they touch is known ahead.
template <class T, std::uint32_t kPerChunk = 64>
class Slab {
  static_assert(kPerChunk % 64 == 0);

 public:
  Slab() = default;
  Slab(const Slab&) = delete;
  Slab& operator=(const Slab&) = delete;
  ~Slab() {
    for (std::uint32_t i = 0; i < size(); ++i) {
      if (used(i)) cell(i).value()->~T();
    }
  }

  template <class... A>
  std::uint32_t add(A&&... arguments) {
    if (live_ == size()) grow();
    const std::uint32_t word = lowest_open();
    const std::uint32_t index = word * 64 + static_cast<std::uint32_t>(std::countr_zero(free_[word]));
    __builtin_prefetch(&cell(index < size() - kAhead ? index + kAhead : index), 1);
    ::new (static_cast<void*>(cell(index).bytes)) T{std::forward<A>(arguments)...};
    free_[word] &= free_[word] - 1;
    if (free_[word] == 0) open_[word / 64] &= ~(std::uint64_t{1} << (word % 64));
    ++live_;
    return index;
  }
  void remove(std::uint32_t index) noexcept {
    Cell& place = cell(index);
    place.value()->~T();
    place.generation = (place.generation + 1) & 0xFFFFFF;
    const std::uint32_t word = index / 64;
    free_[word] |= std::uint64_t{1} << (index % 64);
    open_[word / 64] |= std::uint64_t{1} << (word % 64);
    first_open_ = std::min(first_open_, word / 64);
    --live_;
  }
  /// Has it brought near.
  void prefetch(std::uint32_t index) const noexcept { __builtin_prefetch(&const_cast<Slab*>(this)->cell(index)); }
  T& operator[](std::uint32_t index) noexcept { return *cell(index).value(); }
  const T& operator[](std::uint32_t index) const noexcept { return *const_cast<Slab*>(this)->cell(index).value(); }

  std::uint32_t generation(std::uint32_t index) const noexcept {
    return const_cast<Slab*>(this)->cell(index).generation;
  }
  /// Generations count what was freed: an index that is free now has a generation nobody was given yet.
  bool holds(std::uint32_t index, std::uint32_t generation) const noexcept {
    return index < size() && const_cast<Slab*>(this)->cell(index).generation == generation;
  }
  std::uint32_t live() const noexcept { return live_; }
  std::uint32_t size() const noexcept { return static_cast<std::uint32_t>(free_.size()) * 64; }
  bool used(std::uint32_t index) const noexcept { return (free_[index / 64] >> (index % 64) & 1) == 0; }

 private:
  static constexpr std::size_t kAlign = sizeof(T) + 4 > 56 && sizeof(T) + 4 <= 64 ? 64 : alignof(T);
  struct alignas(kAlign) Cell {
    alignas(T) std::byte bytes[sizeof(T)];
    std::uint32_t generation = 0;
    T* value() noexcept { return std::launder(reinterpret_cast<T*>(bytes)); }
  };
  Cell& cell(std::uint32_t index) noexcept { return chunks_[index / kPerChunk][index % kPerChunk]; }
  void grow() {
    const std::uint32_t chunks = size() < kMany ? 1 : kMany / kPerChunk;
    Cell* const cells = blocks_.emplace_back(make_cells<Cell>(std::size_t{chunks} * kPerChunk)).get();
    for (std::uint32_t i = 0; i < chunks; ++i) chunks_.push_back(cells + std::size_t{i} * kPerChunk);
    const std::uint32_t first = size() / 64;
    free_.resize(first + chunks * kPerChunk / 64, ~std::uint64_t{0});
    open_.resize(free_.size() / 64 + 1);
    for (std::uint32_t word = first; word < free_.size(); ++word) open_[word / 64] |= std::uint64_t{1} << (word % 64);
    first_open_ = first / 64;
  }
  /// The lowest word of free_ that is not zero; there is one.
  std::uint32_t lowest_open() noexcept {
    while (open_[first_open_] == 0) ++first_open_;
    return first_open_ * 64 + static_cast<std::uint32_t>(std::countr_zero(open_[first_open_]));
  }

  static constexpr std::uint32_t kAhead = 4;  // cells
  /// Cells that fill a huge page; as many more are taken at a time once there are so many.
  static constexpr std::uint32_t kMany =
      std::max<std::uint32_t>(kPerChunk, kHugePage / sizeof(Cell) / kPerChunk * kPerChunk);
  std::vector<CellBlock<Cell>> blocks_;
  std::vector<Cell*> chunks_;        // in the blocks
  std::vector<std::uint64_t> free_;  // a bit for each cell
  std::vector<std::uint64_t> open_;  // a bit for each word of free_ that is not zero
  std::uint32_t first_open_ = 0;     // the words of open_ before are zero
  std::uint32_t live_ = 0;

 public:
  static constexpr std::size_t kCellSize = sizeof(Cell);
};

}  // namespace poe
