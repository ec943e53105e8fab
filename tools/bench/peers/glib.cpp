// SPDX-License-Identifier: MIT
//
// GLib used directly: GSources of our own rather than g_idle_add and g_timeout_add, which allocate for each message.
// Messages are a queue and one source that is ready while it is not empty; timers are sources with a ready time.
#include <glib-unix.h>
#include <glib.h>

#include <memory>
#include <stdexcept>
#include <vector>

#include "../pipe_set.hpp"
#include "echo_connection.hpp"
#include "handlers.hpp"
#include "peers.hpp"
#include "task_queue.hpp"
#include "timer_cases.hpp"

namespace poe::bench {

namespace {

/// A context and a loop of this thread's own.
class Loop {
 public:
  Loop() : context_(g_main_context_new()), loop_(g_main_loop_new(context_, FALSE)) {}
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop() {
    g_main_loop_unref(loop_);
    g_main_context_unref(context_);
  }
  GMainContext* context() const noexcept { return context_; }
  void run() { g_main_loop_run(loop_); }
  void quit() { g_main_loop_quit(loop_); }

 private:
  GMainContext* context_;
  GMainLoop* loop_;
};

// ---- messages

/// A source and the queue it drains. The loop is left when the queue is empty.
class Queue {
 public:
  explicit Queue(Loop& loop) : loop_(loop), source_(g_source_new(&functions_, sizeof(Source))) {
    reinterpret_cast<Source*>(source_)->queue = this;
    g_source_attach(source_, loop.context());
  }
  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;
  ~Queue() {
    g_source_destroy(source_);
    g_source_unref(source_);
  }
  template <class F>
  void push(F&& message) {
    tasks_.push(std::forward<F>(message));
  }

 private:
  struct Source {
    GSource base;
    Queue* queue;
  };
  static gboolean prepare(GSource* source, gint* ret_timeout) {
    *ret_timeout = -1;
    return !reinterpret_cast<Source*>(source)->queue->tasks_.empty();
  }
  static gboolean check(GSource* source) { return !reinterpret_cast<Source*>(source)->queue->tasks_.empty(); }
  static gboolean dispatch(GSource* source, GSourceFunc, gpointer) {
    Queue* self = reinterpret_cast<Source*>(source)->queue;
    self->tasks_.run_batch();
    if (self->tasks_.empty()) self->loop_.quit();
    return G_SOURCE_CONTINUE;
  }
  GSourceFuncs functions_{prepare, check, dispatch, nullptr, nullptr, nullptr};
  Loop& loop_;
  GSource* source_;
  TaskQueue tasks_;
};

void glib_hops(Run& run) {
  Loop loop;
  Queue queue(loop);
  CheckedSender<Queue> sender(queue);
  Hoppers<CheckedSender<Queue>> hoppers(sender, run.size);
  run.twice([&](std::uint64_t count) {
    hoppers.start(sender, count / run.size);
    loop.run();
  });
}

void glib_payload(Run& run) {
  Loop loop;
  Queue queue(loop);
  run.twice([&](std::uint64_t count) {
    Reader reader(count);
    send_letter(queue, &reader, 1);
    loop.run();
  });
}

// ---- timers

class Timers {
 public:
  explicit Timers(std::size_t count) : timers_(count, nullptr) {}
  Timers(const Timers&) = delete;
  Timers& operator=(const Timers&) = delete;
  ~Timers() {
    for (std::size_t i = 0; i < timers_.size(); ++i) cancel(i);
  }
  void add(const std::vector<std::uint32_t>& delays) {
    expected_ = delays.size();
    for (std::size_t i = 0; i < delays.size(); ++i) {
      timers_[i] = g_source_new(&functions_, sizeof(GSource));
      set(i, delays[i]);
      g_source_set_callback(timers_[i], on_due, this, nullptr);
      g_source_attach(timers_[i], loop_.context());
    }
  }
  void set(std::size_t i, std::uint32_t ms) {
    g_source_set_ready_time(timers_[i], g_get_monotonic_time() + gint64{ms} * 1000);
  }
  void cancel(std::size_t i) {
    if (timers_[i] == nullptr) return;
    g_source_destroy(timers_[i]);
    g_source_unref(timers_[i]);
    timers_[i] = nullptr;
  }
  void run() { loop_.run(); }
  std::uint64_t fired() const { return fired_; }

 private:
  static gboolean dispatch(GSource*, GSourceFunc callback, gpointer data) { return callback(data); }
  static gboolean on_due(gpointer data) {
    auto* self = static_cast<Timers*>(data);
    if (++self->fired_ == self->expected_) self->loop_.quit();
    return G_SOURCE_REMOVE;
  }
  GSourceFuncs functions_{nullptr, nullptr, dispatch, nullptr, nullptr, nullptr};
  Loop loop_;
  std::vector<GSource*> timers_;
  std::size_t expected_ = 0;
  std::uint64_t fired_ = 0;
};

// ---- descriptors

/// Calls `function(fd, condition, data)` while the descriptor is ready.
void attach_fd(Loop& loop, int fd, GIOCondition condition, GUnixFDSourceFunc function, gpointer data) {
  GSource* source = g_unix_fd_source_new(fd, condition);
  g_source_set_callback(source, G_SOURCE_FUNC(function), data, nullptr);
  g_source_attach(source, loop.context());
  g_source_unref(source);  // the context keeps it
}

struct Relay {
  explicit Relay(PipeSet& its_pipes) : pipes(its_pipes), ends(its_pipes.size()) {
    for (unsigned i = 0; i < pipes.size(); ++i) {
      ends[i] = {this, i};
      attach_fd(loop, pipes.reader(i), G_IO_IN, on_ready, &ends[i]);
    }
  }
  static gboolean on_ready(gint, GIOCondition, gpointer data) {
    const auto& end = *static_cast<End*>(data);
    if (end.relay->pipes.hop(end.number)) end.relay->loop.quit();
    return G_SOURCE_CONTINUE;
  }
  struct End {
    Relay* relay;
    unsigned number;
  };
  Loop loop;
  PipeSet& pipes;
  std::vector<End> ends;
};

void glib_pipes(Run& run) {
  PipeSet pipes(run);
  Relay relay(pipes);
  pipes.start();
  relay.loop.run();
}

class Server {
 public:
  Server(int listener, unsigned expected) : left_(expected), open_(expected) {
    attach_fd(loop_, listener, G_IO_IN, on_connection, this);
  }
  void run() { loop_.run(); }

 private:
  struct Connection {
    Connection(Server& its_server, int socket) : server(its_server), echo(socket) {}
    Server& server;
    EchoConnection echo;
  };

  static gboolean on_connection(gint listener, GIOCondition, gpointer data) {
    auto* self = static_cast<Server*>(data);
    for (int socket = accept_one(listener); socket >= 0; socket = accept_one(listener)) {
      attach_fd(self->loop_, socket, G_IO_IN, on_readable, new Connection(*self, socket));
      if (--self->left_ != 0) continue;
      close(listener);
      return G_SOURCE_REMOVE;
    }
    return G_SOURCE_CONTINUE;
  }
  static gboolean on_readable(gint, GIOCondition, gpointer data) {
    auto* connection = static_cast<Connection*>(data);
    const auto wants = connection->echo.readable(connection->server.buffer_);
    return go_on(connection, wants, EchoConnection::Wants::input);
  }
  static gboolean on_writable(gint, GIOCondition, gpointer data) {
    auto* connection = static_cast<Connection*>(data);
    return go_on(connection, connection->echo.writable(), EchoConnection::Wants::output);
  }
  /// Keeps the source, or replaces it by one for the other direction.
  static gboolean go_on(Connection* connection, EchoConnection::Wants wants, EchoConnection::Wants now) {
    if (wants == now) return G_SOURCE_CONTINUE;
    Server& server = connection->server;
    if (wants == EchoConnection::Wants::nothing) {
      delete connection;
      if (--server.open_ == 0) server.loop_.quit();
    } else if (wants == EchoConnection::Wants::output) {
      attach_fd(server.loop_, connection->echo.fd(), G_IO_OUT, on_writable, connection);
    } else {
      attach_fd(server.loop_, connection->echo.fd(), G_IO_IN, on_readable, connection);
    }
    return G_SOURCE_REMOVE;
  }

  Loop loop_;
  unsigned left_;
  unsigned open_;
  EchoBuffer buffer_;
};

void glib_echo(Run& run) { Server(run.listener, run.size).run(); }

}  // namespace

Subject glib_subject() {
  return {"glib",
          std::to_string(glib_major_version) + "." + std::to_string(glib_minor_version) + "." +
              std::to_string(glib_micro_version),
          {glib_hops, glib_hops, glib_payload, peer_timer_add<Timers>, peer_timer_cancel<Timers>,
           peer_timer_fire<Timers>, peer_timer_move<Timers>, glib_pipes, glib_echo}};
}

}  // namespace poe::bench
