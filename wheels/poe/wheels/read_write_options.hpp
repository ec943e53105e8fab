// SPDX-License-Identifier: MIT
//
// What a ReadWrite is told when it is made: descriptors, filters, limits, and who is to be called.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "poe/error.hpp"
#include "poe/export.hpp"
#include "poe/fd.hpp"
#include "poe/filters/stream_layer.hpp"
#include "poe/fn.hpp"
#include "poe/wheels/any_filter.hpp"

namespace poe {

/// The callbacks of a ReadWrite as one object, for owners of many wheels: a wheel then carries one pointer instead of
/// five callables. All are called on the loop thread, as the wheel's session, never from inside put() or flush(). Each
/// may do anything: delete or move the wheel, swap its filters, stop the session, run a timeslice.
class POE_API ReadWriteReceiver {
 public:
  virtual ~ReadWriteReceiver();
  /// One record; the view ends with the call.
  virtual void on_record(std::string_view record) = 0;
  /// See ReadWriteOptions::on_error.
  virtual void on_error(const Error& error) = 0;
  virtual void on_flushed() {}
  virtual void on_high() {}
  virtual void on_low() {}
  virtual void on_secured() {}
};

/// How much one wheel may read and deliver before others have their turn; what is left follows in the next turn.
struct ReadBudget {
  std::uint32_t bytes = 64 << 10;  ///< octets of one read; at most 64 KiB, at least 1
  std::uint32_t records = 1024;    ///< records and filter errors, at least 1
};

/// Has constructors, so it is no aggregate: g++ 12 destroys aggregates twice when they travel in a co_await operand.
class ReadWriteOptions {
 public:
  /// One descriptor for both ways: a socket, a terminal.
  explicit ReadWriteOptions(Fd both) : input(std::move(both)) {}
  /// Two pipes; either may be empty, for a wheel that only reads or only writes.
  ReadWriteOptions(Fd from, Fd to) : input(std::move(from)), output(std::move(to)), separate(true) {}

  Fd input;
  Fd output;
  bool separate = false;  ///< whether `output` counts; otherwise `input` is both

  /// For both directions; empty: LineFilter with its defaults.
  AnyFilter filter;
  /// For the output alone. Empty: the same object as for the input.
  AnyFilter output_filter;
  /// What lies between the descriptors and the filters, TLS for example: see ReadWrite::secure(). Empty: nothing.
  std::unique_ptr<StreamLayer> layer;

  /// Gets each record, one call each, view valid during it. Empty: the input is not read, and then neither its end nor
  /// a lost connection is noticed before something is written (P121).
  Fn<void(std::string_view record)> on_record;
  /// Error::operation() is "read", "write" or "watch". At the end of the input: "read", number 0, Errc::end_of_file;
  /// output goes on (P114). Errc::limit or Errc::protocol with "read": the filter refused something, input goes on as
  /// its policy says. Errc::limit with "write": put() refused a record. Other errors end their direction; after "write"
  /// what was not written is kept (P115). With a layer there is also what it says, operation "secure", and that ends
  /// both directions; and instead of Errc::end_of_file, Errc::truncated where the stream was cut off.
  /// Empty: faults are silent, and a wheel whose input has ended no longer keeps its session alive.
  Fn<void(const Error&)> on_error;
  /// All that was put has been given to the system; never without a put() (P116), or, over a layer, a flush()
  /// that could not write what the layer says by itself.
  Fn<void()> on_flushed;
  /// The buffered output has reached high_water; once, until on_low.
  Fn<void()> on_high;
  /// After that it has fallen to low_water or below. Called before on_flushed when both are due.
  Fn<void()> on_low;
  /// The layer is open: see ReadWrite::secure().
  Fn<void()> on_secured;
  /// Instead of the six above. Borrowed: must outlive the wheel.
  ReadWriteReceiver* receiver = nullptr;

  /// Octets of output. POE has no marks by default.
  std::size_t high_water = std::size_t{64} << 10;
  std::size_t low_water = std::size_t{16} << 10;
  /// A put() that would bring the output above this many octets is refused.
  std::size_t output_limit = std::size_t{4} << 20;
  ReadBudget budget;
  /// Write inside put(), instead of once at the end of the turn.
  bool auto_flush = false;
  /// At the end of the input, deliver an unfinished record: a last line without its ending. POE drops it, which is
  /// right where a peer may be cut off in mid-line.
  bool deliver_unfinished = false;
};

}  // namespace poe
