// SPDX-License-Identifier: MIT
#include "poe/record_queue.hpp"

namespace poe {

constinit const EventKey kNoEvent{1, "", &kEventOps<>};

namespace {
constexpr std::size_t kMostSpareChunks = 64;  // half a MiB kept after a burst, the rest goes back
}

RecordQueue::RecordQueue()
    : first_(new Chunk{nullptr, {}}),
      last_(first_),
      head_(first_->bytes),
      tail_(first_->bytes),
      end_(first_->bytes + kChunkBytes) {}

RecordQueue::~RecordQueue() {
  for_each([](Record& record) {
    if (record.key->ops->destroy != nullptr) record.key->ops->destroy(record.payload());
  });
  for (Chunk* list : {first_, free_, kept_}) {
    while (list != nullptr) delete std::exchange(list, list->next);
  }
}

void RecordQueue::grow() {
  static_assert(kChunkBytes > 3 * sizeof(Record) + 256);  // the largest record fits an empty chunk
  Chunk* chunk = free_;
  if (chunk != nullptr) {
    free_ = chunk->next;
    --spare_;
  } else {
    chunk = new Chunk;
  }
  full_ = ++chunks_ >= most_chunks_;
  chunk->next = nullptr;
  reinterpret_cast<Record*>(tail_)->key = nullptr;
  last_->next = chunk;
  last_ = chunk;
  tail_ = chunk->bytes;
  end_ = chunk->bytes + kChunkBytes;
}

void RecordQueue::recycle(Chunk* chunk) noexcept {
  full_ = --chunks_ >= most_chunks_;
  if (spare_ == kMostSpareChunks) {
    delete chunk;
    return;
  }
  chunk->next = free_;
  free_ = chunk;
  ++spare_;
}

void RecordQueue::next_chunk() noexcept {
  Chunk* const done = std::exchange(first_, first_->next);
  head_ = first_->bytes;
  if (depth_ > 1) {
    done->next = kept_;
    kept_ = done;
  } else {
    recycle(done);
  }
}

void RecordQueue::leave() noexcept {
  if (--depth_ != 0) return;
  while (kept_ != nullptr) recycle(std::exchange(kept_, kept_->next));
  if (!empty() || first_ != last_) return;
  head_ = tail_ = first_->bytes;  // empty: start over in a chunk that is still in the cache
}

}  // namespace poe
