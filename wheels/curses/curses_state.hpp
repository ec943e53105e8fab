// SPDX-License-Identifier: MIT
//
// The pinned part of a Curses. The handle points here and may move; whatever calls back keeps this alive until it
// returns.
#pragma once

#include <memory>
#include <optional>

#include "../replaceable.hpp"
#include "curses_screen.hpp"
#include "poe/wheels/curses.hpp"
#include "poe/wheels/curses_awaits.hpp"

namespace poe {

class Curses::State : public std::enable_shared_from_this<State> {
 public:
  State(Self& self, CursesOptions& options);
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  /// Second half of the making, which needs shared_from_this().
  void begin();
  void close();
  Self& self() const noexcept { return self_; }
  bool is_closed() const noexcept { return closed_; }
  const std::optional<Error>& open_error() const noexcept { return fault_; }
  /// Null if it could not be opened.
  CursesScreen* screen() noexcept { return screen_.get(); }
  void take_keys(Fn<void(const Key&)> callback);
  void resized();
  void leave();
  void resume();

  // ---- for who waits in a coroutine
  std::optional<Error> why_no_key() const;
  void await_key(CursesKey& reader);
  void forget_reader() noexcept;

  Replaceable<const Key&> on_key;
  Replaceable<const Error&> on_error;

 private:
  void read_later();
  void on_ready(std::uint32_t ready);
  /// Whether there was a key.
  bool read();
  void tell(const Key& key);
  void end(Error why);
  void went_on();
  void set_watch() noexcept;
  bool is_heard() const noexcept { return !closed_ && !self_.stop_requested(); }
  bool wants() const noexcept { return !ended_ && (on_key || reader_ != nullptr); }

  Self& self_;
  int input_;
  std::unique_ptr<CursesScreen> screen_;
  std::optional<Error> fault_;  // of the opening
  std::optional<Error> ended_;  // why there is no key any more
  CursesKey* reader_ = nullptr;
  Watch watch_;
  SignalWatch resize_watch_;
  SignalWatch continue_watch_;
  bool queued_ = false;   // read_later() is under way
  bool reading_ = false;  // a callback runs inside read()
  bool closed_ = false;
};

}  // namespace poe
