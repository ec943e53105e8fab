// SPDX-License-Identifier: MIT
//
// Slab<T>: objects at stable addresses, named by index and generation, in chunks that are never given back while the
// kernel lives. Why not plf::colony or a map: handles are 32 + 24 bits, and a stale one must be told at one compare.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>
#include <vector>

namespace poe {

inline constexpr std::uint32_t kNone = 0xFFFFFFFF;

/// Links of one session's resources of one kind.
struct Links {
  std::uint32_t previous = kNone;
  std::uint32_t next = kNone;
};

/// What was freed is used again neighbour by neighbour: many things made one after the other lie together also after
/// others went in any order.
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
    if (open_.empty()) grow();
    const std::uint32_t word = open_.back();
    const std::uint32_t index = word * 64 + static_cast<std::uint32_t>(std::countr_zero(free_[word]));
    ::new (static_cast<void*>(cell(index).bytes)) T{std::forward<A>(arguments)...};
    free_[word] &= free_[word] - 1;
    if (free_[word] == 0) open_.pop_back();
    ++live_;
    return index;
  }
  void remove(std::uint32_t index) noexcept {
    Cell& place = cell(index);
    place.value()->~T();
    place.generation = (place.generation + 1) & 0xFFFFFF;
    std::uint64_t& word = free_[index / 64];
    if (word == 0) open_.push_back(index / 64);
    word |= std::uint64_t{1} << (index % 64);
    --live_;
  }
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
    chunks_.push_back(std::make_unique<Cell[]>(kPerChunk));
    free_.resize(free_.size() + kPerChunk / 64, ~std::uint64_t{0});
    open_.reserve(free_.size());  // so that remove() allocates nothing
    for (std::uint32_t word = size() / 64; word-- > (size() - kPerChunk) / 64;) open_.push_back(word);
  }

  std::vector<std::unique_ptr<Cell[]>> chunks_;
  std::vector<std::uint64_t> free_;  // a bit for each cell
  std::vector<std::uint32_t> open_;  // words of it that are not zero
  std::uint32_t live_ = 0;

 public:
  static constexpr std::size_t kCellSize = sizeof(Cell);
};

}  // namespace poe
