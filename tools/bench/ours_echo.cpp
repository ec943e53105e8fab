// SPDX-License-Identifier: MIT
//
// The echo server as a user writes it: a session that accepts, and a session with a ReadWrite for each connection.
#include "ours.hpp"
#include "poe/filters/stream.hpp"
#include "poe/wheels/listen_accept.hpp"
#include "poe/wheels/read_write.hpp"

namespace poe::bench {

namespace {

class Connection : public Session {
 public:
  Connection(Birth birth, Fd socket) : Session(std::move(birth)), io_(*this, wiring(std::move(socket))) {}
  static void handlers(Handlers<Connection>&) {}

 private:
  ReadWriteOptions wiring(Fd socket) {
    ReadWriteOptions options(std::move(socket));
    options.filter = StreamFilter();
    options.on_record = [this](std::string_view bytes) { static_cast<void>(io_.put(bytes)); };
    options.on_error = [this](const Error&) { request_stop(); };  // the client has gone
    return options;
  }
  ReadWrite io_;
};

/// Takes as many connections as are to come, then no more; the kernel ends with the last of them.
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

}  // namespace

void our_echo(Run& run) {
  Kernel kernel = open_for(run);
  kernel.spawn<Server>(Fd(run.listener), run.size);
  run_to_end(kernel);
}

}  // namespace poe::bench
