// SPDX-License-Identifier: MIT
//
// The loop over Tcl's notifier, of which there is one a thread: driven by us, or a guest of what runs it, such as Tk.
// All descriptors are in an epoll set of ours, for which Tcl waits.
//
// Why not a file handler each: Tcl 8.6 waits with select(2), so that descriptors from 1024 on would break its memory.

#include <signal.h>
#include <sys/select.h>
#include <tcl.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <clocale>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

#include "poe/loop/epoll_watches.hpp"
#include "poe/loop_plugin.hpp"

namespace {

/// Tcl counts milliseconds in an int: what lies further ahead is waited for in pieces.
int timer_ms(std::int64_t wait_ns) noexcept {
  return static_cast<int>(std::min<std::int64_t>(poe::loop::rounded_up(wait_ns, poe::loop::kNsPerMs), INT_MAX));
}

bool is_guest(const poe_create& how) noexcept {
  const char* guest = poe::loop::option(how, "guest");
  return how.foreign || (guest && std::string_view(guest) == "yes");
}

/// A timer of Tcl's.
class Timer {
 public:
  Timer(Tcl_TimerProc* proc, void* argument) noexcept : proc_(proc), argument_(argument) {}
  ~Timer() { stop(); }
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  void start(std::int64_t wait_ns) noexcept {
    stop();
    token_ = Tcl_CreateTimerHandler(timer_ms(wait_ns), proc_, argument_);
  }
  void stop() noexcept {
    if (token_) Tcl_DeleteTimerHandler(token_);
    token_ = nullptr;
  }
  /// It has fired, and is gone.
  void forget() noexcept { token_ = nullptr; }

 private:
  Tcl_TimerProc* proc_;
  void* argument_;
  Tcl_TimerToken token_ = nullptr;
};

/// Tcl ignores SIGPIPE from its first call on, and takes the locale of the environment. Both are the program's.
class ProgramsOwn {
 public:
  ProgramsOwn() : locale_(setlocale(LC_ALL, nullptr)) { sigaction(SIGPIPE, nullptr, &sigpipe_); }
  ProgramsOwn(const ProgramsOwn&) = delete;
  ProgramsOwn& operator=(const ProgramsOwn&) = delete;
  ~ProgramsOwn() {
    sigaction(SIGPIPE, &sigpipe_, nullptr);
    setlocale(LC_ALL, locale_.c_str());
  }

 private:
  std::string locale_;
  struct sigaction sigpipe_ {};
};

/// Makes this thread's notifier whole, helper thread and pipe included: later, without descriptors, Tcl would abort.
void begin_tcl() {
  const ProgramsOwn kept;
  Tcl_FindExecutable(nullptr);
  Tcl_DoOneEvent(TCL_TIMER_EVENTS | TCL_DONT_WAIT);
}

class TclLoop {
 public:
  static constexpr char kName[] = "tcl";
  static constexpr char kVersion[] = "1.0.0";
  static constexpr char kLibrary[] = "Tcl";
  static constexpr char kLicence[] = "TCL";
  static constexpr char kHostSonames[] = "libtcl8.6.so";
  static constexpr std::uint64_t kCapabilities =
      poe::loop::bits(POE_CAP_NESTED_STEP, POE_CAP_PRIORITY, POE_CAP_HANGUP_BIT, POE_CAP_ERROR_BIT, POE_CAP_FOREIGN,
                      POE_CAP_UNREF, POE_CAP_FORK_ABANDON);
  static constexpr const char* kOptionSchema[] = {
      "guest=join this thread's notifier although no interpreter is given; yes, no; no", nullptr};
  static const char* library_version() {
    struct Text {
      char at[32] = {};
      Text() noexcept {
        int major = 0, minor = 0, patch = 0;
        Tcl_GetVersion(&major, &minor, &patch, nullptr);
        std::snprintf(at, sizeof at, "%d.%d.%d", major, minor, patch);
      }
    };
    static const Text version;  // without a destructor: it may be read until the process ends
    return version.at;
  }

  TclLoop(poe::loop::Host host, const poe_create& how) : host_(host) {
    if (!is_guest(how)) begin_tcl();  // a host has done that
    follow_set();
  }

  ~TclLoop() { let_go(); }

  void watch(int fd, std::uint32_t interest, std::uint64_t token) { watches_.watch(fd, interest, token); }

  void arm(std::int64_t deadline_ns) noexcept {
    deadline_ns_ = deadline_ns;
    deadline_.stop();
    Tcl_CancelIdleCall(on_idle, this);
    if (deadline_ns == POE_NEVER_NS) return;
    const std::int64_t wait_ns = poe::loop::ns_until(deadline_ns, poe::loop::monotonic_ns());
    if (wait_ns != 0)
      deadline_.start(wait_ns);
    else
      Tcl_DoWhenIdle(on_idle, this);  // behind Tk's repaints that are queued already
  }

  void wake() noexcept { waker_.wake(); }

  void step(std::int64_t max_wait_ns) {
    const std::int64_t start_ns = poe::loop::monotonic_ns();
    const std::int32_t before = host_.delivered();
    std::int64_t left_ns = max_wait_ns;
    Timer limit([](void*) {}, nullptr);
    do {
      if (left_ns != 0 && left_ns != POE_NEVER_NS) limit.start(left_ns);
      Tcl_DoOneEvent(TCL_ALL_EVENTS | (left_ns == 0 ? TCL_DONT_WAIT : 0));
      if (max_wait_ns != POE_NEVER_NS)
        left_ns = std::max<std::int64_t>(0, max_wait_ns - (poe::loop::monotonic_ns() - start_ns));
    } while (left_ns != 0 && host_.delivered() == before && !host_.closing());
    limit.stop();
    // Tcl's notifier waits in a thread of its own, which a limit may overtake: then nobody has looked at what is ready.
    // Only a look that does not wait is one for certain.
    if (max_wait_ns > 0 && host_.delivered() == before && !host_.closing())
      Tcl_DoOneEvent(TCL_ALL_EVENTS | TCL_DONT_WAIT);
  }

  /// Nothing that runs a notifier asks whether there is work left in it.
  void hold(bool) noexcept {}

  void close() noexcept {
    let_go();
    end_.start(0);  // which ends us
  }

  /// The handlers go with us. That is no call into a dead or forked host: they are in lists of this thread.
  void abandon() noexcept {
    let_go();
    watches_.close();
    waker_.close();
  }

 private:
  void let_go() noexcept {
    if (handled_ >= 0) Tcl_DeleteFileHandler(handled_);
    handled_ = -1;
    deadline_.stop();
    end_.stop();
    Tcl_CancelIdleCall(on_idle, this);
  }

  /// Tcl watches our set from now on.
  void follow_set() {
    if (handled_ >= 0) Tcl_DeleteFileHandler(handled_);
    handled_ = -1;  // first: the former set is closed whatever comes
    if (watches_.fd() >= FD_SETSIZE)
      throw poe::loop::Refusal(-EMFILE,
                               "cannot watch with Tcl, which takes descriptors below 1024 only; use the loop epoll, or "
                               "lower the number of open files");
    handled_ = watches_.fd();
    Tcl_CreateFileHandler(handled_, TCL_READABLE, on_ready, this);
  }

  void follow_set_or_say() noexcept {
    try {
      follow_set();
    } catch (const poe::loop::Refusal& problem) {  // nothing may be thrown through Tcl
      host_.error(0, problem.code(), -problem.code(), problem.what());
    }
  }

  static TclLoop& self_of(void* argument) noexcept { return *static_cast<TclLoop*>(argument); }

  static void on_ready(void* argument, int) {
    TclLoop& self = self_of(argument);
    const auto here = self.host_.enter();
    self.watches_.serve(self.host_, self.waker_, [&self] { self.follow_set_or_say(); });
  }

  static void on_deadline(void* argument) {
    TclLoop& self = self_of(argument);
    const auto here = self.host_.enter();
    self.deadline_.forget();
    // Tcl's clock is the wall's, in ms: it may be early.
    const std::int64_t left_ns = poe::loop::ns_until(self.deadline_ns_, poe::loop::monotonic_ns());
    left_ns == 0 ? self.host_.turn(POE_TURN_DEADLINE) : self.deadline_.start(left_ns);
  }

  static void on_idle(void* argument) {
    TclLoop& self = self_of(argument);
    const auto here = self.host_.enter();
    self.host_.turn(POE_TURN_DEADLINE);
  }

  static void on_end(void* argument) {
    TclLoop& self = self_of(argument);
    const auto here = self.host_.enter();
    self.end_.forget();
    self.host_.finish();
  }

  poe::loop::Host host_;
  poe::loop::Waker waker_;
  poe::loop::EpollWatches watches_{waker_.fd()};
  int handled_ = -1;  // the set that Tcl watches
  Timer deadline_{on_deadline, this};
  Timer end_{on_end, this};
  std::int64_t deadline_ns_ = POE_NEVER_NS;
};

}  // namespace

POE_EXPORT_LOOP(TclLoop)
