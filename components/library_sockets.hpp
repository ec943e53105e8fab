// SPDX-License-Identifier: MIT
//
// The sockets of a library that has no loop and says what it waits for, such as libcurl and c-ares: a watch for each.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <utility>

#include "poe/kernel.hpp"

namespace poe {

/// Dies before whatever its reports lead to; on the session's thread.
class LibrarySockets {
 public:
  /// From now on ready(how) is called for these of POE_READ and POE_WRITE; on an error or a hang-up for all of them,
  /// for the library finds out by whatever it tries next, with its errno. Errors: as Self::watch().
  template <class F>
  Result<void> watch(Self& self, int socket, std::uint32_t interest, F ready) {
    auto found = watched_.find(socket);
    if (found == watched_.end()) {
      constexpr std::uint32_t kBoth = POE_READ | POE_WRITE;
      auto made = self.watch(socket, kBoth, [this, socket, ready = std::move(ready)](std::uint32_t how) {
        if (const std::uint32_t news = told(socket, how)) ready(news);
      });
      if (!made) return failure(made.error());
      found = watched_.emplace(socket, Watched{std::move(*made), kBoth}).first;
    }
    Watched& watched = found->second;
    if (const std::uint32_t more = interest & ~watched.interest) watched.watch.resume(more);
    if (const std::uint32_t less = watched.interest & ~interest) watched.watch.pause(less);
    watched.interest = interest;
    return {};
  }
  /// Before it is closed: its number may be somebody else's next (P102).
  void forget(int socket) noexcept { watched_.erase(socket); }
  void clear() noexcept { watched_.clear(); }

 private:
  struct Watched {
    Watch watch;
    std::uint32_t interest;
  };
  std::uint32_t told(int socket, std::uint32_t how) const {
    const auto found = watched_.find(socket);
    if (found == watched_.end()) return 0;
    return (how & (POE_ERROR | POE_HANGUP)) != 0 ? how | found->second.interest : how;
  }
  std::unordered_map<int, Watched> watched_;
};

}  // namespace poe
