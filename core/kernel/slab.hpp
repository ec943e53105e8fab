// SPDX-License-Identifier: MIT
//
// Slab<T>: objects at stable addresses, named by index and generation, in chunks that are never given back while the
// kernel lives. Why not plf::colony or a map: handles are 32 + 24 bits, and a stale one must be told at one compare.
#pragma once

#include <cstdint>
#include <memory>
#include <new>
#include <utility>
#include <vector>

namespace poe {

inline constexpr std::uint32_t kNone = 0xFFFFFFFF;

template <class T>
class Slab {
 public:
  Slab() = default;
  Slab(const Slab&) = delete;
  Slab& operator=(const Slab&) = delete;
  ~Slab() {
    for (std::uint32_t i = 0; i < size_; ++i) {
      if (cell(i).used) cell(i).value()->~T();
    }
  }

  template <class... A>
  std::uint32_t add(A&&... arguments) {
    if (free_ == kNone) grow();
    const std::uint32_t index = free_;
    Cell& place = cell(index);
    ::new (static_cast<void*>(place.bytes)) T{std::forward<A>(arguments)...};
    free_ = place.next;
    place.used = true;
    ++live_;
    return index;
  }
  void remove(std::uint32_t index) noexcept {
    Cell& place = cell(index);
    place.value()->~T();
    place.used = false;
    place.generation = (place.generation + 1) & 0xFFFFFF;
    place.next = free_;
    free_ = index;
    --live_;
  }
  T& operator[](std::uint32_t index) noexcept { return *cell(index).value(); }
  const T& operator[](std::uint32_t index) const noexcept { return *const_cast<Slab*>(this)->cell(index).value(); }

  std::uint32_t generation(std::uint32_t index) const noexcept {
    return const_cast<Slab*>(this)->cell(index).generation;
  }
  bool holds(std::uint32_t index, std::uint32_t generation) const noexcept {
    if (index >= size_) return false;
    const Cell& place = const_cast<Slab*>(this)->cell(index);
    return place.used && place.generation == generation;
  }
  std::uint32_t live() const noexcept { return live_; }
  std::uint32_t size() const noexcept { return size_; }
  bool used(std::uint32_t index) const noexcept { return const_cast<Slab*>(this)->cell(index).used; }

 private:
  static constexpr std::uint32_t kPerChunk = 64;
  struct Cell {
    alignas(T) std::byte bytes[sizeof(T)];
    std::uint32_t next = kNone;
    std::uint32_t generation : 24 = 0;
    std::uint32_t used : 1 = 0;
    T* value() noexcept { return std::launder(reinterpret_cast<T*>(bytes)); }
  };
  Cell& cell(std::uint32_t index) noexcept { return chunks_[index / kPerChunk][index % kPerChunk]; }
  void grow() {
    chunks_.push_back(std::make_unique<Cell[]>(kPerChunk));
    for (std::uint32_t i = size_ + kPerChunk; i-- > size_;) {
      cell(i).next = free_;
      free_ = i;
    }
    size_ += kPerChunk;
  }

  std::vector<std::unique_ptr<Cell[]>> chunks_;
  std::uint32_t size_ = 0;
  std::uint32_t live_ = 0;
  std::uint32_t free_ = kNone;
};

}  // namespace poe
