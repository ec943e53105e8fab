// SPDX-License-Identifier: MIT
//
// A server as a user writes it: a session that accepts, and a session for each connection.
#pragma once

#include "ours.hpp"
#include "poe/wheels/listen_accept.hpp"

namespace poe::bench {

/// Takes as many connections as are to come, then no more; the kernel ends with the last of them. A Connection is a
/// session made from (Birth, Fd).
template <class Connection>
class Server : public Session {
 public:
  Server(Birth birth, Fd listener, unsigned expected)
      : Session(std::move(birth)), left_(expected), accept_(*this, wiring(std::move(listener))) {}
  static void handlers(Handlers<Server>&) {}

 private:
  ListenAcceptOptions wiring(Fd listener) {
    ListenAcceptOptions options(std::move(listener));
    options.on_accept = [this](Fd socket, const SocketAddress&) {
      kernel().spawn<Connection>(std::move(socket));
      if (--left_ == 0) accept_ = ListenAccept();
    };
    options.on_error = [](const Error& error) { throw std::runtime_error(error.message()); };
    return options;
  }
  unsigned left_;
  ListenAccept accept_;
};

template <class Connection>
void serve(Run& run) {
  Kernel kernel = open_for(run);
  kernel.spawn<Server<Connection>>(Fd(run.listener), run.size);
  run_to_end(kernel);
}

}  // namespace poe::bench
