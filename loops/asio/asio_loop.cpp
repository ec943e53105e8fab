// SPDX-License-Identifier: MIT
//
// The loop over Asio: an io_context of its own, or a guest of the program's, which the program wraps in a C table
// (poe/asio_adapter.hpp) because Asio is header-only. All descriptors are in an epoll set of ours, for which Asio
// waits.
//
// Why not a stream_descriptor each: the table is small, and Asio, which closes its descriptors, never owns a caller's.

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <memory>
#include <system_error>

#include "poe/asio_adapter.hpp"
#include "poe/loop/epoll_watches.hpp"
#include "poe/loop_plugin.hpp"

namespace {

void check(int code, const char* tried) {
  if (code < 0) throw std::system_error(-code, std::generic_category(), tried);
}

struct OwnContext {
  poe::asio_detail::lib::io_context io{1};  // run by one thread
  poe::AsioAdapter adapter{io};
};

poe_asio_host& table_of(const poe_create& how) {
  auto* table = static_cast<poe_asio_host*>(how.foreign);
  if (table->struct_size < sizeof(poe_asio_host))
    throw poe::loop::Refusal(POE_EABI,
                             "cannot join Asio: the program's poe/asio_adapter.hpp is older than the plug-in");
  return *table;
}

class AsioLoop {
 public:
  static constexpr char kName[] = "asio";
  static constexpr char kVersion[] = "1.0.0";
  static constexpr char kLibrary[] = POE_ASIO_LIBRARY;
  static constexpr char kLicence[] = "BSL-1.0";
  static constexpr char kHostSonames[] = "";  // header-only
  static constexpr std::uint64_t kCapabilities = poe::loop::bits(
      POE_CAP_PRIORITY, POE_CAP_HANGUP_BIT, POE_CAP_ERROR_BIT, POE_CAP_FOREIGN, POE_CAP_SUB_MS, POE_CAP_FORK_ABANDON);
  static const char* library_version() { return POE_ASIO_VERSION; }

  AsioLoop(poe::loop::Host host, const poe_create& how)
      : host_(host),
        own_(how.foreign ? nullptr : std::make_unique<OwnContext>()),
        table_(own_ ? *own_->adapter.table() : table_of(how)) {
    check(table_.join(table_.ctx, watches_.fd(), on_news, this, &stay_), "cannot join the io_context");
  }

  void watch(int fd, std::uint32_t interest, std::uint64_t token) { watches_.watch(fd, interest, token); }

  void arm(std::int64_t deadline_ns) {
    soon_ = deadline_ns != POE_NEVER_NS && deadline_ns <= poe::loop::monotonic_ns();
    if (soon_) check(table_.soon(stay_), "cannot post to the io_context");
    const std::int64_t timer_ns = soon_ ? POE_NEVER_NS : deadline_ns;
    if (timer_ns == timer_ns_) return;
    check(table_.arm(stay_, timer_ns), "cannot set a timer of the io_context");
    timer_ns_ = timer_ns;
  }

  void wake() noexcept { waker_.wake(); }

  void step(std::int64_t max_wait_ns) {
    if (!own_)
      throw poe::loop::Refusal(-ENOTSUP, "a guest of Asio is not stepped: the host's io_context::run() drives it");
    const std::int64_t start_ns = poe::loop::monotonic_ns();
    const std::int32_t before = host_.delivered();
    std::int64_t left_ns = max_wait_ns;
    do {
      run_once(left_ns);
      if (max_wait_ns != POE_NEVER_NS)
        left_ns = std::max<std::int64_t>(0, max_wait_ns - (poe::loop::monotonic_ns() - start_ns));
    } while (left_ns != 0 && host_.delivered() == before && !host_.closing());
  }

  /// Asio has no work that does not count: 0 has been refused and 1 holds already.
  void hold(bool) noexcept {}

  void close() { check(table_.leave(stay_), "cannot leave the io_context"); }

  /// In a forked child the epoll set is still the parent's: Asio makes a new one before it lets our descriptor go.
  void abandon() noexcept {
    if (!gone_) own_ ? destroy_own() : table_.forget(stay_);
    watches_.close();
    waker_.close();
  }

 private:
  void destroy_own() noexcept {
    try {
      if (getpid() != process_) own_->io.notify_fork(poe::asio_detail::lib::io_context::fork_child);
      table_.destroy(stay_);
    } catch (const std::exception&) {     // no descriptor left for the new set:
      static_cast<void>(own_.release());  // better leaked than taken from the parent
    }
  }

  /// One handler, or the time is over.
  void run_once(std::int64_t wait_ns) {
    auto& io = own_->io;
    io.restart();
    if (wait_ns == 0)
      run_ready(io);
    else if (wait_ns == POE_NEVER_NS)
      io.run_one();
    else
      io.run_one_for(std::chrono::nanoseconds(wait_ns));
  }

  /// Not poll(): that also runs what a turn posts, and so on for ever.
  void run_ready(poe::asio_detail::lib::io_context& io) {
    const std::int32_t before = host_.delivered();
    while (host_.delivered() == before && io.poll_one() != 0) {
    }
  }

  static void on_news(void* argument, std::uint32_t news) {
    AsioLoop& self = *static_cast<AsioLoop*>(argument);
    const auto here = self.host_.enter();
    if (news == POE_ASIO_ENDED) return self.host_.finish();
    if (news == POE_ASIO_GONE) return self.on_gone();
    if (news == POE_ASIO_READY) return self.watches_.serve(self.host_, self.waker_, [&self] { self.follow_set(); });
    if (news == POE_ASIO_SOON && !self.soon_) return;  // armed otherwise since
    self.soon_ = false;
    if (news == POE_ASIO_DEADLINE) self.timer_ns_ = POE_NEVER_NS;
    self.host_.turn(POE_TURN_DEADLINE);
  }

  void on_gone() {
    gone_ = true;
    host_.closing() ? host_.finish() : host_.host_gone();
  }

  /// Nothing may be thrown through Asio.
  void follow_set() noexcept {
    const int code = table_.rewatch(stay_, watches_.fd());
    if (code < 0) host_.error(0, code, -code, "cannot watch the epoll set with Asio: no descriptor is served now");
  }

  poe::loop::Host host_;
  poe::loop::Waker waker_;
  poe::loop::EpollWatches watches_{waker_.fd()};
  std::unique_ptr<OwnContext> own_;  // empty for a guest
  poe_asio_host& table_;             // own_'s or the program's
  void* stay_ = nullptr;
  std::int64_t timer_ns_ = POE_NEVER_NS;  // what the timer is set to
  const pid_t process_ = getpid();
  bool soon_ = false;  // POE_NOW_NS or a deadline already past is armed
  bool gone_ = false;  // the io_context was destroyed
};

}  // namespace

POE_EXPORT_LOOP(AsioLoop)
