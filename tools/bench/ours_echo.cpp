// SPDX-License-Identifier: MIT
//
// The echo server as a user writes it: a session with a ReadWrite for each connection.
#include "ours_server.hpp"
#include "poe/filters/stream.hpp"
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

}  // namespace

void our_echo(Run& run) { serve<Connection>(run); }

}  // namespace poe::bench
