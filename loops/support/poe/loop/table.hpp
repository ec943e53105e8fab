// SPDX-License-Identifier: MIT
//
// Table<L>: a poe_loop_ops made of the C++ class L. Here live the rules every bridge must keep in the same way: no
// exception crosses the border, sizes and handles are checked, step() in a callback is refused without NESTED_STEP,
// close() works once and closed() comes later, after L is gone. loop_plugin.hpp says what L looks like.
#pragma once

#include <cerrno>
#include <climits>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <string>
#include <system_error>
#include <type_traits>
#ifdef __GLIBCXX__
#include <cxxabi.h>
#endif

#include "poe/loop/host.hpp"
#include "poe/loop/options.hpp"
#include "poe/loop_abi.h"

namespace poe::loop {

// Bytes of version 1.0: the least a caller's struct must have. They stay when the structs grow.
inline constexpr std::size_t kHostSize10 = offsetof(poe_host, extension) + sizeof(poe_host::extension);
inline constexpr std::size_t kCreateSize10 = offsetof(poe_create, option_count) + sizeof(poe_create::option_count);
inline constexpr std::size_t kPollableSize10 = offsetof(poe_pollable, generation) + sizeof(poe_pollable::generation);

/// The bits of a set of capability numbers below 64, as kCapabilities wants them: bits(POE_CAP_PRIORITY, …).
template <class... N>
consteval std::uint64_t bits(N... numbers) {
  return (std::uint64_t{0} | ... | (std::uint64_t{1} << numbers));
}

template <class L>
concept HasRun = requires(L& l) {
  l.run();
};
template <class L>
concept HasStop = requires(L& l) {
  l.stop();
};
template <class L>
concept HasNow = requires(L& l) {
  { l.now() } -> std::same_as<std::int64_t>;
};
template <class L>
concept HasHold = requires(L& l) {
  l.hold(true);
};
template <class L>
concept HasPollable = requires(L& l, poe_pollable& p) {
  l.pollable(p);
};
template <class L>
concept HasExtension = requires(L& l, const char* n) {
  { l.extension(n) } -> std::convertible_to<const void*>;
};
template <class L>
concept HasClose = requires(L& l) {
  l.close();
};
template <class L>
concept HasAbandon = requires(L& l) {
  l.abandon();
};
template <class L>
concept HasProbe = requires(void** f, const char** r) {
  { L::probe(f, r) } -> std::same_as<int>;
};
template <class L>
concept HasOptions = requires {
  L::kOptionSchema;
};

/// The declared bits, and those the members show.
template <class L>
inline constexpr std::uint64_t kAllCapabilities = L::kCapabilities | (HasRun<L> ? bits(POE_CAP_RUN) : 0) |
                                                  (HasPollable<L> ? bits(POE_CAP_POLLABLE) : 0);
template <class L>
constexpr bool can(std::uint32_t capability) {
  return (kAllCapabilities<L> >> capability & 1) != 0;
}

template <class L>
constexpr const char* const* option_schema() {
  if constexpr (HasOptions<L>) return L::kOptionSchema;
  return nullptr;
}

/// Says why an op fails, if it has not been said, and returns the code.
inline int refuse(Ledger& books, std::int32_t code, const char* text) {
  if (!books.explained) Host(books).error(0, code, code > -4096 ? -code : 0, text);
  return code;
}

/// Runs `f` (void or int) and turns what it throws into a code and a text.
template <class F>
int guarded(Ledger& books, F&& f) {
  books.explained = false;
  try {
    if constexpr (std::is_void_v<std::invoke_result_t<F&>>)
      return f(), 0;
    else
      return f();
  } catch (const Refusal& e) {
    return refuse(books, e.code(), e.what());
  } catch (const std::system_error& e) {
    const int value = e.code().value();
    const bool is_errno =
        e.code().category() == std::generic_category() || e.code().category() == std::system_category();
    return refuse(books, is_errno && value > 0 && value < 4096 ? -value : -EIO, e.what());
  } catch (const std::bad_alloc&) {
    return refuse(books, -ENOMEM, "out of memory in the loop plug-in");
  } catch (const std::exception& e) {
    return refuse(books, -EIO, e.what());
#ifdef __GLIBCXX__
  } catch (const abi::__forced_unwind&) {
    throw;  // the thread is being cancelled: not ours to stop
#endif
  } catch (...) {
    return refuse(books, -EIO, "the loop plug-in threw something that is no std::exception");
  }
}

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

  static bool usable(const poe_create* how) noexcept {
    if (!how || how->struct_size < kCreateSize10 || !how->host) return false;
    const poe_host& h = *how->host;
    return h.struct_size >= kHostSize10 && h.ready && h.turn && h.closed && (how->options || how->option_count == 0);
  }

  static int create(const poe_create* how, poe_loop** ret_loop) {
    if (!usable(how) || !ret_loop) return POE_EABI;
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
      guarded(s, [&] { s.bridge.close(); });
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
      if (handle > INT_MAX || handle < INT_MIN) return refuse(s, -EBADF, "cannot watch a handle outside int");
      const int fd = static_cast<int>(handle);
      if (interest == 0) return fd < 0 ? 0 : as_code([&] { return s.bridge.watch(fd, 0, token); });
      if (fd < 0) return refuse(s, -EBADF, "cannot watch a negative descriptor");
      if ((interest & POE_PRIORITY) != 0 && !can<L>(POE_CAP_PRIORITY))
        return refuse(s, POE_EUNSUPPORTED, "this loop cannot watch for priority data");
      const std::uint32_t asked = interest & (POE_READ | POE_WRITE | POE_PRIORITY);
      if (asked == 0) return refuse(s, -EINVAL, "a watch must ask for READ, WRITE or PRIORITY");
      return as_code([&] { return s.bridge.watch(fd, asked, token); });
    });
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
    if (keep == 0 && !can<L>(POE_CAP_UNREF))
      return refuse(s, -ENOTSUP, "this loop's work always keeps its host running");
    return op(s, [&] { return s.bridge.hold(keep != 0); });
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
  static int as_code(F&& f) {
    if constexpr (std::is_void_v<std::invoke_result_t<F&>>)
      return f(), 0;
    else
      return f();
  }

  template <class F>
  static int op(Shell& s, F&& f) {
    if (s.closing) return POE_ECLOSED;
    return guarded(s, f);
  }

  /// step() and run(): the answer is a failure, or the number of calls made to the kernel.
  template <class F>
  static int visit(Shell& s, const char* what, F&& f) {
    if (s.callbacks != 0 && !can<L>(POE_CAP_NESTED_STEP)) {
      s.explained = false;
      return refuse(s, -EDEADLK, (std::string("loop ") + L::kName + " cannot " + what + " inside a callback").c_str());
    }
    Entered here(s);
    const std::int32_t before = s.delivered;
    const int code = s.finished ? 0 : guarded(s, [&] { return f(s.bridge); });
    const int calls = s.delivered - before;
    const int closed = here.leave() ? 1 : 0;
    return code < 0 && calls + closed == 0 ? code : calls + closed;
  }
};

}  // namespace poe::loop
