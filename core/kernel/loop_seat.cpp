// SPDX-License-Identifier: MIT
#include "loop_seat.hpp"

#include <time.h>

#include <cerrno>
#include <cstddef>
#include <vector>

namespace poe {

// Shared with the loop. It belongs to the seat until close(); from then on to the loop, whose closed() ends it.
struct LoopSeat::Block {
  poe_host host{};
  LoopEvents* events = nullptr;  // nullptr after close()
  bool owned_by_loop = false;
  bool closed = false;
  Fn<void()> done{};
  std::string last_error{};
  int last_os_error = 0;

  static Block& of(void* ctx) noexcept { return *static_cast<Block*>(ctx); }
};

namespace {

std::int64_t monotonic_ns() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

std::string code_text(int code) {
  switch (code) {
    case POE_EWRONG_THREAD:
      return "called from a thread that is not the loop's";
    case POE_EFORKED:
      return "this process is a fork of the one that made the loop";
    case POE_EHOST_GONE:
      return "the host's loop is gone";
    case POE_ECLOSED:
      return "the loop is closed";
    case POE_EUNSUPPORTED:
    case -ENOTSUP:
      return "this loop cannot do that";
    case POE_EABI:
      return "the loop finds a struct of ours too small or too old";
    default:
      return "the loop answered with code " + std::to_string(code);
  }
}

Errc code_errc(int code) {
  switch (code) {
    case POE_EWRONG_THREAD:
      return Errc::wrong_thread;
    case POE_EFORKED:
      return Errc::forked;
    case POE_EHOST_GONE:
      return Errc::host_gone;
    case POE_ECLOSED:
      return Errc::closed;
    case POE_EABI:
      return Errc::abi_mismatch;
    default:
      return Errc::not_supported;
  }
}

}  // namespace

template <class F>
bool LoopSeat::exists(F member) const noexcept {
  const auto& slot = ops_->*member;
  const auto end = reinterpret_cast<const std::byte*>(&slot) + sizeof slot - reinterpret_cast<const std::byte*>(ops_);
  return static_cast<std::size_t>(end) <= ops_->struct_size && slot != nullptr;
}

LoopSeat::~LoopSeat() { close(); }

Result<void> LoopSeat::open(LoopEvents& events, const LoopChoice& choice) {
  auto block = std::make_unique<Block>();
  block->events = &events;
  poe_host& host = block->host;
  host.struct_size = sizeof host;
  host.abi_minor = POE_LOOP_ABI_MINOR;
  host.ctx = block.get();
  host.ready = [](void* ctx, std::uint64_t token, std::uint32_t ready) {
    if (auto* to = Block::of(ctx).events) to->on_ready(token, ready);
  };
  host.turn = [](void* ctx, std::uint32_t reasons) {
    if (auto* to = Block::of(ctx).events) to->on_turn(reasons);
  };
  host.closed = [](void* ctx) {
    Block& self = Block::of(ctx);
    self.closed = true;
    if (!self.owned_by_loop) return;  // the seat waits for it, in close()
    Fn<void()> done = std::move(self.done);
    delete &self;
    if (done) done();
  };
  host.host_gone = [](void* ctx) {
    if (auto* to = Block::of(ctx).events) to->on_host_gone();
  };
  host.error = [](void* ctx, std::uint64_t token, std::int32_t, std::int32_t os_error, const char* text) {
    Block& self = Block::of(ctx);
    if (token != 0 && self.events != nullptr) self.events->on_watch_error(token, os_error, text);
    self.last_error = text != nullptr ? text : "";
    self.last_os_error = os_error;
  };
  host.log = [](void* ctx, std::int32_t level, const char* text) {
    if (auto* to = Block::of(ctx).events) to->on_log(level, text);
  };
  host.extension = [](void*, const char*) -> const void* { return nullptr; };

  std::vector<poe_option> options;
  for (const auto& [name, value] : choice.options) options.push_back({name.c_str(), value.c_str()});
  poe_create how{};
  how.struct_size = sizeof how;
  how.host = &host;
  how.foreign = choice.foreign;
  how.options = options.data();
  how.option_count = options.size();
  plugin_ = choice.plugin;
  ops_ = plugin_->ops;
  poe_loop* loop = nullptr;
  block_ = block.get();
  if (const int code = ops_->create(&how, &loop); code != 0) {
    Error error = explain(code, "create loop", "\"" + std::string(plugin_->name) + "\"",
                          "choose another loop with POE_EVENT_LOOP, see `poe loops`");
    block_ = nullptr;
    return failure(std::move(error));
  }
  static_cast<void>(block.release());
  loop_ = loop;
  guest_ = choice.foreign != nullptr || choice.guest;
  armed_ = POE_NEVER_NS;
  thread_ = std::this_thread::get_id();
  return {};
}

void LoopSeat::close(Fn<void()> done) {
  if (loop_ == nullptr) return;
  Block* const block = std::exchange(block_, nullptr);
  poe_loop* const loop = std::exchange(loop_, nullptr);
  block->events = nullptr;
  if (guest_) {
    block->owned_by_loop = true;
    block->done = std::move(done);
    ops_->close(loop);
    return;
  }
  ops_->close(loop);
  while (!block->closed && ops_->step(loop, POE_NEVER_NS) >= 0) {
  }
  if (block->closed) {
    delete block;
  } else {
    block->owned_by_loop = true;  // closing inside a callback of a loop that cannot be stepped there
  }
  if (done) done();
}

void LoopSeat::abandon() {
  if (loop_ == nullptr) return;
  ops_->abandon(std::exchange(loop_, nullptr));
  delete std::exchange(block_, nullptr);
}

bool LoopSeat::can(std::uint32_t capability) const noexcept {
  return (plugin_->capabilities[capability / 64] >> (capability % 64) & 1) != 0;
}

int LoopSeat::watch(int fd, std::uint32_t interest, std::uint64_t token) noexcept {
  return ops_->watch(loop_, fd, interest, token);
}

int LoopSeat::arm(std::int64_t deadline_ns) noexcept {
  if (deadline_ns == armed_) return 0;
  armed_ = deadline_ns;
  return ops_->arm(loop_, deadline_ns);
}

int LoopSeat::step(std::int64_t max_wait_ns) noexcept { return ops_->step(loop_, max_wait_ns); }

int LoopSeat::run() noexcept { return exists(&poe_loop_ops::run) ? ops_->run(loop_) : -ENOTSUP; }

int LoopSeat::stop() noexcept { return exists(&poe_loop_ops::stop) ? ops_->stop(loop_) : 0; }

int LoopSeat::hold(bool keep) noexcept {
  return exists(&poe_loop_ops::hold) ? ops_->hold(loop_, keep ? 1 : 0) : -ENOTSUP;
}

int LoopSeat::pollable(poe_pollable& ret) noexcept {
  ret.struct_size = sizeof ret;
  return exists(&poe_loop_ops::pollable) ? ops_->pollable(loop_, &ret) : -ENOTSUP;
}

std::int64_t LoopSeat::now() const noexcept {
  return loop_ != nullptr && exists(&poe_loop_ops::now) ? ops_->now(loop_) : monotonic_ns();
}

const void* LoopSeat::extension(const char* name) noexcept {
  return loop_ != nullptr && exists(&poe_loop_ops::extension) ? ops_->extension(loop_, name) : nullptr;
}

std::function<void()> LoopSeat::waker() const {
  return [wake = ops_->wake, loop = loop_] { wake(loop); };
}

Error LoopSeat::explain(int code, std::string tried, std::string on, std::string advice) const {
  const std::string said = block_ != nullptr ? std::exchange(block_->last_error, {}) : std::string();
  const bool is_errno = code > POE_EWRONG_THREAD && code < 0 && code != -ENOTSUP;
  if (!is_errno) {
    return Error(code_errc(code), std::move(tried), std::move(on), said.empty() ? code_text(code) : said,
                 std::move(advice));
  }
  Error error = Error::from_errno(-code, std::move(tried), std::move(on), std::move(advice));
  if (!said.empty()) error.with("loop", said);
  return error;
}

}  // namespace poe
