// SPDX-License-Identifier: MIT
// What stream and datagram sockets have in common: a domain, options, an own address and an error that waits to be
// told.
#pragma once

#include <memory>
#include <optional>

#include "address.hpp"
#include "environment.hpp"
#include "names.hpp"
#include "node.hpp"
#include "socket_options.hpp"

namespace poe::sim {

class NamedSocket : public Socket, public std::enable_shared_from_this<NamedSocket> {
 public:
  NamedSocket(Environment& environment, Names& names, int domain, int type);

  int type() const final { return type_; }
  int domain() const { return domain_; }
  virtual bool listening() const { return false; }
  bool reuses_address() const { return options_.reuses_address(); }
  const Address& local() const { return local_; }

  int64_t read(const Parts& into) final { return receive_parts(into, 0, nullptr); }
  int64_t write(const Parts& from) final { return send_parts(from, nullptr); }
  int64_t receive(poe_message& message) final;
  int64_t send(const poe_message& message) final;

  int bind(const void* address, uint32_t size) final;
  int name(ReturnedAddress ret) const final;
  int peer(ReturnedAddress ret) const final;
  int option(int level, int name, void* ret_value, uint32_t* size) final;
  int set_option(int level, int name, const void* value, uint32_t size) override;

 protected:
  /// Where a received message came from, and whether it was cut.
  struct Arrival {
    std::optional<Address> from;
    bool cut = false;
  };
  virtual int64_t receive_parts(const Parts& into, uint32_t flags, Arrival* ret) = 0;
  virtual int64_t send_parts(const Parts& from, const Address* to) = 0;
  /// Whether a peer address may be asked for.
  virtual bool connected() const = 0;
  /// The waiting errno, or 0; told once.
  virtual int take_error() = 0;

  /// Gets an address from the system unless there is one.
  int ensure_bound();
  void release_name();

  Environment& environment_;
  Names& names_;
  SocketOptions options_;
  Address local_;
  Address peer_;

 private:
  int own_option(int name, int& ret);

  int domain_;
  int type_;
  bool bound_ = false;
};

}  // namespace poe::sim
