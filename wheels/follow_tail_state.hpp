// SPDX-License-Identifier: MIT
//
// The pinned part of a FollowTail. The handle points here and may move; whatever calls back keeps this alive until it
// returns.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "file_notice.hpp"
#include "followed_file.hpp"
#include "poe/wheels/follow_tail.hpp"
#include "poe/wheels/follow_tail_awaits.hpp"
#include "poe/wheels/read_write.hpp"
#include "replaceable.hpp"

namespace poe {

class FollowTail::State : public std::enable_shared_from_this<State> {
 public:
  /// Takes the callbacks out of `options`.
  State(Self& self, FollowTailOptions& options);
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  /// Second half of the making, which needs shared_from_this().
  void begin(FollowTailOptions& options);
  void close();

  void take_records(Fn<void(std::string_view)> callback);
  void pause() noexcept;
  void resume();
  void set_filter(AnyFilter filter);
  std::uint64_t tell() const noexcept;
  bool has_notices() const noexcept { return static_cast<bool>(notice_watch_); }

  // ---- for those who wait in coroutines, follow_tail_awaits.cpp
  std::optional<Error> why_no_read() const;
  static Error no_reading_of_streams();
  void await_record(TailRecord& reader);
  void forget_reader() noexcept { reader_ = nullptr; }

  Replaceable<std::string_view> on_record;
  Replaceable<const Error&> on_error;
  Replaceable<> on_reset;
  Replaceable<> on_idle;

 private:
  // ---- opening, follow_tail_open.cpp
  void watch_notices();
  void begin_with_handle(FollowTailOptions& options);
  void begin_with_name(const FollowTailOptions& options);
  void place(const FollowTailOptions& options);
  void look_back(std::uint64_t size);
  bool open_name();
  void take(Fd fd, const FileFacts& facts);
  void take_stream(Fd fd);
  Fn<void(std::string_view)> record_of_stream();
  /// What has our name now: what we know, or something new, or nothing we know of.
  enum class Behind : std::uint8_t { known, file, stream };
  Behind behind_name();
  void complain(const Error& why);

  // ---- following, follow_tail_state.cpp
  void look_later();
  void look();
  void look_once();
  void read_front(bool leave);
  void restart();
  void next_file();
  void wait();
  void on_timer();
  void leave_stream();
  void accept(std::string_view bytes);
  void deliver();
  bool deliver_unfinished();
  void deliver_unfinished_of_stream();
  void tell_record(std::string_view record);
  void tell_read_error(const Error& why);
  void fail_reader() noexcept;
  /// Whether somebody takes records now.
  bool wants() const noexcept { return !paused_ && (on_record || reader_ != nullptr); }
  bool is_heard() const noexcept { return !closed_ && !self_.stop_requested(); }
  bool needs_polling() const noexcept;
  bool successor_has_data() const;

  Self& self_;
  std::string path_;  // empty: a handle was given
  TailRecord* reader_ = nullptr;
  std::shared_ptr<Filter> filter_;
  ReadBudget budget_;
  Duration poll_interval_;
  bool deliver_unfinished_;

  std::deque<FollowedFile> files_;  // the one that is read, and those that took its name since
  ReadWrite stream_;                // instead: something that is no regular file
  std::optional<FileFacts> stream_facts_;
  std::optional<std::uint64_t> stream_most_;  // octets: how far it is read now that its name is another's
  FileNotice notice_;
  Watch notice_watch_;
  Timer timer_;
  KeepAlive hold_;
  std::optional<Error> fault_;  // of the making, to be told in the first look
  std::optional<Error> dead_;   // why there is nothing to follow, ever
  int complained_ = 0;          // the error number that was told last
  bool found_ = false;          // a file was opened that on_reset has not told of
  bool astray_ = false;         // the name leads to nothing, or to what could not be opened
  bool name_told_ = true;       // changes to it are, if there are notices
  bool paused_ = false;
  bool held_ = false;   // the filter may have records that were not delivered
  bool quiet_ = false;  // nothing came since the timer was set
  bool looking_ = false;
  bool look_again_ = false;  // a look is queued
  bool closed_ = false;
};

}  // namespace poe
