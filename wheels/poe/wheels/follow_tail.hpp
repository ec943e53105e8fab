// SPDX-License-Identifier: MIT
//
// FollowTail: the records that are appended to a file, as tail -F shows them (POE::Wheel::FollowTail). It belongs to
// one session, whose member it usually is, and is used on the loop thread.
//
//     poe::FollowTailOptions options("/var/log/syslog");
//     options.on_record = [](std::string_view line) { ... };
//     tail_ = poe::FollowTail(*this, std::move(options));
//
// A file that is renamed away is read to its end, also while its writer still appends to it; once its successor has
// something, that one follows. A file that shrinks, or whose last octets are not those that were read, is read from its
// start. A missing file is waited for. FIFOs, terminals and sockets are read when they are ready; one that loses its
// name is read to its end first.
//
// Changes are told by the system (inotify); where it cannot, on file systems other machines write to, and while the
// name leads nowhere, the file is looked at each poll_interval. Several rotations between two looks hide the files in
// between; so does a rewrite that repeats the last 64 octets in their place. Not told is what happens on the way to the
// file's own folder: that a symbolic link is led to another folder, or a folder above is moved. It shows when the file
// that was open is written to, moved or removed; where that may never come, set `notices` to false.
//
// The handle may be moved and dropped at any time, also inside the wheel's own callbacks: nothing more is delivered
// then. It keeps its session alive until it is dropped. Real loops only: a simulated world has no files that change.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "poe/error.hpp"
#include "poe/export.hpp"
#include "poe/fd.hpp"
#include "poe/fn.hpp"
#include "poe/session.hpp"
#include "poe/wheels/any_filter.hpp"
#include "poe/wheels/read_write_options.hpp"

namespace poe {

class TailRecord;

/// Has constructors, so it is no aggregate: see ReadWriteOptions.
class FollowTailOptions {
 public:
  /// By name: whatever has it, now and later.
  explicit FollowTailOptions(std::string path) : filename(std::move(path)) {}
  /// One open file, whatever becomes of its name.
  explicit FollowTailOptions(Fd open_file) : handle(std::move(open_file)) {}

  std::string filename;
  Fd handle;

  /// The view ends with the call. Empty: records are read with co_await, see FollowTail::read(); what nobody asks for
  /// stays in the file or stream.
  Fn<void(std::string_view record)> on_record;
  /// Operation "open" or "read", once until it changes; it is tried again all the same. A missing file is no error
  /// (P145). `limit`, `protocol`: what the filter refused. The end of a stream that is no FIFO: "read", number 0.
  Fn<void(const Error&)> on_error;
  /// From here on records are those of another file, or of this one from its start (P142 to P145). What is left of an
  /// unfinished record was delivered before.
  Fn<void()> on_reset;
  /// The end has been reached, and nothing came for poll_interval; again after each further one. Not for streams.
  Fn<void()> on_idle;

  /// Empty: lines.
  AnyFilter filter;
  /// Where to begin, in octets: from the start, or from the end if negative. Beyond either: there (P145). For a file
  /// that exists when the wheel is made; one that appears later is read from its start.
  std::optional<std::int64_t> seek;
  /// The same, back from the end; 0 is the end. Not with `seek`. With neither: the end, but for a record that is not
  /// finished there, which is looked for in the last 4096 octets (P141).
  std::optional<std::uint64_t> seek_back;
  /// How long between two looks at the end of a file without notices, and at a name that leads nowhere. At least 1 ms.
  Duration poll_interval = std::chrono::seconds(1);
  /// Use the system's notices where they can be had.
  bool notices = true;
  /// At a reset, deliver an unfinished record.
  bool deliver_unfinished = true;
  ReadBudget budget;
};

class POE_API FollowTail {
 public:
  /// No wheel; every call but assignment and operator bool is a bug then.
  FollowTail() noexcept;
  /// Never fails for what the world does, and never calls back: that comes later. Throws std::invalid_argument for
  /// options that contradict each other.
  FollowTail(Self& self, FollowTailOptions options);
  FollowTail(FollowTail&& other) noexcept;
  FollowTail& operator=(FollowTail&& other) noexcept;
  ~FollowTail();

  explicit operator bool() const noexcept { return state_ != nullptr; }
  /// Unique among the wheels that exist in this process.
  std::uint64_t id() const noexcept { return reinterpret_cast<std::uintptr_t>(state_.get()); }
  /// Octets of the present file up to the record that comes next. 0 for streams and while there is no file.
  std::uint64_t tell() const noexcept;
  /// Whether the system tells of changes; otherwise the file is looked at each poll_interval.
  bool has_notices() const noexcept;

  /// No record is delivered any more, nothing is read meanwhile; files that are replaced are still noticed.
  void pause() noexcept;
  void resume();
  /// Undelivered octets go through the new filter, after the caller returned.
  void set_filter(AnyFilter filter);

  /// The next record: co_await wheel.read() gives a Result<std::string>; include poe/wheels/follow_tail_awaits.hpp. For
  /// a wheel made without on_record; its other callbacks work as ever. One at a time. The wheel must outlive it.
  /// Errors: `closed` (the wheel goes), `invalid_argument` (somebody else gets the records), not_supported for a
  /// stream: read that with a ReadWrite.
  TailRecord read();

  // Change a callback; that for records must not be empty (std::invalid_argument).
  void on_record(Fn<void(std::string_view)> callback);
  void on_error(Fn<void(const Error&)> callback);
  void on_reset(Fn<void()> callback);
  void on_idle(Fn<void()> callback);

 private:
  friend class TailRecord;
  class State;
  std::shared_ptr<State> state_;
};

}  // namespace poe
