// SPDX-License-Identifier: MIT
//
// evhttp, libevent's HTTP server. It ends when its clients have gone.
#include <event2/buffer.h>
#include <event2/http.h>
#include <signal.h>

#include <memory>

#include "event_base.hpp"
#include "peers.hpp"

namespace poe::bench {

namespace {

class Server {
 public:
  Server(int listener, unsigned expected) : open_(expected), http_(evhttp_new(base_)) {
    if (http_ == nullptr || evhttp_accept_socket(http_, listener) != 0) throw std::runtime_error("evhttp failed");
    evhttp_set_gencb(http_, on_request, this);
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server() { evhttp_free(http_); }
  void run() { base_.run(); }

 private:
  static void on_request(evhttp_request* request, void* server) {
    static_cast<Server*>(server)->see(evhttp_request_get_connection(request));
    evhttp_add_header(evhttp_request_get_output_headers(request), "Content-Type", "text/plain; charset=utf-8");
    const std::unique_ptr<evbuffer, void (*)(evbuffer*)> body(evbuffer_new(), evbuffer_free);
    evbuffer_add(body.get(), "Hello, world!", 13);
    evhttp_send_reply(request, HTTP_OK, "OK", body.get());
  }
  void see(evhttp_connection* connection) { evhttp_connection_set_closecb(connection, on_close, this); }
  static void on_close(evhttp_connection*, void* server) {
    auto* self = static_cast<Server*>(server);
    if (--self->open_ == 0) event_base_loopbreak(self->base_);
  }

  EventBase base_;
  unsigned open_;
  evhttp* http_;
};

void evhttp_hello(Run& run) {
  signal(SIGPIPE, SIG_IGN);
  Server(run.listener, run.size).run();
}

}  // namespace

Subject evhttp_subject() {
  Subject subject{"evhttp", event_get_version(), {}};
  subject.can(Kind::http, evhttp_hello);
  return subject;
}

}  // namespace poe::bench
