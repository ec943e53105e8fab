// SPDX-License-Identifier: MIT
//
// The event queue: records with their arguments constructed in place, first in, first out. Records never move (growth
// adds a chunk), so a handler may post while its own arguments still lie here. Users meet it through
// Self::post(); it stands in a public header because posting is inlined there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "poe/event.hpp"
#include "poe/export.hpp"

namespace poe {

/// One queued event. The arguments follow it.
struct Record {
  const EventKey* key;   ///< nullptr: the queue goes on in the next chunk
  std::uint64_t target;  ///< SessionId::bits
  std::uint32_t sender;  ///< slot of the sending session
  std::uint32_t size;    ///< bytes of arguments behind this header
  void* payload() { return this + 1; }
};
static_assert(sizeof(Record) == 24);

/// Stands in a record that was withdrawn: nothing is delivered, nothing is left to destroy.
POE_API extern const EventKey kNoEvent;

class POE_API RecordQueue {
 public:
  RecordQueue();
  RecordQueue(const RecordQueue&) = delete;
  RecordQueue& operator=(const RecordQueue&) = delete;
  ~RecordQueue();  // destroys what is still queued

  bool empty() const noexcept { return pushed_ == taken_; }
  /// Whether it has reached its limit. It grows on all the same: whoever can be refused asks first.
  bool full() const noexcept { return full_; }
  void set_limit(std::size_t bytes) noexcept { most_chunks_ = bytes / sizeof(Chunk) + 1; }
  /// Records pushed and taken so far; their difference is the length. A pass runs up to the `pushed()` it began with.
  std::uint64_t pushed() const noexcept { return pushed_; }
  std::uint64_t taken() const noexcept { return taken_; }

  /// Whether a record with that many bytes of arguments fits without another chunk.
  bool has_room(std::uint32_t size) const noexcept {
    // A chunk always keeps room for the header that says "next chunk".
    return static_cast<std::size_t>(end_ - tail_) >= 2 * sizeof(Record) + size;
  }
  /// Appends a record whose arguments `construct(void*)` builds. The place is taken before, so a constructor may post
  /// as well; if it throws, an empty record stays behind that nobody is told of.
  template <class Construct>
  Record* push(const EventKey& key, std::uint64_t target, std::uint32_t sender, Construct&& construct) {
    if (!has_room(key.ops->size)) grow();
    return push_in_room(key, key.ops->size, target, sender, construct);
  }
  /// The same where has_room(size) is known, `size` being that of the event.
  template <class Construct>
  Record* push_in_room(const EventKey& key, std::uint32_t size, std::uint64_t target, std::uint32_t sender,
                       Construct&& construct) {
    auto* record = reinterpret_cast<Record*>(tail_);
    *record = Record{&kNoEvent, target, sender, size};
    tail_ += sizeof(Record) + size;
    ++pushed_;
    construct(record->payload());
    record->key = &key;
    return record;
  }

  /// Takes the oldest record; call only when not empty. It stays where it is, with its arguments, until the taker is
  /// done: see enter() and leave().
  Record* take() noexcept {
    if (reinterpret_cast<Record*>(head_)->key == nullptr) next_chunk();
    auto* record = reinterpret_cast<Record*>(head_);
    head_ += sizeof(Record) + record->size;
    ++taken_;
    return record;
  }

  /// Brackets a pass. Inside a nested pass, chunks read out are kept, for an outer handler's arguments may lie there.
  void enter() noexcept { ++depth_; }
  void leave() noexcept;

  /// Calls visit(Record&) for each queued record, oldest first. The record itself must stay; its key may be replaced.
  template <class Visit>
  void for_each(Visit&& visit) {
    Chunk* chunk = first_;
    std::byte* at = head_;
    for (std::uint64_t left = pushed_ - taken_; left != 0; --left) {
      if (reinterpret_cast<Record*>(at)->key == nullptr) {
        chunk = chunk->next;
        at = chunk->bytes;
      }
      auto* record = reinterpret_cast<Record*>(at);
      at += sizeof(Record) + record->size;
      visit(*record);
    }
  }

 private:
  static constexpr std::size_t kChunkBytes = 8192 - 16;  // two chunks stay in a 32 KiB first-level cache
  struct Chunk {
    Chunk* next;
    alignas(8) std::byte bytes[kChunkBytes];
  };
  void grow();
  void next_chunk() noexcept;
  void recycle(Chunk* chunk) noexcept;

  Chunk* first_;            // holds head_
  Chunk* last_;             // holds tail_
  Chunk* free_ = nullptr;   // ready to use again
  Chunk* kept_ = nullptr;   // read out inside a nested pass
  std::size_t spare_ = 0;   // length of free_
  std::size_t chunks_ = 1;  // in use
  std::size_t most_chunks_ = SIZE_MAX;
  bool full_ = false;
  int depth_ = 0;
  std::byte* head_;
  std::byte* tail_;
  std::byte* end_;
  std::uint64_t pushed_ = 0;
  std::uint64_t taken_ = 0;
};

}  // namespace poe
