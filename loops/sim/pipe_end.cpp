// SPDX-License-Identifier: MIT
#include "pipe_end.hpp"

#include <algorithm>

namespace poe::sim {

uint32_t PipeReader::readiness() const {
  const uint32_t bytes = channel_->available() > 0 ? POE_READ : 0U;
  return bytes | (channel_->ended() ? POE_READ | POE_HANGUP : 0U);
}

int64_t PipeReader::read(const Parts& into) {
  const size_t possible = std::min(into.size(), channel_->available());
  if (possible > 0) return static_cast<int64_t>(channel_->take(into, environment_.shortened(possible), false));
  return channel_->ended() || into.size() == 0 ? 0 : -EAGAIN;
}

uint32_t PipeWriter::readiness() const {
  if (channel_->reader_gone()) return POE_WRITE | POE_ERROR;
  return channel_->room() >= kAtomic ? POE_WRITE : 0U;
}

int64_t PipeWriter::write(const Parts& from) {
  if (channel_->reader_gone()) return -EPIPE;
  const size_t size = from.size();
  const size_t room = channel_->room();
  if (size <= kAtomic ? room < size : room == 0) return -EAGAIN;
  const size_t count = size <= kAtomic ? size : environment_.shortened(std::min(size, room));
  if (count > 0) channel_->send(from, count);
  return static_cast<int64_t>(count);
}

}  // namespace poe::sim
