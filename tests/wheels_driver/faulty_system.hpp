// SPDX-License-Identifier: MIT
//
// The real system with faults: short transfers, "would block" before each success, interruptions.
#pragma once

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>

#include "poe/system.hpp"

namespace poe::test {

class FaultySystem {
 public:
  FaultySystem() : table(real_system()) {
    table.ctx = this;
    table.readv = [](void* ctx, int fd, const poe_iovec* parts, int count) {
      FaultySystem& self = *static_cast<FaultySystem*>(ctx);
      if (const int fault = self.fault()) return static_cast<std::int64_t>(-fault);
      poe_iovec first = *parts;
      if (self.most != 0) first.size = std::min(first.size, self.most);
      return real_system().readv(nullptr, fd, self.most != 0 ? &first : parts, self.most != 0 ? 1 : count);
    };
    table.writev = [](void* ctx, int fd, const poe_iovec* parts, int count) {
      FaultySystem& self = *static_cast<FaultySystem*>(ctx);
      ++self.pipe_writes;
      self.parts = count;
      if (const int fault = self.fault()) return static_cast<std::int64_t>(-fault);
      const Cut cut(self, parts, count);
      return real_system().writev(nullptr, fd, cut.parts.data(), cut.count);
    };
    table.sendmsg = [](void* ctx, int fd, const poe_message* message) {
      FaultySystem& self = *static_cast<FaultySystem*>(ctx);
      ++self.socket_writes;
      self.parts = static_cast<int>(message->part_count);
      if (const int fault = self.fault()) return static_cast<std::int64_t>(-fault);
      const Cut cut(self, message->parts, self.parts);
      poe_message less = *message;
      less.parts = cut.parts.data();
      less.part_count = static_cast<std::uint32_t>(cut.count);
      return real_system().sendmsg(nullptr, fd, &less);
    };
  }

  poe_sys table;
  std::uint64_t most = 0;     // octets a call transfers; 0: as many as it likes
  bool blocks_first = false;  // EAGAIN before each success
  int interrupt_every = 0;    // EINTR at every n-th call
  int pipe_writes = 0, socket_writes = 0;
  int parts = 0;  // of the last write

 private:
  // The parts of a write up to `most` octets.
  struct Cut {
    Cut(const FaultySystem& self, const poe_iovec* from, int number) {
      std::uint64_t left = self.most != 0 ? self.most : UINT64_MAX;
      for (; count < number && left > 0; ++count) {
        const std::uint64_t size = std::min(from[count].size, left);
        parts[static_cast<std::size_t>(count)] = {from[count].base, size};
        left -= size;
      }
    }
    std::array<poe_iovec, 1024> parts;
    int count = 0;
  };

  int fault() {
    if (interrupt_every != 0 && ++calls_ % interrupt_every == 0) return EINTR;
    if (blocks_first && (blocked_ = !blocked_)) return EAGAIN;
    return 0;
  }

  int calls_ = 0;
  bool blocked_ = false;
};

}  // namespace poe::test
