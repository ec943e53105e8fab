// SPDX-License-Identifier: MIT
// The options of a simulated socket: whole numbers that are kept and told, a few of which the world obeys
// (SO_REUSEADDR, SO_SNDBUF, SO_RCVBUF, SO_LINGER).
#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>

namespace poe::sim {

class SocketOptions {
 public:
  /// `buffer`: what SO_SNDBUF and SO_RCVBUF start with.
  SocketOptions(int domain, int type, size_t buffer);

  /// As getsockopt and setsockopt; -ENOPROTOOPT for what is not known here.
  int get(int level, int name, void* ret_value, uint32_t* size) const;
  int set(int level, int name, const void* value, uint32_t size);

  bool reuses_address() const { return number(SOL_SOCKET, SO_REUSEADDR) != 0; }
  size_t send_buffer() const { return static_cast<size_t>(number(SOL_SOCKET, SO_SNDBUF)); }
  size_t receive_buffer() const { return static_cast<size_t>(number(SOL_SOCKET, SO_RCVBUF)); }
  /// close() breaks the connection off: SO_LINGER with a time of 0.
  bool breaks_off() const { return linger_.l_onoff != 0 && linger_.l_linger == 0; }

 private:
  int number(int level, int name) const { return values_.at({level, name}); }
  int set_linger(const void* value, uint32_t size);

  std::map<std::pair<int, int>, int> values_;  // (level, name) -> value
  linger linger_{};
};

/// Writes an option's value as getsockopt does: cut to the room there is, `size` becomes what was written.
int return_option(const void* value, size_t value_size, void* ret_value, uint32_t* size);

}  // namespace poe::sim
