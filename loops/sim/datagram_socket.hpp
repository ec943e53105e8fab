// SPDX-License-Identifier: MIT
// A datagram socket of the simulated world: UDP, which takes its time and drops what finds no room, or Unix, which
// does neither.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "named_socket.hpp"

namespace poe::sim {

class DatagramSocket : public NamedSocket {
 public:
  DatagramSocket(Environment& environment, Names& names, int domain)
      : NamedSocket(environment, names, domain, SOCK_DGRAM) {}

  /// Connects two fresh Unix sockets with each other, as socketpair does.
  static void couple(DatagramSocket& one, DatagramSocket& other);

  int kind() const override { return POE_KIND_DGRAM; }
  uint32_t readiness() const override;
  int connect(const void* address, uint32_t size) override;
  int shutdown(int how) override;
  void closing() override { release_name(); }

 protected:
  int64_t receive_parts(const Parts& into, uint32_t flags, Arrival* ret) override;
  int64_t send_parts(const Parts& from, const Address* to) override;
  bool connected() const override { return connected_; }
  int take_error() override { return std::exchange(error_, 0); }

 private:
  struct Datagram {
    Address from;
    std::string bytes;
  };

  std::shared_ptr<DatagramSocket> self();
  std::shared_ptr<DatagramSocket> receiver(const Address& to) const;
  bool accepts(const Address& from) const { return !connected_ || coupled_ || from == peer_; }
  bool has_room(size_t bytes) const { return queued_ + bytes <= options_.receive_buffer() || queue_.empty(); }
  int64_t send_at_once(const Address& to, Datagram datagram);
  int64_t send_delayed(const Address& to, Datagram datagram);
  void keep(Datagram datagram);

  std::deque<Datagram> queue_;
  size_t queued_ = 0;  // bytes
  int error_ = 0;      // errno: nobody was there (UDP, connected)
  int64_t last_arrival_ = 0;
  bool connected_ = false;
  bool coupled_ = false;
  bool read_shut_ = false;
  bool write_shut_ = false;
  std::weak_ptr<DatagramSocket> partner_;  // of a socketpair
};

}  // namespace poe::sim
