// SPDX-License-Identifier: MIT
//
// libevent's bufferevent, which is to libevent what ReadWrite and a filter are to us.
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>

#include "echo_connection.hpp"
#include "event_base.hpp"
#include "peers.hpp"

namespace poe::bench {

namespace {

class Server {
 public:
  Server(int listener, unsigned expected, bufferevent_data_cb answer)
      : socket_(listener), left_(expected), answer_(answer) {
    event_assign(&listener_, base_, listener, EV_READ | EV_PERSIST, on_connection, this);
    event_add(&listener_, nullptr);
  }
  void run() { base_.run(); }

 private:
  static void on_connection(evutil_socket_t, short, void* which) {
    auto* self = static_cast<Server*>(which);
    for (int socket = accept_one(self->socket_); socket >= 0; socket = accept_one(self->socket_)) {
      bufferevent* const connection = bufferevent_socket_new(self->base_, socket, BEV_OPT_CLOSE_ON_FREE);
      bufferevent_setcb(connection, self->answer_, nullptr, on_end, self);
      bufferevent_enable(connection, EV_READ | EV_WRITE);
      if (--self->left_ != 0) continue;
      event_del(&self->listener_);
      close(self->socket_);
      break;
    }
  }
  static void on_end(bufferevent* connection, short, void*) { bufferevent_free(connection); }

  EventBase base_;
  int socket_;
  unsigned left_;
  bufferevent_data_cb answer_;
  event listener_;
};

/// Moves the octets, without a copy.
void echo(bufferevent* connection, void*) { bufferevent_write_buffer(connection, bufferevent_get_input(connection)); }

/// One string a line.
void echo_lines(bufferevent* connection, void*) {
  evbuffer* const input = bufferevent_get_input(connection);
  evbuffer* const output = bufferevent_get_output(connection);
  std::size_t size = 0;
  while (char* const line = evbuffer_readln(input, &size, EVBUFFER_EOL_LF)) {
    evbuffer_add(output, line, size);
    evbuffer_add(output, "\n", 1);
    std::free(line);
  }
}

template <bufferevent_data_cb kAnswer>
void serve(Run& run) {
  signal(SIGPIPE, SIG_IGN);  // it does not ask the system to leave that out
  Server(run.listener, run.size, kAnswer).run();
}

}  // namespace

Subject bufferevent_subject() {
  Subject subject{"bufferevent", event_get_version(), {}};
  subject.can(Kind::echo, serve<echo>);
  subject.can(Kind::line_views, serve<echo_lines>);
  subject.can(Kind::line_strings, serve<echo_lines>);
  subject.can(Kind::idle_bytes, serve<echo_lines>);
  return subject;
}

}  // namespace poe::bench
