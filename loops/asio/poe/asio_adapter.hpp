// SPDX-License-Identifier: MIT
//
// AsioAdapter: what the loop plug-in `asio` needs of an io_context, as a table of C functions that are compiled into
// the program. Asio is a header-only library: the plug-in has its own copy, perhaps of another version, and neither may
// touch the other's objects.
//
//   boost::asio::io_context io;
//   poe::AsioAdapter adapter(io);                                // outlives the guest, as io does
//   auto guest = kernel.attach(poe::host::asio(adapter.table()));
//   io.run();                                                    // on this thread, and on no other
//
// Asio counts a wait as work: the guest keeps run() from returning.
// Boost.Asio, or, where that is missing or with POE_ASIO_STANDALONE defined, the one without Boost.
#pragma once

#if !defined(POE_ASIO_STANDALONE) && !__has_include(<boost/asio/io_context.hpp>)
#define POE_ASIO_STANDALONE 1
#endif

#ifdef POE_ASIO_STANDALONE
#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#else
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#endif

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <new>
#include <system_error>
#include <utility>

#include "poe/loop_abi.h"

/// What a stay tells its guest. Values of the table's own.
enum poe_asio_news : std::uint32_t {
  POE_ASIO_READY = 1,     ///< the descriptor given to join() or rewatch() is readable
  POE_ASIO_DEADLINE = 2,  ///< the deadline has passed
  POE_ASIO_SOON = 3,      ///< soon() was called, and the handlers queued before have run
  POE_ASIO_ENDED = 4,     ///< after leave(): the last call
  POE_ASIO_GONE = 5,      ///< the io_context is being destroyed: the last call, and the stay is gone
};

/// One io_context, and stays of guests in it. All calls on the one thread that runs the io_context. Codes: 0 or -errno.
struct poe_asio_host {
  std::uint32_t struct_size;
  std::uint32_t reserved;  ///< zero
  void* ctx;
  int (*join)(void* ctx, int fd, void (*call)(void* arg, std::uint32_t news), void* arg, void** ret_stay);
  int (*rewatch)(void* stay, int fd);                ///< another descriptor in place of the former, which may be closed
  int (*arm)(void* stay, std::int64_t deadline_ns);  ///< CLOCK_MONOTONIC; POE_NEVER_NS: none
  int (*soon)(void* stay);
  int (*leave)(void* stay);     ///< no call follows but ENDED
  void (*forget)(void* stay);   ///< the io_context is dead or forked: not touched, no call follows, the memory stays
  void (*destroy)(void* stay);  ///< at once, no call follows
};

namespace poe {

namespace asio_detail {
#ifdef POE_ASIO_STANDALONE
namespace lib = ::asio;
#else
namespace lib = ::boost::asio;
#endif

class Stay : public std::enable_shared_from_this<Stay> {
 public:
  using Call = void (*)(void* arg, std::uint32_t news);

  Stay(lib::io_context& io, Call call, void* arg) : io_(io), set_(io), timer_(io), call_(call), arg_(arg) {}
  ~Stay() { let_go(); }
  Stay(const Stay&) = delete;
  Stay& operator=(const Stay&) = delete;

  void begin(int fd) {
    set_.assign(fd);
    wait();
    self_ = shared_from_this();
  }

  void rewatch(int fd) {
    let_go();
    set_.assign(fd);
    wait();
  }

  void arm(std::int64_t deadline_ns) {
    const std::uint64_t serial = ++timer_serial_;  // one that has fired may lie in the queue
    if (deadline_ns == POE_NEVER_NS) return static_cast<void>(timer_.cancel());
    timer_.expires_at(std::chrono::steady_clock::time_point(std::chrono::nanoseconds(deadline_ns)));
    timer_.async_wait([stay = shared_from_this(), serial](const auto& error) {
      if (!error && serial == stay->timer_serial_) stay->tell(POE_ASIO_DEADLINE);
    });
  }

  void soon() {
    if (posted_) return;
    lib::post(io_, [stay = shared_from_this()] {
      stay->posted_ = false;
      stay->tell(POE_ASIO_SOON);
    });
    posted_ = true;
  }

  void leave() {
    lib::post(io_, End(shared_from_this()));
    end();
  }

  void forget() noexcept { ended_ = silent_ = true; }

  void destroy() noexcept {
    silent_ = true;
    end();
  }

 private:
  void end() noexcept {
    ended_ = true;
    let_go();
    try {
      timer_.cancel();
    } catch (...) {  // then it fires, and nobody is told
    }
    self_.reset();
  }

  /// A wait for the descriptor. Asio destroys what has not been called when an io_context goes: so we learn that.
  class Wait {
   public:
    Wait(std::shared_ptr<Stay> stay, std::uint64_t serial) : stay_(std::move(stay)), serial_(serial) {}
    Wait(Wait&&) noexcept = default;
    Wait& operator=(Wait&&) = delete;
    ~Wait() {
      if (stay_) stay_->lost();
    }

    template <class Error>
    void operator()(const Error& error) {
      const std::shared_ptr<Stay> stay = std::exchange(stay_, nullptr);
      if (error || serial_ != stay->wait_serial_) return;
      stay->tell(POE_ASIO_READY);
      if (!stay->ended_ && serial_ == stay->wait_serial_) stay->wait();
    }

   private:
    std::shared_ptr<Stay> stay_;
    std::uint64_t serial_;
  };

  /// The last call, also if the io_context goes before it.
  class End {
   public:
    explicit End(std::shared_ptr<Stay> stay) : stay_(std::move(stay)) {}
    End(End&&) noexcept = default;
    End& operator=(End&&) = delete;
    ~End() { (*this)(); }

    void operator()() {
      const std::shared_ptr<Stay> stay = std::exchange(stay_, nullptr);
      if (stay && !stay->silent_) stay->call_(stay->arg_, POE_ASIO_ENDED);
    }

   private:
    std::shared_ptr<Stay> stay_;
  };

  void wait() { set_.async_wait(lib::posix::stream_descriptor::wait_read, Wait(shared_from_this(), ++wait_serial_)); }

  void tell(std::uint32_t news) {
    if (!ended_) call_(arg_, news);
  }

  void lost() {
    if (std::exchange(ended_, true)) return;
    self_.reset();
    call_(arg_, POE_ASIO_GONE);
  }

  /// The descriptor is the guest's: Asio would close it.
  void let_go() noexcept {
    try {
      if (set_.is_open()) set_.release();
    } catch (...) {  // it was closed before
    }
  }

  lib::io_context& io_;
  lib::posix::stream_descriptor set_;
  lib::steady_timer timer_;
  const Call call_;
  void* const arg_;
  std::shared_ptr<Stay> self_;  // until it ends
  std::uint64_t wait_serial_ = 0;
  std::uint64_t timer_serial_ = 0;
  bool posted_ = false;  // for SOON
  bool ended_ = false;   // no news but ENDED
  bool silent_ = false;  // not even that
};

/// Nothing may be thrown into the other copy of the library.
template <class F>
int guarded(F&& f) noexcept {
  try {
    f();
    return 0;
  } catch (const std::bad_alloc&) {
    return -ENOMEM;
#ifndef POE_ASIO_STANDALONE
  } catch (const boost::system::system_error& e) {
    return e.code().value() > 0 ? -e.code().value() : -EIO;
#endif
  } catch (const std::system_error& e) {
    return e.code().value() > 0 ? -e.code().value() : -EIO;
  } catch (const std::exception&) {
    return -EIO;
  }
}
}  // namespace asio_detail

/// The table for one io_context. Borrowed by guests: it and the io_context live until the kernel has been detached.
class AsioAdapter {
 public:
  explicit AsioAdapter(asio_detail::lib::io_context& io) noexcept : io_(io) {}
  AsioAdapter(const AsioAdapter&) = delete;
  AsioAdapter& operator=(const AsioAdapter&) = delete;

  poe_asio_host* table() noexcept { return &table_; }

 private:
  using Stay = asio_detail::Stay;

  static Stay& at(void* stay) noexcept { return *static_cast<Stay*>(stay); }

  static int join(void* self, int fd, Stay::Call call, void* arg, void** ret_stay) {
    return asio_detail::guarded([&] {
      const auto stay = std::make_shared<Stay>(static_cast<AsioAdapter*>(self)->io_, call, arg);
      stay->begin(fd);
      *ret_stay = stay.get();
    });
  }
  static int rewatch(void* stay, int fd) {
    return asio_detail::guarded([&] { at(stay).rewatch(fd); });
  }
  static int arm(void* stay, std::int64_t deadline_ns) {
    return asio_detail::guarded([&] { at(stay).arm(deadline_ns); });
  }
  static int soon(void* stay) {
    return asio_detail::guarded([&] { at(stay).soon(); });
  }
  static int leave(void* stay) {
    return asio_detail::guarded([&] { at(stay).leave(); });
  }
  static void forget(void* stay) { at(stay).forget(); }
  static void destroy(void* stay) { at(stay).destroy(); }

  asio_detail::lib::io_context& io_;
  poe_asio_host table_{sizeof(poe_asio_host), 0, this, join, rewatch, arm, soon, leave, forget, destroy};
};

}  // namespace poe
