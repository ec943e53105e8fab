// SPDX-License-Identifier: MIT
//
// The public faces: Kernel and Guest, and how a KernelCore begins and ends.
#include "poe/kernel.hpp"

#include <poll.h>

#include <algorithm>
#include <atomic>
#include <limits>
#include <new>
#include <utility>

#include "internal_events.hpp"
#include "kernel_core.hpp"

namespace poe {

LoopProvider::~LoopProvider() = default;

namespace {

// Numbers kernels, so that a session id of another kernel is told at one compare. Process-wide by nature; wraps.
std::uint32_t next_kernel_number() {
  static std::atomic<std::uint32_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) % 4095 + 1;
}

}  // namespace

KernelCore::KernelCore(std::unique_ptr<LoopProvider> loops, KernelOptions options)
    : face_(*this, false),
      loops_(std::move(loops)),
      options_(options),
      number_(next_kernel_number()),
      mailbox_(std::make_shared<Mailbox>(*this)) {
  if (options_.log == nullptr) options_.log = &stderr_log();
  if (options_.budget.events == 0) options_.budget.events = 1;
  queue_.set_limit(options_.queue_limit);
  slots_.emplace_back();
  cold_.emplace_back();
  Slot& root = slots_[0];  // the kernel itself (P052)
  root.id = std::uint64_t{number_} << 52;
  root.table = &root_table_;
  root.kept_by = Slot::kReference;
  observe_as_asked();
}

KernelCore::~KernelCore() = default;

void KernelCore::retire(KernelCore* core) noexcept {
  const bool forked = core->fork_guard_.forked();
  if (!forked) {
    core->stop_everything();
    core->ending_ = true;
    core->stop_everything();  // those born in a `_stop`
  }
  core->drain_limit_.cancel();
  core->mailbox_->end();
  if (!forked) core->reap_left();
  core->drop_resources(0);
  for (auto& [pid, left] : core->pids_) left = {};  // not reaped: their numbers stay theirs
  if (forked) {
    core->seat_.abandon();
    broker::adopt_process();
    core->leave_broker();  // its number in the signal handler must not outlive the pipe
  } else {
    core->guard_interrupts(false);
    core->leave_broker();
    core->close_seat();
  }
  core->drop_queue();
  core->retired_ = true;
  if (core->handles_ == 0) delete core;
}

Result<void> KernelCore::post_letter(Letter& letter) {
  if (!alive(letter.to())) return no_session(letter.to(), *letter.event());
  if (auto let_in = admit_letter(letter); !let_in) return let_in;
  sent(*queue_.push(*letter.event(), letter.to().bits, current_, [&](void* at) { letter.unpack(at); }));
  return {};
}

// ---- Kernel

Kernel::Kernel(std::unique_ptr<LoopProvider> loops, KernelOptions options)
    : core_(new KernelCore(std::move(loops), options)), owner_(true) {}

Kernel::Kernel(Kernel&& other) noexcept
    : core_(std::exchange(other.core_, nullptr)), owner_(std::exchange(other.owner_, false)) {}

Kernel& Kernel::operator=(Kernel&& other) noexcept {
  if (this != &other) {
    if (owner_) KernelCore::retire(core_);
    core_ = std::exchange(other.core_, nullptr);
    owner_ = std::exchange(other.owner_, false);
  }
  return *this;
}

Kernel::~Kernel() {
  if (owner_) KernelCore::retire(core_);
}

HandlerTable& Kernel::class_table(std::uint64_t type, void (*fill)(HandlerTable&)) {
  return core_->class_table(type, fill);
}

SessionId Kernel::give_birth(HandlerTable& table, std::unique_ptr<HandlerTable> owned, void* (*make)(void*, Birth),
                             void* maker) {
  return core_->give_birth(table, std::move(owned), make, maker);
}

Result<void*> Kernel::object_of(SessionId id, std::uint64_t type) const {
  if (!core_->alive(id) || core_->slots_[id.slot()].object == nullptr) {
    return failure(Errc::no_session, "use session", "", "it has ended, or never was");
  }
  if (core_->slots_[id.slot()].table->object_type != type) {
    return failure(Errc::bad_arguments, "use session", core_->describe(id), "it is of another class");
  }
  return core_->slots_[id.slot()].object;
}

Kernel::As::As(Kernel& kernel, SessionId id) noexcept {
  static_assert(sizeof(Entered) <= sizeof entered_ && alignof(Entered) <= 8);
  KernelCore& core = *kernel.core_;
  ::new (static_cast<void*>(entered_)) Entered(core, id.slot(), core.sender_, core.event_);
}
Kernel::As::~As() { std::launder(reinterpret_cast<Entered*>(entered_))->~Entered(); }

Dispatcher& Kernel::dispatcher() noexcept { return *core_; }
std::uint32_t Kernel::current_slot() const noexcept { return core_->current_; }

bool Kernel::alive(SessionId id) const noexcept { return core_->alive(id); }

std::optional<SessionId> Kernel::resolve(std::string_view alias) const {
  const auto found = core_->alias_index_.find(std::string(alias));
  if (found == core_->alias_index_.end()) return std::nullopt;
  return SessionId{core_->aliases_[found->second].session};
}

std::size_t Kernel::session_count() const noexcept { return core_->session_count(); }
std::vector<SessionInfo> Kernel::sessions() const { return core_->sessions(); }
std::string Kernel::why_alive(SessionId id) const { return core_->why_alive(id); }

std::string Kernel::why_running() const {
  std::string text;
  for (const SessionInfo& info : core_->sessions()) text += core_->why_alive(info.id);
  return text.empty() ? "no session is left\n" : text;
}

Result<void> Kernel::post(SessionId to, std::string_view event, std::span<const Value> arguments) {
  return core_->post(to, core_->current_, internal::dynamic,
                     DynamicCall{std::string(event), {arguments.begin(), arguments.end()}});
}

Result<void> Kernel::signal(SessionId to, std::string_view name, std::vector<Value> arguments) {
  return core_->send_signal(to, Signal{std::string(canonical_signal(name)), std::move(arguments)});
}

Address Kernel::address(SessionId id) const { return Address(id, core_->mailbox_); }

Result<void> Kernel::run() { return core_->run(); }
Result<bool> Kernel::run_one_timeslice(Duration max_wait) { return core_->run_one_timeslice(max_wait); }

void Kernel::stop() {
  core_->stop_all_ = true;
  core_->attention_ = true;
  if (core_->current_ == 0 && core_->depth_ == 0) {
    core_->attend();
    core_->check_idle();
    core_->schedule();
  }
}

Result<void> Kernel::drain_then_stop(Duration limit) { return core_->drain_then_stop(limit); }
bool Kernel::draining() const noexcept { return static_cast<bool>(core_->drain_limit_); }

Result<Guest> Kernel::attach(const Host& host) { return core_->attach(host); }

Result<bool> Kernel::tick(Duration budget) {
  const TimePoint until = saturating_add(now(), budget);
  auto more = run_one_timeslice(Duration(0));
  while (more && *more && counts().queued != 0 && now() < until) more = run_one_timeslice(Duration(0));
  return more;
}

int Pollable::poll_ms(TimePoint now) const noexcept {
  if (deadline == TimePoint::max()) return -1;
  if (deadline <= now) return 0;
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(deadline - now).count();
  return static_cast<int>(std::min<std::int64_t>(wait, std::numeric_limits<int>::max()));
}

short Pollable::poll_events() const noexcept {
  return static_cast<short>(((events & POE_READ) != 0 ? POLLIN : 0) | ((events & POE_WRITE) != 0 ? POLLOUT : 0));
}

Result<Pollable> Kernel::pollable() {
  if (auto loop = core_->ensure_loop(); !loop) return failure(loop.error());
  core_->schedule();
  poe_pollable raw{};
  if (const int code = core_->seat_.pollable(raw); code < 0) {
    return failure(core_->seat_.explain(code, "embed loop", "\"" + std::string(loop_name()) + "\"",
                                        "use one that has the capability POLLABLE: epoll"));
  }
  return Pollable{static_cast<int>(raw.handle), raw.events, TimePoint(Duration(raw.deadline_ns)), raw.generation};
}

Result<void> Kernel::has_forked() { return core_->has_forked(); }

SessionId Kernel::id() const noexcept { return core_->id_of(0); }
SessionId Kernel::current() const noexcept { return core_->id_of(core_->current_); }

std::string_view Kernel::current_event() const noexcept {
  return core_->current_ != 0 && core_->event_ != nullptr ? core_->event_->name : "";
}

TimePoint Kernel::now() {
  static_cast<void>(core_->ensure_loop());
  return TimePoint(Duration(core_->clock()));
}

const poe_loop_plugin* Kernel::loop_plugin() const noexcept {
  return core_->seat_.is_open() ? &core_->seat_.plugin() : nullptr;
}

std::string_view Kernel::loop_name() const noexcept {
  const auto* plugin = loop_plugin();
  return plugin != nullptr ? plugin->name : "";
}

const void* Kernel::loop_extension(const char* name) { return core_->seat_.extension(name); }

Result<const poe_sys*> Kernel::system() {
  if (auto loop = core_->ensure_loop(); !loop) return failure(loop.error());
  return core_->system_;
}

std::string Kernel::why_this_loop() const { return core_->loops_->explain() + core_->fds_.explain(); }

Kernel::Counts Kernel::counts() const noexcept {
  Counts counts = core_->counts_;
  counts.events = core_->queue_.taken();
  counts.queued = core_->queue_.pushed() - core_->queue_.taken() + core_->held_.size();
  return counts;
}

Snapshot Kernel::snapshot() const { return core_->snapshot(); }

std::string Kernel::describe(SessionId id) const { return core_->describe(id); }

std::vector<std::string> Kernel::check_books() const { return core_->check_books(); }

void Kernel::observe(Observer& observer) { core_->observe(observer); }

void Kernel::unobserve(Observer& observer) noexcept { core_->unobserve(observer); }

// ---- Guest

Guest::Guest(KernelCore& core) noexcept : core_(&core), seat_(core.seat_number_) { ++core.handles_; }

Guest::Guest(Guest&& other) noexcept : core_(std::exchange(other.core_, nullptr)), seat_(other.seat_) {}

Guest& Guest::operator=(Guest&& other) noexcept {
  if (this != &other) {
    detach();
    if (core_ != nullptr) core_->handle_released();
    core_ = std::exchange(other.core_, nullptr);
    seat_ = other.seat_;
  }
  return *this;
}

Guest::~Guest() {
  detach();
  if (core_ != nullptr) core_->handle_released();
}

Guest::operator bool() const noexcept {
  return core_ != nullptr && core_->seat_number_ == seat_ && core_->seat_.is_open() && core_->seat_.is_guest();
}

void Guest::detach(Fn<void()> done) {
  if (*this) core_->close_seat(std::move(done));
}

Result<void> Guest::keep_host_alive(bool keep) {
  if (!*this) return failure(Errc::closed, "keep the host alive", "", "the kernel has left the host");
  if (const int code = core_->seat_.hold(keep); code < 0) {
    return failure(core_->seat_.explain(code, "keep the host alive"));
  }
  return {};
}

void Guest::on_finished(Fn<void()> finished) {
  if (*this) core_->on_finished_ = std::move(finished);
}

}  // namespace poe
