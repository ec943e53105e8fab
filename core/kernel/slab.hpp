// SPDX-License-Identifier: MIT
//
// Slab<T>: objects at stable addresses, named by index and generation, in chunks that are never given back while the
// kernel lives. Why not plf::colony or a map: handles are 32 + 24 bits, and a stale one must be told at one compare.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>
#include <vector>

#include "cell_block.hpp"
#include "index_pool.hpp"

namespace poe {

inline constexpr std::uint32_t kNone = 0xFFFFFFFF;

/// Links of one session's resources of one kind.
struct Links {
  std::uint32_t previous = kNone;
  std::uint32_t next = kNone;
};

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
    if (indices_.full()) grow();
    const std::uint32_t index = indices_.take();
    ::new (static_cast<void*>(cell(index).bytes)) T{std::forward<A>(arguments)...};
    ++live_;
    return index;
  }
  void remove(std::uint32_t index) noexcept {
    Cell& place = cell(index);
    place.value()->~T();
    place.generation = (place.generation + 1) & 0xFFFFFF;
    indices_.give_back(index);
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
  std::uint32_t size() const noexcept { return indices_.size(); }
  bool used(std::uint32_t index) const noexcept { return indices_.is_taken(index); }

 private:
  struct Cell {
    alignas(T) std::byte bytes[sizeof(T)];
    std::uint32_t generation = 0;
    T* value() noexcept { return std::launder(reinterpret_cast<T*>(bytes)); }
  };
  Cell& cell(std::uint32_t index) noexcept { return chunks_[index / kPerChunk].get()[index % kPerChunk]; }
  void grow() {
    chunks_.push_back(make_cells<Cell>(kPerChunk));
    indices_.grow(kPerChunk);
  }

  IndexPool indices_;
  std::vector<CellBlock<Cell>> chunks_;
  std::uint32_t live_ = 0;
};

}  // namespace poe
