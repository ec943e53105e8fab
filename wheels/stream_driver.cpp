// SPDX-License-Identifier: MIT
#include "poe/wheels/stream_driver.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "file_piece.hpp"
#include "poe/send_file.hpp"
#include "poe/system.hpp"

namespace poe {

namespace {

constexpr std::size_t kMoveFrom = std::size_t{4} << 10;  // from here on moving is cheaper than copying, and zeros cost
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

// What a call that writes has answered: 0 if it would block.
Result<std::size_t> taken(std::int64_t result, const Fd& fd) {
  if (result >= 0) return static_cast<std::size_t>(result);
  if (would_block(result)) return std::size_t{0};
  return system_failure(static_cast<int>(-result), "write", name_of(fd));
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

Result<void> StreamDriver::put(std::string_view message) { return put(message, {}); }

Result<void> StreamDriver::put_slowly(std::string_view record, std::string_view ending) {
  const std::size_t size = record.size() + ending.size();
  if (size == 0) return {};
  if (auto fits = check(size); !fits) return fits;
  if (size >= kMoveFrom) return put_large(record, ending);
  make_room(open_chunk(size), size);
  put_at_once(record, ending);
  return {};
}

// Room is filled with zeros before it is written to: for small messages once a chunk, but for one of these that would
// cost as much as to copy it.
Result<void> StreamDriver::put_large(std::string_view record, std::string_view ending) {
  return compose([&](std::string& out) {
    out.reserve(out.size() + record.size() + ending.size());
    out.append(record).append(ending);
    return Result<void>();
  });
}

// Growing step by step would copy small messages several times, so a chunk begins with what the last one came to. An
// idle driver keeps the numbers, not the memory.
void StreamDriver::make_room(Chunk& chunk, std::size_t more) const {
  if (chunk.ends.size() == chunk.ends.capacity())
    chunk.ends.reserve(std::max({std::size_t{16}, std::size_t{last_.messages}, 4 * chunk.ends.size()}));
  const std::size_t need = chunk.used + more;
  if (need <= chunk.bytes.size()) return;
  const std::size_t wanted = chunk.used == 0 ? last_.octets : 16 * need;
  chunk.bytes.resize(std::max(need, std::min(wanted, kFullChunk)));
}

// Not in the queue before it has what it needs: an empty one there would be in the way.
StreamDriver::Chunk& StreamDriver::new_chunk(std::size_t room) {
  Chunk fresh;
  make_room(fresh, room);
  return queue_.push_back(std::move(fresh));
}

Result<void> StreamDriver::put_owned(std::string&& message) {
  if (message.size() < kMoveFrom) return put(std::string_view(message));
  if (auto fits = check(message.size()); !fits) return fits;
  const std::size_t size = message.size();
  Chunk& chunk = new_chunk(0);
  chunk.bytes = std::move(message);
  close_message(chunk, size);
  return {};
}

Result<std::size_t> StreamDriver::flush(const Fd& fd) {
  std::size_t budget = options_.max_flush;
  while (octets() > 0 && budget > 0) {
    FilePart* const file = queue_.front().file.get();
    const auto took = file != nullptr ? send_some(fd, *file, budget) : write_some(fd, std::min(budget, octets_));
    if (!took) return failure(took.error());
    if (*took == 0) break;
    file != nullptr ? sent(*took) : written(*took);
    budget -= *took;
  }
  return octets();
}

Result<std::size_t> StreamDriver::write_some(const Fd& fd, std::size_t most) {
  std::array<poe_iovec, kParts> parts;
  std::size_t count = 0;
  std::size_t skip = sent_;
  bool more = false;
  for (Chunk& chunk : queue_.all()) {
    more = chunk.file != nullptr;
    if (count == kParts || most == 0 || more) break;
    const std::size_t size = std::min(chunk.used - skip, most);
    parts[count++] = {chunk.bytes.data() + std::exchange(skip, 0), size};
    most -= size;
  }
  return write_parts(fd, std::span(parts).first(count), more);
}

// `more` follows at once: the system may wait with a packet that is not full. Only the real one knows that.
Result<std::size_t> StreamDriver::write_parts(const Fd& fd, std::span<const poe_iovec> parts, bool more) {
  const poe_sys& sys = fd.system();
  if (std::exchange(asked_, fd.get()) != fd.get()) {
    const int kind = sys.kind(sys.ctx, fd.get());
    socket_ = kind == POE_KIND_STREAM || kind == POE_KIND_DGRAM;
  }
  const std::uint32_t flags = more && is_real(sys) ? std::uint32_t{MSG_MORE} : 0;
  const std::int64_t took = uninterrupted([&] {
    if (!socket_) return sys.writev(sys.ctx, fd.get(), parts.data(), static_cast<int>(parts.size()));
    const poe_message message{sizeof(poe_message), flags, nullptr, 0, static_cast<std::uint32_t>(parts.size()),
                              parts.data()};
    return sys.sendmsg(sys.ctx, fd.get(), &message);
  });
  return taken(took, fd);
}

void StreamDriver::written(std::size_t octets) noexcept {
  octets_ -= octets;
  sent_ += octets;
  while (!queue_.empty() && queue_.front().file == nullptr) {
    Chunk& first = queue_.front();
    const std::size_t here = std::min(sent_, first.used);
    const auto begin = first.ends.begin() + static_cast<std::ptrdiff_t>(first.ended);
    const auto ended = static_cast<std::size_t>(std::upper_bound(begin, first.ends.end(), here) - begin);
    first.ended += ended;
    messages_ -= ended;
    if (sent_ < first.used) return;
    sent_ -= first.used;
    last_ = {static_cast<std::uint32_t>(std::min(first.used, kFullChunk)),
             static_cast<std::uint32_t>(std::min(first.ends.size(), kFullChunk))};
    queue_.pop_front();
  }
}

void StreamDriver::clear() noexcept {
  queue_.clear();
  octets_ = file_octets_ = messages_ = sent_ = 0;
}

// ---- files

void StreamDriver::put_file(Fd file, std::uint64_t from, std::uint64_t size) {
  if (size == 0) return;
  queue_.push_back(Chunk{{}, 0, {}, 0, std::make_unique<FilePart>(FilePart{std::move(file), from, size, false})});
  file_octets_ += size;
  ++messages_;
}

Result<std::size_t> StreamDriver::send_some(const Fd& fd, FilePart& file, std::size_t most) {
  most = static_cast<std::size_t>(std::min<std::uint64_t>(most, file.left));
  if (file.by_hand) return copy_some(fd, file, most);
  const std::int64_t took = uninterrupted([&] { return send_file(fd, file.fd, file.at, most); });
  if (took == 0) return file_too_short(file.left);
  if (took != -ENOSYS && took != -EINVAL) return taken(took, fd);
  file.by_hand = true;
  return copy_some(fd, file, most);
}

// What is not taken is read again: a file that waits holds no memory.
Result<std::size_t> StreamDriver::copy_some(const Fd& fd, FilePart& file, std::size_t most) {
  std::array<char, kReadSize> bytes;
  const auto got = read_file_piece(file.fd, file.at, file.left, std::span(bytes).first(std::min(most, bytes.size())));
  if (!got) return got;
  const poe_iovec part{bytes.data(), *got};
  return write_parts(fd, std::span(&part, 1), *got < file.left);
}

void StreamDriver::sent(std::size_t octets) noexcept {
  FilePart& file = *queue_.front().file;
  file_octets_ -= octets;
  file.at += octets;
  file.left -= octets;
  if (file.left > 0) return;
  --messages_;
  queue_.pop_front();
}

// Shells are removed when they are half of all, so that each chunk moves at most once for each that leaves.
void StreamDriver::Queue::pop_front() noexcept {
  { const Chunk freed = std::move(chunks_[first_++]); }
  if (first_ == chunks_.size()) return clear();
  if (first_ < chunks_.size() - first_) return;
  chunks_.erase(chunks_.begin(), chunks_.begin() + static_cast<std::ptrdiff_t>(first_));
  first_ = 0;
}

void StreamDriver::Queue::pop_back() noexcept {
  chunks_.pop_back();
  if (first_ == chunks_.size()) clear();
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

void StreamDriver::drop_if_unused() noexcept {
  if (queue_.back().used == 0) queue_.pop_back();
}

}  // namespace poe
