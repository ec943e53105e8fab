// SPDX-License-Identifier: MIT
//
// InnerSet: many watched descriptors behind one, for loops whose wait costs something for each descriptor
// (POE_CAP_LINEAR_WAIT). The loop watches fd(), which is readable while anything in the set is ready. Loop thread only.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace poe {

class InnerSet {
 public:
#ifdef POE_PORTABLE
  static constexpr bool kAvailable = false;
#else
  static constexpr bool kAvailable = true;  // epoll
#endif

  InnerSet() = default;
  InnerSet(const InnerSet&) = delete;
  InnerSet& operator=(const InnerSet&) = delete;
  ~InnerSet() { close(); }

  /// Makes an empty set. 0 or -errno; -ENOTSUP without epoll.
  int open() noexcept;
  /// Only a close(2): after a fork the set is the parent's as well, and an epoll_ctl would take its watches away.
  void close() noexcept;

  bool is_open() const noexcept { return fd_ >= 0; }
  int fd() const noexcept { return fd_; }

  /// As the loop's op of that name: level-triggered, interest 0 forgets. `known`: it has an interest here already.
  /// 0 or -errno; -EPERM: a kind without readiness, which epoll refuses. `ret_lost` is set, else left alone, if the
  /// number was closed since: what it stood for may still be in the set, under the same token; see leaked().
  int watch(int fd, std::uint32_t interest, std::uint64_t token, bool known, bool& ret_lost) noexcept;

  /// The descriptor is not ours any more: somebody has closed it under us.
  void lose() noexcept { fd_ = -1; }

  /// Appends what is ready now, at most 256 at a time; of more, the others come first the next time. 0 or -errno.
  int take(std::vector<std::pair<std::uint64_t, std::uint32_t>>& ret_ready) const;

  /// A descriptor was closed before it was forgotten: while a duplicate of it lives the set reports it for ever, and
  /// only a new set ends that.
  bool leaked() const noexcept { return leaked_; }

 private:
  int fd_ = -1;
  bool leaked_ = false;
};

}  // namespace poe
