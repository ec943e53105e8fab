// SPDX-License-Identifier: MIT
//
// ConnectRace: connects to whichever of a peer's addresses answers first ("happy eyeballs", RFC 8305). Attempts are
// started one after the other, never waiting longer than the attempt delay for the one before; the first that succeeds
// wins, and all others are closed before anybody hears of it. Held by a shared_ptr; whoever calls back holds another
// one, so that the wheel may be dropped in its own callback.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "poe/error.hpp"
#include "poe/fd.hpp"
#include "poe/fn.hpp"
#include "poe/session.hpp"
#include "poe/time.hpp"
#include "poe/wheels/socket_address.hpp"

namespace poe {

/// Loop thread.
class ConnectRace : public std::enable_shared_from_this<ConnectRace> {
 public:
  /// The least attempt delay (RFC 8305 section 8): less would start all of them at once at any hiccup.
  static constexpr Duration kLeastDelay = std::chrono::milliseconds(10);

  struct Rules {
    Duration delay;                     ///< between two attempts; kForever: one after the other
    std::optional<TimePoint> deadline;  ///< by then each address has had its turn
    /// The former attempt is given up before the next: all of them want one local port.
    bool one_at_a_time = false;
  };
  struct Hooks {
    Fn<Result<Fd>(const SocketAddress&)> open;  ///< a socket for that address, bound if need be
    Fn<void(Fd, const SocketAddress& peer)> won;
    Fn<void(Error)> lost;  ///< all have failed; may come from inside start()
  };

  ConnectRace(Self& self, std::vector<SocketAddress> remotes, Rules rules, Hooks hooks);
  ConnectRace(const ConnectRace&) = delete;
  ConnectRace& operator=(const ConnectRace&) = delete;

  void start();
  /// Ends for good and closes all sockets; nothing is called any more.
  void close() noexcept;
  /// The whole of it took too long: fails all that is open, and calls `lost` with that.
  void time_out(const std::string& why, const std::string& advice);

  /// Of the oldest attempt that is open.
  Result<SocketAddress> local_address() const;

 private:
  struct Attempt {
    explicit Attempt(const SocketAddress& remote) : to(remote) {}
    SocketAddress to;
    Fd socket{};  // before watch: closed after it (P102)
    Watch watch{};
    std::optional<Error> error{};
  };

  void next();
  void plan_next();
  void give_up_open();
  Result<void> begin(std::size_t index);
  Result<void> wait_for_answer(std::size_t index);
  void finish(std::size_t index);
  Result<SocketAddress> connected_peer(const Attempt& attempt) const;
  void failed(std::size_t index, Error error);
  bool any_open() const noexcept;
  void lose(std::size_t most_telling);
  std::size_t most_telling() const;

  Self& self_;
  Rules rules_;
  Hooks hooks_;
  std::vector<Attempt> attempts_;  // in the order of their turns; never resized
  std::size_t next_ = 0;           // the first not started yet
  Timer timer_{};
  bool over_ = false;
};

/// RFC 8305 section 4: the families take turns, beginning with that of the first; each family keeps its order.
std::vector<SocketAddress> interleave_families(const std::vector<SocketAddress>& addresses);

}  // namespace poe
