// SPDX-License-Identifier: MIT
//
// The cases with descriptors, for every way to wait that can be written as a Poller (pollers.hpp).
#pragma once

#include <unistd.h>

#include <cstdint>
#include <memory>
#include <type_traits>
#include <vector>

#include "../pipe_set.hpp"
#include "echo_connection.hpp"

namespace poe::bench {

template <class Poller>
Poller make_poller(const Run& run) {
  if constexpr (std::is_constructible_v<Poller, const Run&>) {
    return Poller(run);
  } else {
    return Poller();
  }
}

template <class Poller>
void poller_pipes(Run& run) {
  PipeSet pipes(run);
  Poller poller = make_poller<Poller>(run);
  for (unsigned i = 0; i < pipes.size(); ++i) poller.add(pipes.reader(i), i);
  pipes.start();
  bool done = false;
  while (!done) poller.wait(-1, [&](std::uint32_t i, bool) { done |= pipes.hop(i); });
}

template <class Poller, class Service>
class PollerServer {
 public:
  explicit PollerServer(Run& run)
      : poller_(make_poller<Poller>(run)), listener_(run.listener), left_(run.size), open_(run.size) {
    connections_.resize(run.size + 1);
    poller_.add(listener_, 0);
  }
  void run() {
    while (open_ != 0) poller_.wait(-1, [&](std::uint32_t id, bool writable) { ready(id, writable); });
  }

 private:
  using Connection = ServedConnection<Service>;

  void ready(std::uint32_t id, bool writable) {
    if (id == 0) return accept_all();
    Connection& connection = *connections_[id];
    const auto wants = writable ? connection.writable() : connection.readable(buffer_);
    if (wants == Connection::Wants::nothing) return drop(id);
    const bool output = wants == Connection::Wants::output;
    if (output != writable) poller_.want_output(connection.fd(), id, output);
  }
  void accept_all() {
    for (int socket = accept_one(listener_); socket >= 0; socket = accept_one(listener_)) {
      connections_[left_] = std::make_unique<Connection>(socket);
      poller_.add(socket, left_);
      if (--left_ != 0) continue;
      poller_.remove(listener_, 0);
      close(listener_);
      break;
    }
  }
  void drop(std::uint32_t id) {
    poller_.remove(connections_[id]->fd(), id);
    connections_[id].reset();
    --open_;
  }

  Poller poller_;
  int listener_;
  unsigned left_;
  unsigned open_;
  std::vector<std::unique_ptr<Connection>> connections_;
  EchoBuffer buffer_;
};

template <class Poller, class Service = Echo>
void poller_serve(Run& run) {
  PollerServer<Poller, Service>(run).run();
}

}  // namespace poe::bench
