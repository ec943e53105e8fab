// SPDX-License-Identifier: MIT
//
// Table<L>: a poe_loop_ops made of the C++ class L. Here live the rules every bridge must keep in the same way: no
// exception crosses the border, sizes and handles are checked, step() in a callback is refused without NESTED_STEP,
// close() works once and closed() comes later, after L is gone. loop_plugin.hpp says what L looks like.
#pragma once

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "poe/loop/guard.hpp"
#include "poe/loop/host.hpp"
#include "poe/loop/options.hpp"
#include "poe/loop/sizes.hpp"
#include "poe/loop/traits.hpp"
#include "poe/loop_abi.h"

namespace poe::loop {

template <class L>
class Table {
 public:
  static constexpr poe_loop_ops ops() {
    poe_loop_ops t{};
    t.struct_size = sizeof t;
    t.create = create, t.close = close, t.abandon = abandon, t.watch = watch, t.arm = arm, t.wake = wake, t.step = step;
    if constexpr (HasRun<L>) t.run = run;
    if constexpr (HasStop<L>) t.stop = stop;
    if constexpr (HasNow<L>) t.now = now;
    if constexpr (HasHold<L>) t.hold = hold;
    if constexpr (HasPollable<L>) t.pollable = pollable;
    if constexpr (HasExtension<L>) t.extension = extension;
    return t;
  }

 private:
  struct Shell : Ledger {  // what a poe_loop really is
    explicit Shell(const poe_create& how) : Ledger(books(how.host)), bridge(Host(*this), how) {}
    L bridge;
  };

  static Ledger books(const poe_host* host) noexcept {
    Ledger b;
    b.host = host;
    b.destroy = [](Ledger* l) noexcept { delete static_cast<Shell*>(l); };
    return b;
  }
  static Shell& shell(poe_loop* loop) noexcept { return *reinterpret_cast<Shell*>(loop); }

  static bool usable(const poe_create& how) noexcept {
    if (how.struct_size < kCreateSize10 || !how.host || (!how.options && how.option_count != 0)) return false;
    const poe_host& h = *how.host;
    return h.struct_size >= kHostSize10 && h.ready && h.turn && h.closed;
  }

  /// POE_EABI, with a text if the caller's structs reach far enough to say it.
  static int misfit(const poe_create* how) {
    const bool reachable = how && how->struct_size >= kCreateHostEnd && how->host &&
                           how->host->struct_size >= kHostErrorEnd && how->host->error;
    if (reachable)
      how->host->error(how->host->ctx, 0, POE_EABI, 0,
                       "cannot create the loop: poe_create or poe_host is smaller than version 1.0, or lacks a member");
    return POE_EABI;
  }

  static int create(const poe_create* how, poe_loop** ret_loop) {
    if (!how || !ret_loop || !usable(*how)) return misfit(how);
    Ledger early = books(how->host);  // to say why, while there is no loop yet
    return guarded(early, [&] {
      if (how->foreign && !can<L>(POE_CAP_FOREIGN))
        return refuse(early, -ENOTSUP,
                      (std::string("loop ") + L::kName + " cannot join a host loop; create it without one").c_str());
      warn_of_unknown_options(Host(early), *how, option_schema<L>(), L::kName);
      *ret_loop = reinterpret_cast<poe_loop*>(new Shell(*how));
      return 0;
    });
  }

  static int close(poe_loop* loop) {
    Shell& s = shell(loop);
    if (s.closing) return 0;
    s.closing = true;
    if constexpr (HasClose<L>) {
      s.beginning_close = true;
      if (guarded(s, [&] { s.bridge.close(); }) < 0) s.finished = true;  // it cannot end by itself: end it here
      s.beginning_close = false;
    } else {
      s.finished = true;  // the frames on the stack, or else the next step(), free it
    }
    return 0;
  }

  static void abandon(poe_loop* loop) {
    Shell& s = shell(loop);
    s.abandoned = true;
    if constexpr (HasAbandon<L>) s.bridge.abandon();
    s.finished = true;
    if (s.frames == 0) release(s);
  }

  static int watch(poe_loop* loop, poe_handle handle, std::uint32_t interest, std::uint64_t token) {
    Shell& s = shell(loop);
    return op(s, [&] {
      if (interest == 0 && handle < 0 && handle >= INT_MIN) return 0;  // never watched: forgotten already
      if (handle < 0 || handle > INT_MAX) return bad_handle(s, handle);
      const int fd = static_cast<int>(handle);
      if (interest == 0) return as_code([&] { return s.bridge.watch(fd, 0, token); });
      if ((interest & POE_PRIORITY) != 0 && !can<L>(POE_CAP_PRIORITY))
        return refuse(s, POE_EUNSUPPORTED, "this loop cannot watch for priority data; ask for READ, or use epoll");
      const std::uint32_t asked = interest & (POE_READ | POE_WRITE | POE_PRIORITY);
      if (asked == 0) return refuse(s, -EINVAL, "a watch must ask for READ, WRITE or PRIORITY");
      return as_code([&] { return s.bridge.watch(fd, asked, token); });
    });
  }

  static int bad_handle(Shell& s, poe_handle handle) {
    return refuse(s, -EBADF, ("cannot watch handle " + std::to_string(handle) + ": it is no descriptor").c_str());
  }

  static int arm(poe_loop* loop, std::int64_t deadline_ns) {
    Shell& s = shell(loop);
    return op(s, [&] { return s.bridge.arm(deadline_ns); });
  }

  // No look at the books: they belong to the loop thread.
  static int wake(poe_loop* loop) {
    static_assert(noexcept(shell(loop).bridge.wake()), "wake() runs in signal handlers: noexcept");
    return as_code([&] { return shell(loop).bridge.wake(); });
  }

  static int step(poe_loop* loop, std::int64_t max_wait_ns) {
    return visit(shell(loop), "step", [&](L& bridge) { return bridge.step(max_wait_ns < 0 ? 0 : max_wait_ns); });
  }

  static int run(poe_loop* loop) {
    const int code = visit(shell(loop), "run", [](L& bridge) { return bridge.run(); });
    return code < 0 ? code : 0;
  }

  static int stop(poe_loop* loop) {
    Shell& s = shell(loop);
    return guarded(s, [&] { return s.bridge.stop(); });
  }
  static std::int64_t now(poe_loop* loop) { return shell(loop).bridge.now(); }
  static int hold(poe_loop* loop, std::int32_t keep) {
    Shell& s = shell(loop);
    return op(s, [&] {
      if (keep == 0 && !can<L>(POE_CAP_UNREF))
        return refuse(s, -ENOTSUP, "this loop's work always keeps its host running");
      return as_code([&] { return s.bridge.hold(keep != 0); });
    });
  }
  static int pollable(poe_loop* loop, poe_pollable* ret) {
    Shell& s = shell(loop);
    if (!ret || ret->struct_size < kPollableSize10) return POE_EABI;
    return op(s, [&] {
      poe_pollable answer{};
      const int code = as_code([&] { return s.bridge.pollable(answer); });
      answer.struct_size = ret->struct_size;
      if (code == 0) std::memcpy(ret, &answer, std::min<std::size_t>(sizeof answer, ret->struct_size));
      return code;
    });
  }
  static const void* extension(poe_loop* loop, const char* name) { return shell(loop).bridge.extension(name); }

  template <class F>
  static int op(Shell& s, F&& f) {
    if (s.closing) return POE_ECLOSED;
    return guarded(s, f);
  }

  /// step() and run(): the answer is a failure, or the number of calls made to the kernel. Once closed() is among
  /// them the loop is gone and no failure of it matters.
  template <class F>
  static int visit(Shell& s, const char* what, F&& f) {
    if (s.callbacks != 0 && !can<L>(POE_CAP_NESTED_STEP)) return nested(s, what);
    Entered here(s);
    const std::int32_t before = s.delivered;
    const int code = s.finished ? 0 : guarded(s, [&] { return f(s.bridge); });
    const int calls = s.delivered - before;
    if (here.leave()) return calls + 1;
    return code < 0 ? code : calls;
  }

  static int nested(Shell& s, const char* what) {
    const Explaining op(s);
    return refuse(s, -EDEADLK, (std::string("loop ") + L::kName + " cannot " + what + " inside a callback").c_str());
  }
};

}  // namespace poe::loop
