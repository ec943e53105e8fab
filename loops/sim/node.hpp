// SPDX-License-Identifier: MIT
// What stands behind a descriptor of the simulated world. Each kind answers what it can; the rest fails as on Linux.
#pragma once

#include <cerrno>
#include <cstdint>
#include <memory>

#include "parts.hpp"
#include "poe/loop_abi.h"
#include "poe/sys_abi.h"

namespace poe::sim {

class Socket;

/// Results are 0 or a count, or -errno.
class Node {
 public:
  Node() = default;
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;
  virtual ~Node() = default;

  virtual int kind() const = 0;
  /// All of POE_READ, WRITE, ERROR, HANGUP that hold now.
  virtual uint32_t readiness() const = 0;
  /// False: watch() answers -EPERM, as for regular files.
  virtual bool watchable() const { return true; }

  virtual int64_t read(const Parts&) { return -EBADF; }
  virtual int64_t write(const Parts&) { return -EBADF; }
  virtual int64_t read_at(char*, uint64_t, int64_t) { return -ESPIPE; }
  /// The descriptor is being closed: tell the other ends. Called once, last.
  virtual void closing() = 0;
  virtual Socket* as_socket() { return nullptr; }
};

/// An address of the caller's to fill: as for getsockname(2), cut to the room given, with the full size told.
struct ReturnedAddress {
  void* bytes;
  uint32_t* size;
};

class Socket : public Node {
 public:
  virtual int type() const = 0;  ///< SOCK_STREAM or SOCK_DGRAM
  virtual int bind(const void* address, uint32_t size) = 0;
  virtual int listen(int) { return -EOPNOTSUPP; }
  /// The next waiting connection in *ret, or -EAGAIN.
  virtual int accept(std::shared_ptr<Socket>*) { return -EOPNOTSUPP; }
  virtual int connect(const void* address, uint32_t size) = 0;
  virtual int name(ReturnedAddress ret) const = 0;
  virtual int peer(ReturnedAddress ret) const = 0;
  virtual int option(int level, int name, void* ret_value, uint32_t* size) = 0;
  virtual int set_option(int level, int name, const void* value, uint32_t size) = 0;
  virtual int64_t receive(poe_message& message) = 0;
  virtual int64_t send(const poe_message& message) = 0;
  virtual int shutdown(int how) = 0;
  Socket* as_socket() override { return this; }
};

}  // namespace poe::sim
