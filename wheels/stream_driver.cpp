// SPDX-License-Identifier: MIT
#include "poe/wheels/stream_driver.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace poe {

namespace {

constexpr std::size_t kMoveFrom = std::size_t{4} << 10;  // from here on moving is cheaper than copying
constexpr std::size_t kParts = 64;                       // of one write; IOV_MAX is 1024, but the array is on the stack

std::string name_of(const Fd& fd) { return "descriptor " + std::to_string(fd.get()); }

bool would_block(std::int64_t result) { return result == -EAGAIN || result == -EWOULDBLOCK; }

template <class Call>
std::int64_t uninterrupted(Call call) {
  for (;;) {
    const std::int64_t result = call();
    if (result != -EINTR) return result;
  }
}

}  // namespace

Result<std::size_t> StreamDriver::read(const Fd& fd, std::span<char> into) {
  const poe_sys& sys = fd.system();
  const poe_iovec part{into.data(), into.size()};
  const std::int64_t got = uninterrupted([&] { return sys.readv(sys.ctx, fd.get(), &part, 1); });
  if (got > 0) return static_cast<std::size_t>(got);
  if (would_block(got)) return std::size_t{0};
  // What Linux says of a terminal whose other side is closed (P154).
  const bool hung_up = got == -EIO && sys.kind(sys.ctx, fd.get()) == POE_KIND_TERMINAL;
  if (got == 0 || hung_up)
    return failure(Errc::end_of_file, "read", name_of(fd), "the other side has ended the stream");
  return system_failure(static_cast<int>(-got), "read", name_of(fd));
}

Result<void> StreamDriver::check(std::size_t more) const {
  if (fits(more)) return {};
  return failure(Errc::limit, "queue", std::to_string(more) + " octets of output",
                 std::to_string(octets_) + " are waiting and " + std::to_string(options_.max_queued) + " may",
                 "pause at the high mark, or raise max_queued");
}

Result<void> StreamDriver::put(std::string_view message) { return put({message}); }

Result<void> StreamDriver::put(std::initializer_list<std::string_view> pieces) {
  std::size_t size = 0;
  for (const std::string_view piece : pieces) size += piece.size();
  if (size == 0) return {};
  if (auto fits = check(size); !fits) return fits;
  Chunk& chunk = open_chunk();
  for (const std::string_view piece : pieces) chunk.bytes.append(piece);
  close_message(chunk, size);
  return {};
}

Result<void> StreamDriver::put_owned(std::string&& message) {
  if (message.size() < kMoveFrom) return put(std::string_view(message));
  if (auto fits = check(message.size()); !fits) return fits;
  const std::size_t size = message.size();
  close_message(queue_.push_back(Chunk{std::move(message), {}, 0}), size);
  return {};
}

Result<std::size_t> StreamDriver::flush(const Fd& fd) {
  std::size_t budget = options_.max_flush;
  while (octets_ > 0 && budget > 0) {
    const std::size_t offered = std::min(budget, octets_);
    const std::int64_t took = uninterrupted([&] { return write_some(fd, offered); });
    if (took < 0 && !would_block(took)) return system_failure(static_cast<int>(-took), "write", name_of(fd));
    if (took <= 0) break;
    written(static_cast<std::size_t>(took));
    budget -= static_cast<std::size_t>(took);
  }
  return octets_;
}

std::int64_t StreamDriver::write_some(const Fd& fd, std::size_t most) {
  const poe_sys& sys = fd.system();
  if (std::exchange(asked_, fd.get()) != fd.get()) {
    const int kind = sys.kind(sys.ctx, fd.get());
    socket_ = kind == POE_KIND_STREAM || kind == POE_KIND_DGRAM;
  }
  std::array<poe_iovec, kParts> parts;
  std::size_t count = 0;
  std::size_t skip = sent_;
  for (Chunk& chunk : queue_.all()) {
    if (count == kParts || most == 0) break;
    const std::size_t size = std::min(chunk.bytes.size() - skip, most);
    parts[count++] = {chunk.bytes.data() + std::exchange(skip, 0), size};
    most -= size;
  }
  if (!socket_) return sys.writev(sys.ctx, fd.get(), parts.data(), static_cast<int>(count));
  const poe_message message{sizeof(poe_message), 0, nullptr, 0, static_cast<std::uint32_t>(count), parts.data()};
  return sys.sendmsg(sys.ctx, fd.get(), &message);
}

void StreamDriver::written(std::size_t octets) noexcept {
  octets_ -= octets;
  sent_ += octets;
  while (!queue_.empty()) {
    Chunk& first = queue_.front();
    const std::size_t here = std::min(sent_, first.bytes.size());
    const auto begin = first.ends.begin() + static_cast<std::ptrdiff_t>(first.ended);
    const auto ended = static_cast<std::size_t>(std::upper_bound(begin, first.ends.end(), here) - begin);
    first.ended += ended;
    messages_ -= ended;
    if (sent_ < first.bytes.size()) return;
    sent_ -= first.bytes.size();
    queue_.pop_front();
  }
}

void StreamDriver::clear() noexcept {
  queue_.clear();
  octets_ = messages_ = sent_ = 0;
}

// Shells are removed when they are half of all, so that each chunk moves at most once for each that leaves.
void StreamDriver::Queue::pop_front() noexcept {
  { const Chunk freed = std::move(chunks_[first_++]); }
  if (empty()) return clear();
  if (first_ < chunks_.size() - first_) return;
  chunks_.erase(chunks_.begin(), chunks_.begin() + static_cast<std::ptrdiff_t>(first_));
  first_ = 0;
}

void StreamDriver::Queue::pop_back() noexcept {
  chunks_.pop_back();
  if (empty()) clear();
}

// Room for a few chunks stays: a driver in use needs it at once again.
void StreamDriver::Queue::clear() noexcept {
  constexpr std::size_t kKept = 4;
  first_ = 0;
  if (chunks_.capacity() > kKept) {
    std::vector<Chunk>().swap(chunks_);  // assigning an empty one would keep the memory
  } else {
    chunks_.clear();
  }
}

// A message that was committed has its end there.
void StreamDriver::undo_append() noexcept {
  Chunk& last = queue_.back();
  last.bytes.resize(last.ends.empty() ? 0 : last.ends.back());
  if (last.bytes.empty()) queue_.pop_back();
}

}  // namespace poe
