// SPDX-License-Identifier: MIT
// A stream socket of the simulated world: TCP over the network, whose connecting and bytes take time, or Unix, where
// both are done at once; see README.md for how closely each follows Linux.
#pragma once

#include <deque>
#include <memory>

#include "channel.hpp"
#include "named_socket.hpp"

namespace poe::sim {

class StreamSocket : public NamedSocket {
 public:
  StreamSocket(Environment& environment, Names& names, int domain)
      : NamedSocket(environment, names, domain, SOCK_STREAM) {}

  /// Connects two fresh Unix sockets with each other, as socketpair does.
  static void couple(StreamSocket& one, StreamSocket& other);

  int kind() const override { return POE_KIND_STREAM; }
  uint32_t readiness() const override;
  bool listening() const override { return state_ == State::kListening; }
  int listen(int backlog) override;
  int accept(std::shared_ptr<Socket>* ret) override;
  int connect(const void* address, uint32_t size) override;
  int set_option(int level, int name, const void* value, uint32_t size) override;
  int shutdown(int how) override;
  void closing() override;

 protected:
  int64_t receive_parts(const Parts& into, uint32_t flags, Arrival* ret) override;
  int64_t send_parts(const Parts& from, const Address* to) override;
  bool connected() const override { return state_ == State::kConnected; }
  int take_error() override;

 private:
  enum class State { kFresh, kListening, kConnecting, kConnected, kFailed };

  std::shared_ptr<StreamSocket> self();
  std::shared_ptr<Channel> make_channel() const;
  bool backlog_full() const;
  int connect_to(const Address& target);
  int connect_at_once(const Address& target);
  std::shared_ptr<StreamSocket> admit(const Address& from, const Address& to, std::shared_ptr<Channel> inward);
  void establish(std::shared_ptr<Channel> inward, std::shared_ptr<Channel> outward);
  void call(int attempt);
  void plan_call(int64_t delay, int attempt);
  void plan_failure(int64_t delay, int error);
  void arrive_at(StreamSocket& listener);
  uint32_t connected_readiness() const;
  bool error_waits() const;
  int64_t receive_unconnected();
  int64_t send_unconnected();

  State state_ = State::kFresh;
  int error_ = 0;            // errno of a failed connect(), until told
  bool reset_told_ = false;  // the reset on inward_ was told
  bool read_shut_ = false;
  bool write_shut_ = false;
  size_t backlog_ = 0;
  std::deque<std::shared_ptr<StreamSocket>> waiting_;  // to be accepted
  std::shared_ptr<Channel> inward_;
  std::shared_ptr<Channel> outward_;
};

}  // namespace poe::sim
