// SPDX-License-Identifier: MIT
//
// Many connections of one session: a wheel with a line filter and somebody who takes its records, for each.
#include <memory>
#include <vector>

#include "ours.hpp"
#include "poe/filters/line.hpp"
#include "poe/wheels/listen_accept.hpp"
#include "poe/wheels/read_write.hpp"

namespace poe::bench {

namespace {

class IdleServer : public Session {
 public:
  IdleServer(Birth birth, Fd listener, unsigned expected)
      : Session(std::move(birth)), left_(expected), open_(expected), accept_(*this, wiring(std::move(listener))) {}
  static void handlers(Handlers<IdleServer>&) {}

 private:
  class Connection final : public ReadWriteReceiver {
   public:
    Connection(IdleServer& server, Fd socket) : server_(server), io_(server, wiring(std::move(socket))) {}
    void on_record(std::string_view line) override { static_cast<void>(io_.put(line)); }
    void on_error(const Error&) override {
      if (--server_.open_ == 0) server_.request_stop();
    }

   private:
    ReadWriteOptions wiring(Fd socket) {
      ReadWriteOptions options(std::move(socket));
      options.filter = server_.lines_.clone();  // clones share their settings
      options.receiver = this;
      return options;
    }
    IdleServer& server_;
    ReadWrite io_;
  };

  ListenAcceptOptions wiring(Fd listener) {
    ListenAcceptOptions options(std::move(listener));
    options.on_accept = [this](Fd socket, const SocketAddress&) {
      connections_.push_back(std::make_unique<Connection>(*this, std::move(socket)));
      if (--left_ == 0) accept_ = ListenAccept();
    };
    options.on_error = [](const Error& error) { throw std::runtime_error(error.message()); };
    return options;
  }
  unsigned left_;
  unsigned open_;
  LineFilter lines_{LineOptions("\n")};
  std::vector<std::unique_ptr<Connection>> connections_;
  ListenAccept accept_;
};

}  // namespace

void our_idle(Run& run) {
  Kernel kernel = open_for(run);
  kernel.spawn<IdleServer>(Fd(run.listener), run.size);
  run_to_end(kernel);
}

}  // namespace poe::bench
