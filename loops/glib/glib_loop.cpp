// SPDX-License-Identifier: MIT
//
// The loop over GLib: a GMainContext of its own, or a guest of the program's. One source at the default priority for
// all descriptors, the wake-up and the deadline; one at idle priority, below every repaint, for POE_NOW_NS and for
// deadlines that have passed when they are armed. GLib's run never ends for want of work, so hold() has nothing to do.

#include <fcntl.h>
#include <glib.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <cstdio>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "glib_context.hpp"
#include "glib_probe.hpp"
#include "glib_source.hpp"
#include "poe/loop/registry.hpp"
#include "poe/loop_plugin.hpp"

namespace {

using poe::glib::chosen;
using poe::glib::OwnContext;
using poe::glib::ThreadDefault;
using poe::glib::Watch;

class GlibLoop {
 public:
  static constexpr char kName[] = "glib";
  static constexpr char kVersion[] = "1.0.0";
  static constexpr char kLibrary[] = "GLib";
  static constexpr char kLicence[] = "LGPL-2.1-or-later";
  static constexpr char kHostSonames[] = "libglib-2.0.so.0";
  static constexpr std::uint64_t kCapabilities = poe::loop::bits(
      POE_CAP_NESTED_STEP, POE_CAP_PRIORITY, POE_CAP_HANGUP_BIT, POE_CAP_ERROR_BIT, POE_CAP_FOREIGN, POE_CAP_UNREF,
      POE_CAP_NESTED_REPORT, POE_CAP_REGULAR_FILES, POE_CAP_FORK_ABANDON, POE_CAP_LINEAR_WAIT);
  static constexpr const char* kOptionSchema[] = {
      "context=the GMainContext an own loop runs on; private, default; private",
      "guest=join this thread's default GMainContext although no object is given; yes, no; no", nullptr};
  static const char* library_version() {
    struct Text {
      char at[32] = {};
      Text() noexcept {
        std::snprintf(at, sizeof at, "%u.%u.%u", glib_major_version, glib_minor_version, glib_micro_version);
      }
    };
    static const Text version;  // without a destructor: it may be read until the process ends
    return version.at;
  }
  static int probe(void** ret_foreign, const char** ret_reason) { return poe::glib::probe(ret_foreign, ret_reason); }

  GlibLoop(poe::loop::Host host, const poe_create& how)
      : host_(host),
        guest_(how.foreign || chosen(how, "guest", "yes")),
        private_(guest_ || chosen(how, "context", "default") ? nullptr : poe::glib::new_context()),
        context_(private_      ? private_.get()
                 : how.foreign ? static_cast<GMainContext*>(how.foreign)
                               : poe::glib::thread_context()) {
    // Owned for good: nothing changed between steps need then wake anybody, which would cost a write(2).
    if (private_) g_main_context_acquire(private_.get());
    const ThreadDefault once(private_.get());  // makes GLib's default context now, not in a step that cannot fail
    waiting_.attach(context_, G_PRIORITY_DEFAULT, "poe", main_);
    soon_.attach(context_, G_PRIORITY_DEFAULT_IDLE, "poe, when idle", idle_);
    wake_.fd = waker_.fd();
    wake_.events = G_IO_IN;
    g_source_add_poll(waiting_.get(), &wake_);
  }

  ~GlibLoop() {
    waiting_.drop();
    soon_.drop();
    if (private_) g_main_context_release(private_.get());
  }

  void watch(int fd, std::uint32_t interest, std::uint64_t token) {
    Watch* watch = watches_.find(fd);
    if (interest == 0) return watch ? forget(*watch) : void();
    require_host();
    if (!watch) watch = &add(fd);
    watch->token = token;
    watch->interest = interest;
    watch->poll.events = poe::glib::to_glib(interest);
  }

  void arm(std::int64_t deadline_ns) {
    require_host();
    const bool past = deadline_ns == POE_NOW_NS || deadline_ns <= poe::loop::monotonic_ns();
    const bool never = deadline_ns == POE_NEVER_NS;
    soon_.set_ready_time(past && !never ? 0 : -1);
    waiting_.set_ready_time(past || never ? -1 : poe::loop::rounded_up(deadline_ns, poe::loop::kNsPerUs));
  }

  void wake() noexcept { waker_.wake(); }

  void step(std::int64_t max_wait_ns) {
    require_host();
    const ThreadDefault ours(private_.get());
    const int depth = std::exchange(base_depth_, g_main_depth());
    const std::int64_t start_ns = poe::loop::monotonic_ns();
    const std::int32_t before = host_.delivered();
    const std::int64_t outer_wait_ns = std::exchange(wait_ns_, max_wait_ns);
    do {
      g_main_context_iteration(context_, wait_ns_ != 0);
      if (max_wait_ns != POE_NEVER_NS)
        wait_ns_ = std::max<std::int64_t>(0, max_wait_ns - (poe::loop::monotonic_ns() - start_ns));
    } while (wait_ns_ != 0 && host_.delivered() == before && !host_.closing());
    wait_ns_ = outer_wait_ns;
    base_depth_ = depth;
  }

  void run() {
    if (guest_) throw poe::loop::Refusal(-ENOTSUP, "a guest of GLib has no run of its own: call g_main_loop_run()");
    if (std::exchange(stop_, false) || host_.closing()) return;
    const ThreadDefault ours(private_.get());
    const int depth = std::exchange(base_depth_, g_main_depth());
    const std::int64_t outer_wait_ns = std::exchange(wait_ns_, POE_NEVER_NS);
    GMainLoop* loop = g_main_loop_new(context_, FALSE);
    runs_.push_back(loop);
    g_main_loop_run(loop);
    runs_.pop_back();
    g_main_loop_unref(loop);
    wait_ns_ = outer_wait_ns;
    base_depth_ = depth;
  }

  int stop() noexcept {
    if (guest_) return -ENOTSUP;
    if (runs_.empty())
      stop_ = true;
    else
      g_main_loop_quit(runs_.back());
    return 0;
  }

  void hold(bool) noexcept {}

  void close() {
    for (GMainLoop* loop : runs_) g_main_loop_quit(loop);
    if (!waiting_.get()) return host_.finish();  // the host is gone and has been reported so
    waiting_.drop();
    g_source_set_priority(soon_.get(), G_PRIORITY_DEFAULT);  // a busy host must not keep us for ever
    soon_.set_ready_time(0);                                 // which ends us
  }

  /// An own context is freed by the destructor. A guest's sources stay in the dead or forked host, which must not run
  /// again, and do nothing.
  void abandon() noexcept {
    if (guest_) {
      waiting_.forget();
      soon_.forget();
    }
    waker_.close();
  }

 private:
  struct Main final : poe::glib::Client {
    explicit Main(GlibLoop& l) noexcept : loop(l) {}
    gint patience() noexcept override { return loop.patience(); }
    bool has_reports() const noexcept override { return loop.wake_.revents != 0 || loop.watches_.has_reports(); }
    void dispatch() override { loop.on_ready(); }
    void lost() override { loop.on_lost(); }
    GlibLoop& loop;
  };
  struct Idle final : poe::glib::Client {
    explicit Idle(GlibLoop& l) noexcept : loop(l) {}
    gint patience() noexcept override { return -1; }
    bool has_reports() const noexcept override { return false; }
    void dispatch() override { loop.on_soon(); }
    void lost() override { loop.on_lost(); }
    GlibLoop& loop;
  };

  void require_host() const {
    if (!soon_.get()) throw poe::loop::Refusal(POE_EHOST_GONE, "the GMainContext we were a guest of is gone");
  }

  Watch& add(int fd) {
    if (fcntl(fd, F_GETFD) < 0)
      throw std::system_error(errno, std::generic_category(), "cannot watch descriptor " + std::to_string(fd));
    Watch& watch = watches_.add(fd);
    g_source_add_poll(waiting_.get(), &watch.poll);
    return watch;
  }

  void forget(Watch& watch) noexcept {
    if (waiting_.get()) g_source_remove_poll(waiting_.get(), &watch.poll);
    watches_.remove(watch);
  }

  void on_ready() {
    const auto here = host_.enter();
    std::uint32_t reasons = 0;
    if (std::exchange(wake_.revents, gushort{0}) != 0) {
      waker_.drain();
      reasons |= POE_TURN_WOKEN;
    }
    for (std::size_t i = 0; i < watches_.size(); ++i) report(watches_[i]);
    if (host_.closing()) return;
    if (waiting_.due()) {
      waiting_.set_ready_time(-1);
      reasons |= POE_TURN_DEADLINE;
    }
    turn(reasons);
  }

  /// A step inside ready() may have ended the batch already.
  void turn(std::uint32_t reasons) {
    if (std::exchange(reported_, false)) reasons |= POE_TURN_READY;
    if (reasons == 0) return;
    host_.turn(reasons | (g_main_depth() > base_depth_ + 1 ? POE_TURN_NESTED : 0));
  }

  /// ready() may forget this watch or any other: nothing is touched after it.
  void report(Watch& watch) {
    const gushort events = std::exchange(watch.poll.revents, gushort{0});
    if (events == 0) return;
    const std::uint64_t token = watch.token;
    if (events & G_IO_NVAL) {  // poll(2) would spin on it
      forget(watch);
      return host_.error(token, -EBADF, EBADF, "a watched descriptor was closed; forget it before you close it");
    }
    const std::uint32_t told = poe::loop::events_to_tell(poe::glib::from_glib(events), watch.interest);
    if (told == 0) return;
    reported_ = true;
    host_.ready(token, told);
  }

  void on_soon() {
    const auto here = host_.enter();
    soon_.set_ready_time(-1);
    if (!host_.closing()) return turn(POE_TURN_DEADLINE);
    soon_.drop();
    host_.finish();
  }

  /// One of our sources dies with its context; the other one is dead or will be next.
  void on_lost() {
    waiting_.forget();
    soon_.forget();
    if (std::this_thread::get_id() != thread_) return;  // the ABI has no calls on another thread: ops then say so
    const auto here = host_.enter();
    if (host_.closing())
      host_.finish();
    else
      host_.host_gone();
  }

  /// The limit of a step is not that of an inner loop that a handler runs.
  gint patience() const noexcept { return g_main_depth() == base_depth_ ? poe::loop::poll_ms(wait_ns_) : -1; }

  poe::loop::Host host_;
  const bool guest_;
  OwnContext private_;     // empty for a guest and for an own loop on the default context
  GMainContext* context_;  // private_, the default one or the host's; not referenced, so that we see it die
  poe::loop::Waker waker_;
  Main main_{*this};
  Idle idle_{*this};
  poe::glib::Source waiting_;
  poe::glib::Source soon_;  // POE_NOW_NS and deadlines already past; after close(): brings the end
  GPollFD wake_{};
  poe::glib::Watches watches_;
  std::vector<GMainLoop*> runs_;         // of run(), innermost last
  std::int64_t wait_ns_ = POE_NEVER_NS;  // the limit of the step under way
  int base_depth_ = 0;                   // g_main_depth() outside the innermost step() or run()
  bool reported_ = false;                // ready() was called, its turn() is still to come
  bool stop_ = false;                    // stop() came before run()
  const std::thread::id thread_ = std::this_thread::get_id();
};

}  // namespace

POE_EXPORT_LOOP(GlibLoop)
