// SPDX-License-Identifier: MIT
//
// ReadWrite: records in, records out, over a descriptor (POE::Wheel::ReadWrite). It belongs to one session, whose
// member it usually is, and is used on the loop thread. It owns its descriptors and closes them when it goes.
//
// The handle may be moved and dropped at any time, also inside the wheel's own callbacks: nothing more is delivered
// then. All that is put during one turn leaves in one write; readiness to write is asked for only after a short write.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "poe/export.hpp"
#include "poe/fd.hpp"
#include "poe/session.hpp"
#include "poe/wheels/read_write_options.hpp"

namespace poe {

/// What put() says about the output: below the high mark, or at or above it.
enum class Output : std::uint8_t { flowing, high };

class RecordAwait;
class OutputAwait;

class POE_API ReadWrite {
 public:
  /// No wheel; every call but assignment and operator bool is a bug then, except that put() fails with `closed`.
  ReadWrite() noexcept = default;
  /// Starts at once. Never fails: what cannot be watched is reported through on_error, operation "watch".
  ReadWrite(Self& self, ReadWriteOptions options);
  ReadWrite(ReadWrite&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
  ReadWrite& operator=(ReadWrite&& other) noexcept;
  /// Drops what was not written yet (a layer then does not say that this is the end: it is not); wait for on_flushed,
  /// or use shutdown_output(), to have it out.
  ~ReadWrite();

  explicit operator bool() const noexcept { return state_ != nullptr; }
  /// Unique among the wheels that exist in this process.
  std::uint64_t id() const noexcept { return reinterpret_cast<std::uintptr_t>(state_); }

  /// Queues one record for writing. The value tells whether the output has reached the high mark (POE's true, P117).
  /// Errors, with nothing of the record queued: `limit` (output_limit; on_error follows, once until the output has
  /// drained to the low mark); `closed` after shutdown_output() or a write error; what the filter's encode() says.
  Result<Output> put(std::string_view record);
  /// Queues `size` octets of a regular file, from `offset` on: behind what was put before, ahead of what is put later,
  /// and past the output filter. Where the system can, they go to the descriptor without a copy (sendfile); elsewhere,
  /// and through a layer, they are read and written in pieces. The wheel takes the file; its position is not used, and
  /// reading it may block for a disk. Its octets count for out_octets(), marks and on_flushed, but cost no memory, so
  /// output_limit does not apply. A file that is shorter when its turn comes is an error of the output:
  /// `invalid_argument` with "write".
  /// Errors, with nothing queued: `closed` as put(); `invalid_argument` as check_file().
  Result<Output> put_file(Fd file, std::uint64_t offset, std::uint64_t size);
  /// Whether put_file() takes these, for who must know before something else is put, such as the head of an answer.
  /// Errors: `invalid_argument`: no open regular file, or an offset no file has.
  static Result<void> check_file(const Fd& file, std::uint64_t offset, std::uint64_t size);
  /// Writes what the system takes right now; callbacks follow later in the turn. After a write error: tries again.
  /// Over a layer on_flushed follows also if it is only the layer's own words that have to wait.
  void flush();

  /// No record is delivered any more, also not those of the read that is under way; they are kept (P106). Nothing is
  /// read meanwhile, so a fast peer is slowed down by its own system.
  void pause_input() noexcept;
  /// Delivers what was kept, not before the caller returns, and goes on reading.
  void resume_input();
  /// Reads once now, instead of when the loop says so, and delivers: for the last look at a stream whose writer has
  /// ended while others keep it open. @return  whether there may be more: it has got something, or records wait.
  bool read_now();
  /// Ends reading for good; undelivered bytes are dropped, output goes on (P120).
  void shutdown_input();
  /// Ends writing as soon as all that was put is out: the peer sees the end, input goes on (P120).
  void shutdown_output();

  /// One filter for both ways. See the two below.
  void set_filter(AnyFilter filter);
  /// Bytes not delivered yet move to the new filter, and their records are delivered before this returns (P107), also
  /// when nested in on_record (P108; from 16 levels on, right after the callback instead). While the input is paused,
  /// or when called by another session, they are delivered later.
  void set_input_filter(AnyFilter filter);
  /// What was put before has been encoded before (P109).
  void set_output_filter(AnyFilter filter);
  /// Valid until they are replaced or the wheel goes.
  Filter& input_filter() const noexcept;
  Filter& output_filter() const noexcept;

  /// Puts a layer, TLS for example, between the descriptors and the filters of an open wheel (STARTTLS). What was put
  /// before leaves as it is; what is put from here on waits until the layer is open: no octet of it leaves if it never
  /// is. What came but was not delivered yet is not taken for protected: it goes to the layer, which fails unless it
  /// is its own first word; and the input's filter is replaced by a clone, which knows nothing of the past.
  ///
  /// The layer reads also while the input is paused or nobody wants records, until it is open: on_secured. If that
  /// fails, on_error, operation "secure", and both directions have ended.
  /// Errors: `invalid_argument` if there is a layer already or one direction is missing; `closed` if one has ended.
  Result<void> secure(std::unique_ptr<StreamLayer> layer);
  /// To be called before dropping a wheel in the middle of an answer: a layer does not say then that this was the end.
  void leave_unended() noexcept;
  /// Borrowed, as long as the wheel lasts; nullptr: none. To ask a TLS layer who is on the other side: tls_info().
  const StreamLayer* layer() const noexcept;

  // ---- coroutines: include poe/wheels/read_write_awaits.hpp to use these. The wheel must outlive what it gives.

  /// The next record: co_await wheel.read() gives a Result<std::string>. For a wheel made without on_record and
  /// receiver. Only as much is read as is asked for, so a slow reader slows its peer down, and a filter set between two
  /// reads gets all bytes that follow. One at a time. Errors: `end_of_file`, or what ended the input, this time and
  /// ever after; a filter's `limit` or `protocol`, after which reading may go on; `closed` (the wheel went, or
  /// shutdown_input()); `invalid_argument` (somebody else gets the records). Does not suspend if a record is there
  /// already.
  RecordAwait read();
  /// Until all that was put is written: Result<void>. Error: why it cannot be.
  OutputAwait flushed();
  /// Until no more than low_water octets wait: after a put() that answered Output::high.
  OutputAwait drained();
  /// Until the layer is open: Result<void>. Errors: why it is not; `invalid_argument` if there is none.
  OutputAwait secured();

  // Change a callback. A wheel made without on_record begins to read when it gets one; an empty one stops reading.
  // With a receiver, these do nothing: the receiver decides.
  void on_record(Fn<void(std::string_view)> callback);
  void on_error(Fn<void(const Error&)> callback);
  void on_flushed(Fn<void()> callback);
  void on_high(Fn<void()> callback);
  void on_low(Fn<void()> callback);
  void on_secured(Fn<void()> callback);

  /// Octets; low is cut to high. They count from the next put or write on.
  void set_water_marks(std::size_t high, std::size_t low) noexcept;

  /// Octets read so far. Over a layer they are the layer's, and of the output those that it has encoded already.
  std::uint64_t in_octets() const noexcept;
  /// Octets and pieces that wait to be written; a piece written in part counts.
  std::size_t out_octets() const noexcept;
  std::size_t out_messages() const noexcept;
  /// Borrowed numbers, -1 for none or closed.
  int input_fd() const noexcept;
  int output_fd() const noexcept;

 private:
  friend class RecordAwait;
  friend class OutputAwait;
  class State;
  State* state_ = nullptr;
};

}  // namespace poe
