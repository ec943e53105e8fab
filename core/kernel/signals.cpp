// SPDX-License-Identifier: MIT
//
// Signals: how they come in from the system, and how they go through the tree of sessions.
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "internal_events.hpp"
#include "kernel_core.hpp"
#include "poe/system.hpp"

namespace poe {

namespace {

bool is_terminal(std::string_view name) {
  static constexpr std::array<std::string_view, 7> kTerminal = {"QUIT", "INT", "KILL", "TERM", "HUP", "IDLE", "DIE"};
  return std::find(kTerminal.begin(), kTerminal.end(), name) != kTerminal.end();
}

bool is_nonmaskable(std::string_view name) { return name == "ZOMBIE" || name == "UIDESTROY"; }

constexpr std::array<int, 2> kInterrupts = {SIGINT, SIGTERM};

}  // namespace

Result<SignalWatch> KernelCore::add_signal(SessionId id, std::string_view name, Fn<void(const Signal&)> handler,
                                           bool beside) {
  const std::string known(canonical_signal(name));
  const std::string what = "signal \"" + std::string(name) + "\"";
  if (!alive(id)) return failure(Errc::no_session, "watch", what, "the session has ended");
  const int number = signal_number(known);
  if (number == SIGKILL || number == SIGSTOP) {
    return failure(Errc::invalid_argument, "watch", what, "the system lets nobody catch it");
  }
  if (auto usable = check_usable("watch a signal"); !usable) return failure(usable.error());
  for (std::uint32_t s = cold_[id.slot()].signals; s != kNone;) {  // one handler a signal and session: the later wins
    const std::uint32_t next = signals_[s].links.next;
    if (!beside && !signals_[s].beside && signals_[s].name == known) drop_signal(s);
    s = next;
  }
  int watched = 0;
  if (number != 0) {
    auto os = watch_os_signal(number);
    if (!os) return failure(os.error());
    if (*os) watched = number;
  }
  const std::uint32_t index = signals_.add(
      SignalNode{id.bits, known, std::make_shared<Fn<void(const Signal&)>>(std::move(handler)), watched, {}, beside});
  if (beside && watched != 0) ++awaited_signals_;
  link(signals_, &Cold::signals, index);
  return make_handle<SignalWatch>(Handle::Kind::signal, index, signals_.generation(index));
}

void KernelCore::drop_signal(std::uint32_t index) noexcept {
  const int number = signals_[index].number;
  if (signals_[index].beside && number != 0) --awaited_signals_;
  unlink(signals_, &Cold::signals, index);
  signals_.remove(index);
  if (number != 0) unwatch_os_signal(number);
}

Result<void> KernelCore::send_signal(SessionId to, Signal signal) {
  if (!alive(to) && signal.ancestors.empty()) {
    return failure(Errc::no_session, "send signal", "\"" + signal.name + "\"", "the session has ended, or never was");
  }
  if (observed()) tell_signalled(to, signal.name);
  SignalRequest request{std::move(signal), to};
  sent(*queue_.push(internal::signal, id_of(0).bits, current_,
                    [&](void* at) { Payload<SignalRequest>::construct(at, std::move(request)); }));
  return {};
}

// Visits the destination's tree, deepest first (P068), then stops whom the signal stops, in visiting order (P070).
void KernelCore::dispatch_signal(SignalRequest& request) {
  const Signal& signal = request.signal;
  std::vector<SessionId> touched;
  if (alive(request.to)) {
    for (const std::uint32_t slot : subtree(request.to.slot())) touched.push_back(id_of(slot));
    std::reverse(touched.begin(), touched.end());
  }
  for (const SessionId ancestor : signal.ancestors) {
    if (alive(ancestor)) touched.push_back(ancestor);
  }
  const bool outer_die = std::exchange(handling_die_, signal.name == "DIE");
  for (const SessionId id : touched) {
    if (alive(id)) tell_signal(id, signal);
  }
  handling_die_ = outer_die;
  const bool stops = is_nonmaskable(signal.name) || (is_terminal(signal.name) && !signal.is_handled());
  if (!stops) return;
  const bool whole_kernel = std::find(touched.begin(), touched.end(), id_of(0)) != touched.end();
  if (signal.name == "DIE" && whole_kernel && !outcome_) {
    outcome_ = Error::from_exception(signal.exception, "handle event", "\"" + signal.event + "\"");
  }
  if (whole_kernel) {
    stop_all_ = true;
    attention_ = true;
    return;
  }
  for (const SessionId id : touched) request_stop(id);
}

// The session's handler first, then who awaits the signal.
void KernelCore::tell_signal(SessionId id, const Signal& signal) {
  std::vector<std::shared_ptr<Fn<void(const Signal&)>>> handlers;  // shared: the watch may be dropped inside
  for (std::uint32_t s = cold_[id.slot()].signals; s != kNone; s = signals_[s].links.next) {
    if (signals_[s].name != signal.name) continue;
    handlers.insert(signals_[s].beside ? handlers.end() : handlers.begin(), signals_[s].handler);
  }
  for (const auto& handler : handlers) {
    guarded(id.slot(), 0, internal::signal, [&] {  // the kernel sends it (P076)
      const Hooked hooked(*this, id.slot(), 0, EventKey{0, signal.name.c_str(), nullptr});
      (*handler)(signal);
    });
  }
}

// A handler threw. DIE goes to the session, all below and all above it, behind what is queued already (P091). A throw
// while DIE itself is handled is only logged.
void KernelCore::raise_die(std::exception_ptr thrown, std::uint32_t slot, const EventKey& key) noexcept {
  try {
    Signal die("DIE");
    die.exception = thrown;
    die.source = id_of(slot);
    die.event = key.name;
    die.sender = id_of(sender_);
    std::string what = "\"" + die.event + "\" in " + describe(die.source);
    if (const Handler* row = slots_[slot].table->find(key.id); row != nullptr && row->file != nullptr) {
      die.file = row->file;
      die.line = row->line;
      what += " (handler of " + std::string(die.file) + ":" + std::to_string(die.line) + ")";
    }
    const std::string line = Error::from_exception(thrown, "handle event", what).message();
    const OnThrow policy = options_of(slot).on_throw;
    const bool told = !handling_die_ && policy == OnThrow::die;  // a throw while DIE is handled is only logged (P093)
    log(told ? LogLevel::debug : LogLevel::error, line);
    if (policy == OnThrow::stop) {
      thrown_[die.source.bits] = thrown;
      request_stop(die.source);
    }
    if (!told) return;
    for (std::uint32_t up = slot; up != 0;) {
      up = cold_[up].parent;
      die.ancestors.push_back(id_of(up));
    }
    const SessionId source = die.source;
    static_cast<void>(send_signal(source, std::move(die)));
  } catch (...) {  // no memory left to say it
    outcome_ = Error::from_exception(thrown, "handle event", "");
    stop_all_ = attention_ = true;
  }
}

// ---- the system's signals

bool KernelCore::join_broker() {
  if (broker_seat_ >= 0) return true;
  if (!is_real(*system_)) return false;  // a simulated world has no operating system below it
  int pair[2];
  if (real_system().pipe(nullptr, pair) < 0) return false;
  signal_reader_ = Fd(pair[0]);
  signal_writer_ = Fd(pair[1]);
  broker_seat_ = broker::join(signal_writer_.get());
  if (broker_seat_ < 0) return false;
  auto watch = add_watch(
      id_of(0), signal_reader_.get(), POE_READ, [this](std::uint32_t) { read_signals(); }, true);
  if (!watch) {
    log(LogLevel::error, watch.error().message());
    leave_broker();
    return false;
  }
  signal_watch_ = std::move(*watch);
  return true;
}

void KernelCore::leave_broker() noexcept {
  if (broker_seat_ < 0) return;
  for (const auto& [number, count] : os_signals_) {
    for (int i = 0; i < count; ++i) broker::unwatch(broker_seat_, number, broker::Mode::steady);
  }
  os_signals_.clear();
  broker::leave(broker_seat_);
  broker_seat_ = -1;
  signal_watch_.cancel();
  signal_reader_.reset();
  signal_writer_.reset();
}

void KernelCore::read_signals() {
  unsigned char numbers[256];
  bool child_ended = false;
  std::vector<int> came;
  for (;;) {
    const auto got = ::read(signal_reader_.get(), numbers, sizeof numbers);
    if (got <= 0) break;
    came.insert(came.end(), numbers, numbers + got);
    if (static_cast<std::size_t>(got) < sizeof numbers) break;
  }
  for (const auto& [number, count] : os_signals_) {  // those that did not fit into the pipe (P079)
    for (std::uint32_t lost = broker::take_overflow(broker_seat_, number); lost != 0; --lost) came.push_back(number);
  }
  for (const int number : came) {
    child_ended = child_ended || number == SIGCHLD;
    // Guarded by us, but watched by another kernel of this process: it is the program's, which decides.
    if (!os_signals_.contains(number) && broker::is_watched(number)) continue;
    static_cast<void>(send_signal(id_of(0), Signal{std::string(signal_name(number))}));
  }
  if (child_ended) reap_polled();
}

Result<bool> KernelCore::watch_os_signal(int number) {
  if (auto loop = ensure_loop(); !loop) return failure(loop.error());
  if (!is_real(*system_)) return false;
  const std::string what = "signal " + std::string(signal_name(number));
  if (!join_broker()) {
    return failure(Errc::limit, "watch", what, "no pipe to the signal handler could be made",
                   "close descriptors, or use fewer kernels (256 may watch signals)");
  }
  if (const int code = broker::watch(broker_seat_, number, broker::Mode::steady); code != 0) {
    return system_failure(-code, "watch", what);
  }
  ++os_signals_[number];
  return true;
}

void KernelCore::unwatch_os_signal(int number) noexcept {
  const auto found = os_signals_.find(number);
  if (found == os_signals_.end()) return;
  broker::unwatch(broker_seat_, number, broker::Mode::steady);
  if (--found->second == 0) os_signals_.erase(found);
}

// While a loop of our own runs: Ctrl-C and TERM end the sessions, where the program left them at their default.
void KernelCore::guard_interrupts(bool on) noexcept {
  if (!options_.os_signals || on == interrupts_guarded_ || (on && !join_broker())) return;
  interrupts_guarded_ = on;
  for (const int number : kInterrupts) {
    if (on) {
      if (broker::watch(broker_seat_, number, broker::Mode::once) == 0) guarded_interrupts_ |= 1u << number;
    } else if ((guarded_interrupts_ & (1u << number)) != 0) {
      broker::unwatch(broker_seat_, number, broker::Mode::once);
    }
  }
  if (!on) guarded_interrupts_ = 0;
}

}  // namespace poe
