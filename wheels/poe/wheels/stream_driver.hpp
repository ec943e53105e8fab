// SPDX-License-Identifier: MIT
//
// StreamDriver: reads from and writes to one stream descriptor, and queues what cannot be written yet
// (POE::Driver::SysRW, but vectored and bounded). It neither owns nor watches the descriptor: the wheel does. One
// driver serves one wheel (P122). Not thread-safe; on the descriptor's thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "poe/error.hpp"
#include "poe/export.hpp"
#include "poe/fd.hpp"

namespace poe {

/// Has a constructor, so it is no aggregate: see LineOptions.
struct StreamDriverOptions {
  StreamDriverOptions() = default;
  /// Octets that may wait; a put beyond fails and queues nothing.
  std::size_t max_queued = std::size_t{64} << 20;
  /// Octets one flush() may write, so that a fast reader does not keep the loop from others.
  std::size_t max_flush = std::size_t{1} << 20;
};

class POE_API StreamDriver {
 public:
  /// Octets worth reading at once; the buffer is the owner's and may serve many drivers.
  static constexpr std::size_t kReadSize = std::size_t{64} << 10;

  explicit StreamDriver(StreamDriverOptions options = StreamDriverOptions()) noexcept : options_(options) {}

  /// One read into `into`, which must not be empty.
  /// @return  octets read; 0: it would block.
  /// Errors: Errc::end_of_file with number 0 at the end (P114), Errc::system.
  [[nodiscard]] static Result<std::size_t> read(const Fd& fd, std::span<char> into);

  /// Queues a message; an empty one is dropped (P118). Small ones are gathered in chunks of 16 KiB.
  /// Errors: Errc::limit; nothing of the message is queued then, and all that was queued before stays.
  Result<void> put(std::string_view message);
  /// The same for a record and its ending, as one message.
  Result<void> put(std::string_view record, std::string_view ending) {
    return put_at_once(record, ending) ? Result<void>() : put_slowly(record, ending);
  }
  /// The same if there is room for it already, as for most of many small messages. Inline: lines are put by the
  /// million.
  /// @return  whether it was queued; if not, put() does it or says why it cannot.
  bool put_at_once(std::string_view record, std::string_view ending) noexcept {
    const std::size_t size = record.size() + ending.size();
    if (!has_room(size)) return false;
    char* const at = claim(size);
    if (ending.size() == 1) {
      at[record.size()] = ending.front();
    } else {
      ending.copy(at + record.size(), ending.size());
    }
    record.copy(at, record.size());
    return true;
  }
  /// The same; a large message is moved in, not copied. On failure `message` is left as it was.
  Result<void> put_owned(std::string&& message);

  /// Queues `size` octets of a file, from `from` on, as one message; an empty one is dropped. They cost no memory, so
  /// max_queued is not for them. Where the system can, they go from the file to the descriptor by themselves; otherwise
  /// they are read and written in pieces. The file is read when its turn comes: it must not change until then.
  void put_file(Fd file, std::uint64_t from, std::uint64_t size);

  /// Queues what `write` appends to the string it gets, as one message: an encoder writes straight into the queue.
  /// `write` returns Result<void> and may not touch what is in the string already. On failure, or if it throws,
  /// nothing is queued.
  template <class Write>
  Result<void> compose(Write&& write) {
    Composing composing(*this);
    if (Result<void> written = write(composing.bytes()); !written) return written;
    return composing.commit();
  }

  /// Writes until all is written, the descriptor takes no more, or max_flush is reached.
  /// @return  octets still queued; wait for the descriptor to be writable if there are any.
  /// Errors: Errc::system, such as EPIPE, never with a signal; Errc::invalid_argument if a file is shorter than what
  /// was put of it. The queue is kept (P115).
  [[nodiscard]] Result<std::size_t> flush(const Fd& fd);

  /// Octets not written yet (POE: get_driver_out_octets).
  std::size_t octets() const noexcept { return octets_ + file_octets_; }
  /// Of these, those in memory and not in files.
  std::size_t octets_in_memory() const noexcept { return octets_; }
  /// Messages not written yet; one that is partly written counts (POE: get_driver_out_messages).
  std::size_t messages() const noexcept { return messages_; }
  /// Drops all that is queued.
  void clear() noexcept;
  /// From the next put on.
  void set_max_queued(std::size_t octets) noexcept { options_.max_queued = octets; }

 private:
  struct FilePart {
    Fd fd;
    std::uint64_t at;
    std::uint64_t left;
    bool by_hand;  // the system cannot: read and write
  };
  struct Chunk {
    std::string bytes{};
    std::size_t used = 0;              // of `bytes`; what is behind is room for more
    std::vector<std::size_t> ends{};   // where in `bytes` each message ends
    std::size_t ended = 0;             // how many of them are written
    std::unique_ptr<FilePart> file{};  // instead of bytes
  };
  struct Extent {
    std::uint32_t octets = 0;
    std::uint32_t messages = 0;
  };

  // The chunks that wait, oldest first. Why no std::deque: an empty one holds some 600 octets, and most drivers of most
  // servers are idle most of the time; an empty Queue holds nothing.
  class POE_API Queue {
   public:
    bool empty() const noexcept { return chunks_.empty(); }  // without a last one there are no shells either
    Chunk& front() noexcept { return chunks_[first_]; }
    Chunk& back() noexcept { return chunks_.back(); }
    const Chunk& back() const noexcept { return chunks_.back(); }
    std::span<Chunk> all() noexcept { return std::span(chunks_).subspan(first_); }
    Chunk& push_back(Chunk&& chunk) { return chunks_.emplace_back(std::move(chunk)); }
    void pop_front() noexcept;
    void pop_back() noexcept;
    void clear() noexcept;

   private:
    std::vector<Chunk> chunks_;
    std::size_t first_ = 0;  // those before it are gone, but for their empty shells
  };

  // Undoes an append unless it is committed. Inline, as what it calls: lines are put by the million.
  class Composing {
   public:
    explicit Composing(StreamDriver& driver) : driver_(driver) {
      Chunk& chunk = driver.open_chunk();
      chunk.bytes.resize(chunk.used);
    }
    Composing(const Composing&) = delete;
    Composing& operator=(const Composing&) = delete;
    ~Composing() {
      if (!done_) driver_.drop_if_unused();
    }
    std::string& bytes() noexcept { return driver_.queue_.back().bytes; }
    Result<void> commit() {
      Chunk& last = driver_.queue_.back();
      const std::size_t added = last.bytes.size() - last.used;
      if (added == 0) return {};
      if (!driver_.fits(added)) return driver_.check(added);
      driver_.close_message(last, added);
      done_ = true;
      return {};
    }

   private:
    StreamDriver& driver_;
    bool done_ = false;
  };

  static constexpr std::size_t kChunk = std::size_t{16} << 10;     // small messages are gathered up to this
  static constexpr std::size_t kFullChunk = kChunk + kChunk / 16;  // it takes one more as long as it holds less

  bool fits(std::size_t more) const noexcept {
    return more <= options_.max_queued && octets_ <= options_.max_queued - more;
  }
  // Whether a message of so many octets may be claimed: it is not empty, and needs nothing that may fail.
  bool has_room(std::size_t size) const noexcept {
    if (size == 0 || queue_.empty() || !fits(size)) return false;
    const Chunk& last = queue_.back();
    return last.bytes.size() - last.used >= size && last.ends.size() != last.ends.capacity();
  }
  // Counts it in; the caller writes it there before anything else.
  char* claim(std::size_t size) noexcept {
    Chunk& last = queue_.back();
    char* const at = last.bytes.data() + last.used;
    close_message(last, size);
    return at;
  }
  Result<void> put_slowly(std::string_view record, std::string_view ending);
  Result<void> put_large(std::string_view record, std::string_view ending);
  // The last chunk, or a new one if it is full, with room for as many octets. Appending to one that is partly written
  // is fine.
  Chunk& open_chunk(std::size_t room = 0) {
    const bool open = !queue_.empty() && queue_.back().used < kChunk && queue_.back().file == nullptr;
    return open ? queue_.back() : new_chunk(room);
  }
  Chunk& new_chunk(std::size_t room);
  void make_room(Chunk& chunk, std::size_t more) const;
  void close_message(Chunk& chunk, std::size_t octets) {
    chunk.ends.push_back(chunk.used + octets);
    chunk.used += octets;
    octets_ += octets;
    ++messages_;
  }
  void drop_if_unused() noexcept;
  Result<void> check(std::size_t more) const;
  void written(std::size_t octets) noexcept;
  void sent(std::size_t octets) noexcept;
  Result<std::size_t> write_some(const Fd& fd, std::size_t most);
  Result<std::size_t> send_some(const Fd& fd, FilePart& file, std::size_t most);
  Result<std::size_t> copy_some(const Fd& fd, FilePart& file, std::size_t most);
  Result<std::size_t> write_parts(const Fd& fd, std::span<const poe_iovec> parts, bool more);

  StreamDriverOptions options_;
  Queue queue_;
  std::size_t octets_ = 0;
  std::size_t file_octets_ = 0;
  std::size_t messages_ = 0;
  std::size_t sent_ = 0;  // octets of the first chunk that are written
  Extent last_;           // of the chunk written last, at most kFullChunk each
  int asked_ = -1;        // the descriptor whose kind is known
  bool socket_ = false;
};

}  // namespace poe
