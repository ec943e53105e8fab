// SPDX-License-Identifier: MIT
//
// The pinned part of a ReadWrite. The handle points here and may move; what runs inside a callback holds a Frame, so
// that dropping the handle in a callback ends the wheel at once, but frees it only when the last frame is left.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "layered.hpp"
#include "poe/wheels/read_write.hpp"
#include "poe/wheels/read_write_awaits.hpp"
#include "poe/wheels/stream_driver.hpp"
#include "wait_list.hpp"

namespace poe {

/// The filter given, or lines.
std::unique_ptr<Filter> or_lines(AnyFilter filter);

/// Why an empty handle can do nothing.
Error no_wheel(const char* tried);

/// Six callables as a receiver.
class CallbackReceiver final : public ReadWriteReceiver {
 public:
  explicit CallbackReceiver(ReadWriteOptions& options);
  void on_record(std::string_view record) override { record_(record); }
  void on_error(const Error& error) override {
    if (error_) error_(error);
  }
  void on_flushed() override {
    if (flushed_) flushed_();
  }
  void on_high() override {
    if (high_) high_();
  }
  void on_low() override {
    if (low_) low_();
  }
  void on_secured() override {
    if (secured_) secured_();
  }

  Fn<void(std::string_view)> record_;
  Fn<void(const Error&)> error_;
  Fn<void()> flushed_;
  Fn<void()> high_;
  Fn<void()> low_;
  Fn<void()> secured_;
};

class ReadWrite::State {
 public:
  State(Self& self, ReadWriteOptions&& options);
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  /// The handle is gone: nothing is delivered from here on, descriptors are closed.
  void close();

  bool put_at_once(std::string_view record) noexcept;
  Result<Output> put(std::string_view record);
  Result<Output> put_file(Fd file, std::uint64_t offset, std::uint64_t size);
  void flush();
  void pause_input() noexcept;
  void resume_input();
  bool read_now();
  void shutdown_input();
  void shutdown_output();
  void set_filter(AnyFilter filter);
  void set_input_filter(AnyFilter filter);
  void set_output_filter(AnyFilter filter);
  Filter& input_filter() noexcept { return *input_filter_; }
  Filter& output_filter() noexcept { return output_filter_ ? *output_filter_ : *input_filter_; }
  void set_water_marks(std::size_t high, std::size_t low) noexcept;
  std::uint64_t in_octets() const noexcept { return in_octets_; }
  std::size_t out_octets() const noexcept { return queued(); }
  std::size_t out_messages() const noexcept;
  int input_fd() const noexcept { return input_.get(); }
  int output_fd() const noexcept { return separate_ ? output_.get() : input_.get(); }

  /// Null: no layer.
  Layered* layered() const noexcept { return rare_ ? rare_->layered.get() : nullptr; }
  Result<void> secure(std::unique_ptr<StreamLayer> layer);
  void leave_unended() noexcept;

  // ---- coroutines, read_write_awaits.cpp
  /// Why nobody can begin to read here.
  std::optional<Error> why_no_read();
  /// A record, or why there is none and will be none; nothing: wait for it. After why_no_read().
  std::optional<Result<std::string>> take_record();
  void await_record(RecordAwait& reader);
  void forget_reader() noexcept { rare_->reader = nullptr; }
  std::optional<Error> why_no_output(OutputAwait::Goal goal) const;
  bool reached(OutputAwait::Goal goal) const noexcept;
  void await_output(OutputAwait& waiter) { rare().outputs.add(waiter); }
  void forget_output(OutputAwait& waiter) noexcept { rare_->outputs.remove(waiter); }

  /// Puts `fresh` in the place of a callback that may be running.
  template <class F>
  void replace(F CallbackReceiver::*member, F fresh) {
    if (callbacks_ == nullptr) return;
    Frame frame(*this);
    retire(std::make_unique<F>(std::exchange(callbacks_.get()->*member, std::move(fresh))));
    callbacks_changed();
  }

 private:
  /// Somebody of ours is on the stack. The last one out frees what was replaced or dropped meanwhile, and sees to it
  /// that a turn follows if there is something left to do, also after a callback threw.
  class Frame {
   public:
    explicit Frame(State& state) noexcept : state_(state) { ++state.frames_; }
    Frame(const Frame&) = delete;
    Frame& operator=(const Frame&) = delete;
    ~Frame() {
      if (--state_.frames_ == 0) state_.leave();
    }

   private:
    State& state_;
  };
  /// A deferred turn: keeps the memory, not the wheel.
  class Ticket {
   public:
    explicit Ticket(State& state) noexcept : state_(&state) { ++state.tickets_; }
    Ticket(Ticket&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
    Ticket(const Ticket&) = delete;
    Ticket& operator=(const Ticket&) = delete;
    ~Ticket() {
      if (state_ != nullptr) state_->return_ticket();
    }
    void operator()() { state_->turn(); }

   private:
    State* state_;
  };

  void leave();
  void return_ticket();
  void free_if_unused();
  /// Keeps it until nobody of ours is on the stack. Why shared_ptr: it remembers how to delete what.
  template <class T>
  void retire(std::unique_ptr<T> former) {
    if (former) rare().retired.emplace_back(std::move(former));
  }
  void schedule();
  void turn();
  bool wants_turn() const noexcept;
  std::string subject(int fd) const { return "descriptor " + std::to_string(fd); }
  void callbacks_changed();
  void report(const Error& error);
  /// Whether anybody still wants to hear from us. After request_stop() the session hears nothing more (R68), but what
  /// it put before is still written.
  bool is_heard() const noexcept { return !closed_ && !self_.stop_requested(); }

  /// What an idle wheel does not pay for: those who wait in coroutines, and what was replaced.
  struct Rare {
    RecordAwait* reader = nullptr;
    WaitList<OutputAwait> outputs{};
    std::optional<Error> input_end{};
    std::unique_ptr<Layered> layered{};
    std::vector<std::shared_ptr<void>> retired{};  // replaced while it may be on the stack
  };
  bool reader_waits() const noexcept { return rare_ != nullptr && rare_->reader != nullptr; }
  void serve_reader();
  void give_record(Result<std::string> record) noexcept;
  void give_view(std::string_view record);
  void settle_outputs() noexcept;
  void fail_outputs(const Error& error) noexcept;
  void fail_awaits(const Error& error) noexcept;
  Rare& rare();

  // ---- input, read_write_input.cpp
  void begin_reading();
  bool reads() const noexcept { return !paused_ && !input_ended_ && (receives_ || reader_waits()) && is_heard(); }
  void on_readable();
  bool read_once();
  void accept_bytes(std::string_view bytes);
  void deliver();
  void leave_level();
  bool deliver_one();
  Error read_error(const Error& why) const;
  void tell_record(std::string_view record);
  void tell_read_error(const Error& why);
  void end_of_input(const Error& error);
  void hand_over(std::string_view rest);
  void deliver_unfinished();
  void stop_reading();

  // ---- a layer, read_write_layer.cpp
  bool opening() const noexcept { return rare_ && rare_->layered && rare_->layered->opening(); }
  void begin_layer(std::unique_ptr<StreamLayer> layer, std::string_view early);
  bool read_wire();
  std::size_t fetch(std::span<char> plain);
  std::size_t decode(std::string_view wire, std::span<char> plain);
  void wire_ended(const Error& error);
  void layer_failed(const Error& error);
  void open_layer_failed(const Error& error);
  bool opens() const noexcept { return !closed_ && opening() && layered()->layer->is_open(); }
  void layer_opened(std::string_view first);
  void tell_secured();
  void tell_layer_end();
  bool layer_end_due() const noexcept;
  void say(std::string&& words);
  Result<void> encode_plain(std::string_view record);
  Result<void> encode_ahead();
  Result<std::size_t> flush_layer();
  void say_goodbye();

  // ---- output, read_write_output.cpp
  /// Octets put and not written.
  std::size_t queued() const noexcept { return out_.octets() + (layered() != nullptr ? layered()->waiting() : 0); }
  Result<std::size_t> flush_some();
  void output_turn();
  void on_writable();
  void write_now();
  void want_writable(bool want);
  void report_output();
  void finish_output();
  Result<void> why_no_put() const;
  Output was_put();
  Result<void> encode(std::string_view record);
  tl::unexpected<Error> refuse(std::string_view record);

  Self& self_;
  ReadWriteReceiver* receiver_;
  std::unique_ptr<CallbackReceiver> callbacks_;  // null: receiver_ is borrowed
  std::unique_ptr<Filter> input_filter_;
  std::unique_ptr<Filter> output_filter_;  // null: the input filter serves both ways
  Fd input_;
  Fd output_;  // only if separate_
  Watch read_watch_;
  Watch write_watch_;  // made at the first short write
  KeepAlive hold_;     // stands in for the read watch where there is none
  StreamDriver out_;
  std::unique_ptr<Rare> rare_;
  std::optional<Error> fault_;  // of writing or watching, to be reported in the next turn
  std::size_t high_water_;
  std::size_t low_water_;
  std::size_t output_limit_;
  ReadBudget budget_;
  std::uint64_t in_octets_ = 0;
  std::uint32_t records_left_ = 0;
  std::uint32_t tickets_ = 0;
  std::uint16_t frames_ = 0;
  std::uint16_t delivering_ = 0;  // levels of deliver() on the stack

  bool separate_;
  bool auto_flush_;
  bool finish_at_end_;
  bool receives_;  // somebody takes records
  bool closed_ = false;
  bool scheduled_ = false;
  bool paused_ = false;
  bool input_ended_ = false;
  bool held_ = false;       // the input filter may have records that were not delivered
  bool nested_ = false;     // a nested timeslice found us readable while delivering
  bool dirty_ = false;      // output_turn() has something to do
  bool blocked_ = false;    // the write watch is armed
  bool unflushed_ = false;  // something was put since the last on_flushed
  bool high_ = false;       // the mark was reached and low_water not yet
  bool tell_high_ = false;
  bool told_limit_ = false;
  bool output_failed_ = false;
  bool output_ending_ = false;
  bool output_ended_ = false;
};

}  // namespace poe
