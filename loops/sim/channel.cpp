// SPDX-License-Identifier: MIT
#include "channel.hpp"

#include <cerrno>
#include <utility>

namespace poe::sim {

size_t Channel::room() const {
  const size_t used = arrived_.size() + travelling_;
  return used < capacity_ ? capacity_ - used : 0;
}

void Channel::send(const Parts& from, size_t size) {
  std::string bytes(size, '\0');
  from.gather(bytes.data(), size);
  dispatch(What::kBytes, std::move(bytes));
}

void Channel::finish() {
  if (std::exchange(finished_, true) || reset_sent_) return;
  dispatch(What::kEnd, {});
}

void Channel::reset() {
  if (std::exchange(reset_sent_, true)) return;
  dispatch(What::kReset, {});
}

void Channel::abandon() {
  reader_gone_ = true;
  arrived_.clear();
}

void Channel::dispatch(What what, std::string bytes) {
  if (travel_ == Travel::kAtOnce) return arrive({what, std::move(bytes)});
  travelling_ += bytes.size();
  on_the_way_.push_back({what, std::move(bytes)});
  Timeline& time = environment_.time;
  last_arrival_ = std::max(last_arrival_, Timeline::later(time.now(), environment_.latency()));
  time.plan(last_arrival_, [self = shared_from_this()] {
    const Item item = std::move(self->on_the_way_.front());
    self->on_the_way_.pop_front();
    self->travelling_ -= item.bytes.size();
    self->arrive(item);
  });
}

// As Linux: a reset after the other side's end shows as EPIPE, otherwise as ECONNRESET. Bytes that came before it
// stay readable.
void Channel::arrive(const Item& item) {
  switch (item.what) {
    case What::kBytes:
      return arrive_bytes(item.bytes);
    case What::kEnd:
      ended_ = true;
      return;
    case What::kReset:
      if (reset_error_ == 0) reset_error_ = ended_ && travel_ == Travel::kDelayed ? EPIPE : ECONNRESET;
      return;
  }
}

void Channel::arrive_bytes(const std::string& bytes) {
  if (!reader_gone_) return arrived_.append(bytes);
  if (const auto reverse = reverse_.lock()) reverse->reset();
}

}  // namespace poe::sim
