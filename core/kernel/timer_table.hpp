// SPDX-License-Identifier: MIT
//
// The kernel's timers, by index and generation as in a Slab, but each in four parts: to cancel one needs the tag
// alone, to move it the tag and the when, and one without arguments is made and fired without the last. With very many
// timers their memory is what an operation waits for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "cell_block.hpp"
#include "index_pool.hpp"
#include "poe/event.hpp"
#include "poe/session_options.hpp"
#include "slab.hpp"

namespace poe {

/// Whose it is, and what is special about it.
struct TimerTag {
  enum Mark : std::uint32_t {
    kFiring = 1,    // its handler is on the stack: freed afterwards
    kDead = 2,      // cancelled while firing
    kDetached = 4,  // no handle is left: its session's end must find it
    kPeriodic = 8,
    kBoxed = 16,   // the arguments lie on the heap
    kQueued = 32,  // a record stands in the event queue for it: it is due "after what is queued"
    kWall = 64,    // follows the wall clock: see WallAlarms
    kOwner = 128,  // its arguments want to be destroyed
  };
  std::uint32_t word = 0;  // its generation, 24 bits, and in the lowest eight its marks
  std::uint32_t slot = 0;  // of its session

  std::uint32_t generation() const noexcept { return word >> 8; }
  bool is(std::uint32_t marks) const noexcept { return (word & marks) != 0; }
  void set(std::uint32_t marks) noexcept { word |= marks; }
  void clear(std::uint32_t marks) noexcept { word &= ~marks; }
  /// Not once it has fired, or was cancelled.
  bool is_to_fire() const noexcept { return !is(kDead) && (!is(kFiring) || is(kPeriodic)); }
  /// It waits in the TimerQueue for one handle, of the generation that `marked` has where `word` has it, and nothing is
  /// to be done for it but to forget it. (`marked` has no marks: Handle::Kind::timer is zero.)
  bool is_plain(std::uint32_t marked) const noexcept { return word == marked; }
};

/// When it is due, for the TimerQueue.
struct TimerWhen {
  std::int64_t due = 0;
  std::uint32_t entry = 0;  // `order` of its entry in the TimerQueue; 0: not there
  std::uint32_t order = 0;  // when it was set last; differs from `entry` if it was moved later since
};

/// What only some timers need.
struct TimerWhat {
  Links links{};                   // among the detached timers of its session
  alignas(8) std::byte small[16];  // the arguments, or where they are

  /// Before the arguments in a box. A repeating timer is always boxed.
  struct Box {
    std::int64_t period;  // 0: once
    Missed missed;
  };
  static constexpr std::size_t kRoom = sizeof small;  // bytes of arguments that need no box
  Box* box() const noexcept {
    Box* at = nullptr;
    std::memcpy(&at, small, sizeof at);
    return at;
  }
};

class TimerTable {
 public:
  std::uint32_t size() const noexcept { return indices_.size(); }
  bool used(std::uint32_t index) const noexcept { return indices_.is_taken(index); }
  TimerTag& tag(std::uint32_t index) noexcept { return chunk(index).tags[index % kPerChunk]; }
  TimerWhen& when(std::uint32_t index) noexcept { return chunk(index).whens[index % kPerChunk]; }
  /// Its event.
  const EventKey*& key(std::uint32_t index) noexcept { return chunk(index).keys[index % kPerChunk]; }
  TimerWhat& what(std::uint32_t index) noexcept { return chunk(index).whats[index % kPerChunk]; }
  const TimerTag& tag(std::uint32_t index) const noexcept { return chunk(index).tags[index % kPerChunk]; }
  const TimerWhen& when(std::uint32_t index) const noexcept { return chunk(index).whens[index % kPerChunk]; }
  const EventKey* key(std::uint32_t index) const noexcept { return chunk(index).keys[index % kPerChunk]; }
  const TimerWhat& what(std::uint32_t index) const noexcept { return chunk(index).whats[index % kPerChunk]; }
  void* payload(std::uint32_t index) noexcept {
    TimerWhat& of = what(index);
    return tag(index).is(TimerTag::kBoxed) ? static_cast<void*>(of.box() + 1) : of.small;
  }
  /// Whether it is that timer; the index is one that add() gave.
  bool holds(std::uint32_t index, std::uint32_t generation) const noexcept {
    return tag(index).generation() == generation;
  }

  struct Added {
    std::uint32_t index;
    TimerTag& tag;
    TimerWhen& when;
    const EventKey*& key;
  };
  Added add() {
    if (indices_.full()) [[unlikely]]
      grow();
    const std::uint32_t index = indices_.take();
    Chunk& in = chunk(index);
    const std::uint32_t at = index % kPerChunk;
    in.whens[at].entry = 0;  // remove() leaves it
    return {index, in.tags[at], in.whens[at], in.keys[at]};
  }
  /// Its arguments are gone.
  void remove(std::uint32_t index) noexcept {
    TimerTag& of = tag(index);
    of.word &= ~0xFFU;
    remove_plain(index, of);
  }
  /// One without marks.
  void remove_plain(std::uint32_t index, TimerTag& of) noexcept {
    of.word += 0x100;
    indices_.give_back(index);
  }

  /// Have it brought near.
  void prefetch_when(std::uint32_t index) noexcept { __builtin_prefetch(&when(index)); }
  void prefetch(std::uint32_t index) noexcept {
    __builtin_prefetch(&when(index));
    __builtin_prefetch(&tag(index));
    __builtin_prefetch(&key(index));
  }

 private:
  static constexpr std::uint32_t kPerChunk = 256;
  struct alignas(64) Chunk {
    TimerTag tags[kPerChunk];
    TimerWhen whens[kPerChunk];
    const EventKey* keys[kPerChunk];
    TimerWhat whats[kPerChunk];
  };
  static constexpr std::uint32_t kMany = kHugePage / sizeof(Chunk);  // chunks are taken so many at a time then
  const Chunk& chunk(std::uint32_t index) const noexcept { return *chunks_[index / kPerChunk]; }
  Chunk& chunk(std::uint32_t index) noexcept { return *chunks_[index / kPerChunk]; }
  void grow() {
    const std::uint32_t more = chunks_.size() < kMany ? 1 : kMany;
    Chunk* const first = blocks_.emplace_back(make_cells<Chunk>(more)).get();
    for (std::uint32_t i = 0; i < more; ++i) chunks_.push_back(first + i);
    indices_.grow(more * kPerChunk);
  }

  IndexPool indices_;
  std::vector<CellBlock<Chunk>> blocks_;
  std::vector<Chunk*> chunks_;  // in the blocks
};

}  // namespace poe
