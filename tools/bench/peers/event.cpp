// SPDX-License-Identifier: MIT
//
// libevent used directly. Messages are a queue and one event that is made active (event_active) when it fills. Events
// lie in arrays (event_assign), echo is recv and send on readiness: a bufferevent costs two epoll_ctl and one ioctl
// more a message.
#include <memory>
#include <stdexcept>
#include <vector>

#include "../pipe_set.hpp"
#include "echo_connection.hpp"
#include "event_base.hpp"
#include "handlers.hpp"
#include "peers.hpp"
#include "task_queue.hpp"
#include "timer_cases.hpp"

namespace poe::bench {

namespace {

using Base = EventBase;

// ---- messages

/// A queue and one event that comes in the next round of the loop. Why not event_active() again from its own callback:
/// libevent then calls it without a look at the descriptors.
class Queue {
 public:
  explicit Queue(Base& base) { evtimer_assign(&event_, base, on_turn, this); }
  template <class F>
  void push(F&& message) {
    if (tasks_.empty() && !running_) event_active(&event_, EV_TIMEOUT, 0);
    tasks_.push(std::forward<F>(message));
  }

 private:
  static void on_turn(evutil_socket_t, short, void* queue) {
    auto* self = static_cast<Queue*>(queue);
    self->running_ = true;
    self->tasks_.run_batch();
    self->running_ = false;
    constexpr timeval kNextRound{0, 0};
    if (!self->tasks_.empty()) evtimer_add(&self->event_, &kNextRound);
  }
  event event_;
  bool running_ = false;
  TaskQueue tasks_;
};

void event_hops(Run& run) {
  Base base;
  Queue queue(base);
  CheckedSender<Queue> sender(queue);
  Hoppers<CheckedSender<Queue>> hoppers(sender, run.size);
  run.twice([&](std::uint64_t count) {
    hoppers.start(sender, count / run.size);
    base.run();
  });
}

void event_payload(Run& run) {
  Base base;
  Queue queue(base);
  run.twice([&](std::uint64_t count) {
    Reader reader(count);
    send_letter(queue, &reader, 1);
    base.run();
  });
}

// ---- timers

class Timers {
 public:
  explicit Timers(std::size_t count) : timers_(count) {
    for (auto& timer : timers_) evtimer_assign(&timer, base_, on_due, this);
  }
  ~Timers() {
    for (auto& timer : timers_) evtimer_del(&timer);
  }
  void add(const std::vector<std::uint32_t>& delays) {
    for (std::size_t i = 0; i < delays.size(); ++i) set(i, delays[i]);
  }
  void set(std::size_t i, std::uint32_t ms) {
    const timeval delay{ms / 1000, static_cast<suseconds_t>(ms % 1000) * 1000};
    evtimer_add(&timers_[i], &delay);
  }
  void cancel(std::size_t i) { evtimer_del(&timers_[i]); }
  void run() { base_.run(); }
  std::uint64_t fired() const { return fired_; }

 private:
  static void on_due(evutil_socket_t, short, void* self) { ++static_cast<Timers*>(self)->fired_; }
  Base base_;
  std::vector<event> timers_;
  std::uint64_t fired_ = 0;
};

// ---- descriptors

class Relay {
 public:
  explicit Relay(PipeSet& pipes) : pipes_(pipes), events_(pipes.size()) {
    for (unsigned i = 0; i < pipes.size(); ++i) {
      event_assign(&events_[i].event, base_, pipes.reader(i), EV_READ | EV_PERSIST, on_ready, &events_[i]);
      events_[i].relay = this;
      event_add(&events_[i].event, nullptr);
    }
  }
  ~Relay() {
    for (auto& one : events_) event_del(&one.event);
  }
  void run() { base_.run(); }

 private:
  struct Watched {
    ::event event;
    Relay* relay;
  };
  static void on_ready(evutil_socket_t, short, void* which) {
    auto* watched = static_cast<Watched*>(which);
    Relay* self = watched->relay;
    if (self->pipes_.hop(static_cast<unsigned>(watched - self->events_.data()))) event_base_loopbreak(self->base_);
  }
  Base base_;
  PipeSet& pipes_;
  std::vector<Watched> events_;
};

void event_pipes(Run& run) {
  PipeSet pipes(run);
  Relay relay(pipes);
  pipes.start();
  relay.run();
}

class Server {
 public:
  Server(int listener, unsigned expected) : socket_(listener), left_(expected) {
    event_assign(&listener_, base_, listener, EV_READ | EV_PERSIST, on_connection, this);
    event_add(&listener_, nullptr);
  }
  void run() { base_.run(); }

 private:
  struct Connection {
    Connection(Server& its_server, int socket) : server(its_server), echo(socket) {}
    Server& server;
    EchoConnection echo;
    ::event input;
    ::event output;
  };

  static void on_connection(evutil_socket_t, short, void* which) {
    auto* self = static_cast<Server*>(which);
    for (int socket = accept_one(self->socket_); socket >= 0; socket = accept_one(self->socket_)) {
      auto* connection = new Connection(*self, socket);
      event_assign(&connection->input, self->base_, socket, EV_READ | EV_PERSIST, on_readable, connection);
      event_assign(&connection->output, self->base_, socket, EV_WRITE, on_writable, connection);
      event_add(&connection->input, nullptr);
      if (--self->left_ != 0) continue;
      event_del(&self->listener_);
      close(self->socket_);
      break;
    }
  }
  static void on_readable(evutil_socket_t, short, void* which) {
    auto* connection = static_cast<Connection*>(which);
    go_on(connection, connection->echo.readable(connection->server.buffer_), false);
  }
  static void on_writable(evutil_socket_t, short, void* which) {
    auto* connection = static_cast<Connection*>(which);
    go_on(connection, connection->echo.writable(), true);
  }
  static void go_on(Connection* connection, EchoConnection::Wants wants, bool was_writing) {
    if (wants == EchoConnection::Wants::nothing) {
      event_del(&connection->input);
      event_del(&connection->output);
      delete connection;
    } else if (wants == EchoConnection::Wants::output) {
      event_del(&connection->input);
      event_add(&connection->output, nullptr);
    } else if (was_writing) {
      event_add(&connection->input, nullptr);
    }
  }

  Base base_;
  int socket_;
  unsigned left_;
  event listener_;
  EchoBuffer buffer_;
};

void event_echo(Run& run) { Server(run.listener, run.size).run(); }

}  // namespace

Subject event_subject() {
  return {"libevent",
          event_get_version(),
          {event_hops, event_hops, event_payload, peer_timer_add<Timers>, peer_timer_cancel<Timers>,
           peer_timer_fire<Timers>, peer_timer_move<Timers>, event_pipes, event_echo}};
}

}  // namespace poe::bench
