// SPDX-License-Identifier: MIT
//
// libuv used directly. It has no cheap message of its own: a program keeps a queue that an idle handle drains, one
// batch an iteration (uv_async_send would be a system call each). Handles lie in arrays, nothing is allocated per
// operation; writes go out with uv_try_write, and uv_write takes only what is left.
#include <uv.h>

#include <array>
#include <memory>
#include <stdexcept>
#include <vector>

#include "../pipe_set.hpp"
#include "handlers.hpp"
#include "peers.hpp"
#include "task_queue.hpp"
#include "timer_cases.hpp"

namespace poe::bench {

namespace {

void check(int code, const char* what) {
  if (code < 0) throw std::runtime_error(std::string(what) + ": " + uv_strerror(code));
}

struct Loop {
  Loop() { check(uv_loop_init(&uv), "uv_loop_init"); }
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop() {
    uv_walk(
        &uv,
        [](uv_handle_t* handle, void*) {
          if (uv_is_closing(handle) == 0) uv_close(handle, nullptr);
        },
        nullptr);
    uv_run(&uv, UV_RUN_DEFAULT);
    uv_loop_close(&uv);
  }
  void run() { uv_run(&uv, UV_RUN_DEFAULT); }
  uv_loop_t uv;
};

// ---- messages

class Queue {
 public:
  explicit Queue(Loop& loop) {
    uv_idle_init(&loop.uv, &idle_);
    idle_.data = this;
  }
  template <class F>
  void push(F&& message) {
    if (tasks_.empty() && !running_) uv_idle_start(&idle_, on_idle);
    tasks_.push(std::forward<F>(message));
  }

 private:
  static void on_idle(uv_idle_t* idle) {
    auto* self = static_cast<Queue*>(idle->data);
    self->running_ = true;
    self->tasks_.run_batch();
    self->running_ = false;
    if (self->tasks_.empty()) uv_idle_stop(idle);
  }

  uv_idle_t idle_;
  bool running_ = false;
  TaskQueue tasks_;
};

void uv_hops(Run& run) {
  auto loop = std::make_unique<Loop>();
  Queue queue(*loop);
  CheckedSender<Queue> sender(queue);
  Hoppers<CheckedSender<Queue>> hoppers(sender, run.size);
  run.twice([&](std::uint64_t count) {
    hoppers.start(sender, count / run.size);
    loop->run();
  });
  loop.reset();  // before the handle that lies in the queue
}

void uv_payload(Run& run) {
  auto loop = std::make_unique<Loop>();
  Queue queue(*loop);
  run.twice([&](std::uint64_t count) {
    Reader reader(count);
    send_letter(queue, &reader, 1);
    loop->run();
  });
  loop.reset();
}

// ---- timers

class Timers {
 public:
  explicit Timers(std::size_t count) : timers_(count) {
    for (auto& timer : timers_) {
      uv_timer_init(&loop_->uv, &timer);
      timer.data = this;
    }
  }
  ~Timers() { loop_.reset(); }
  void add(const std::vector<std::uint32_t>& delays) {
    for (std::size_t i = 0; i < delays.size(); ++i) set(i, delays[i]);
  }
  void set(std::size_t i, std::uint32_t ms) { uv_timer_start(&timers_[i], on_due, ms, 0); }
  void cancel(std::size_t i) { uv_timer_stop(&timers_[i]); }
  void run() { loop_->run(); }
  std::uint64_t fired() const { return fired_; }

 private:
  static void on_due(uv_timer_t* timer) { ++static_cast<Timers*>(timer->data)->fired_; }
  std::unique_ptr<Loop> loop_ = std::make_unique<Loop>();
  std::vector<uv_timer_t> timers_;
  std::uint64_t fired_ = 0;
};

// ---- pipes: uv_poll, because each event is one byte read by hand, as for every peer

class Relay {
 public:
  explicit Relay(PipeSet& pipes) : pipes_(pipes), polls_(pipes.size()) {
    for (unsigned i = 0; i < pipes.size(); ++i) {
      check(uv_poll_init(&loop_->uv, &polls_[i], pipes.reader(i)), "uv_poll_init");
      polls_[i].data = this;
      check(uv_poll_start(&polls_[i], UV_READABLE, on_ready), "uv_poll_start");
    }
  }
  ~Relay() { loop_.reset(); }
  void run() { loop_->run(); }

 private:
  static void on_ready(uv_poll_t* poll, int, int) {
    auto* self = static_cast<Relay*>(poll->data);
    if (self->pipes_.hop(static_cast<unsigned>(poll - self->polls_.data()))) uv_stop(poll->loop);
  }
  std::unique_ptr<Loop> loop_ = std::make_unique<Loop>();
  PipeSet& pipes_;
  std::vector<uv_poll_t> polls_;
};

void uv_pipes(Run& run) {
  PipeSet pipes(run);
  Relay relay(pipes);
  pipes.start();
  relay.run();
}

// ---- echo

class Server {
 public:
  Server(int listener, unsigned expected) : left_(expected) {
    check(uv_tcp_init(&loop_.uv, &listener_), "uv_tcp_init");
    check(uv_tcp_open(&listener_, listener), "uv_tcp_open");
    listener_.data = this;
    check(uv_listen(reinterpret_cast<uv_stream_t*>(&listener_), 1024, on_connection), "uv_listen");
  }
  void run() { loop_.run(); }

 private:
  struct Connection {
    uv_tcp_t socket;
    uv_write_t request;  // one at a time: reading rests while it is under way
    std::string rest;
    Server* server;
  };

  static void on_connection(uv_stream_t* listener, int) {
    auto* server = static_cast<Server*>(listener->data);
    auto* connection = new Connection;
    connection->server = server;
    uv_tcp_init(&server->loop_.uv, &connection->socket);
    connection->socket.data = connection;
    connection->request.data = connection;
    uv_accept(listener, reinterpret_cast<uv_stream_t*>(&connection->socket));
    uv_read_start(reinterpret_cast<uv_stream_t*>(&connection->socket), on_buffer, on_read);
    if (--server->left_ == 0) uv_close(reinterpret_cast<uv_handle_t*>(listener), nullptr);
  }
  static void on_buffer(uv_handle_t* handle, std::size_t, uv_buf_t* ret) {
    auto& buffer = static_cast<Connection*>(handle->data)->server->buffer_;
    *ret = uv_buf_init(buffer.data(), static_cast<unsigned>(buffer.size()));
  }
  static void on_read(uv_stream_t* stream, ssize_t count, const uv_buf_t* buffer) {
    auto* connection = static_cast<Connection*>(stream->data);
    if (count < 0) return finish(connection);
    if (count == 0) return;
    uv_buf_t bytes = uv_buf_init(buffer->base, static_cast<unsigned>(count));
    const int sent = uv_try_write(stream, &bytes, 1);
    if (sent == count) return;
    if (sent < 0 && sent != UV_EAGAIN) return finish(connection);
    const std::size_t taken = sent < 0 ? 0 : static_cast<std::size_t>(sent);
    connection->rest.assign(buffer->base + taken, static_cast<std::size_t>(count) - taken);
    bytes = uv_buf_init(connection->rest.data(), static_cast<unsigned>(connection->rest.size()));
    uv_read_stop(stream);
    uv_write(&connection->request, stream, &bytes, 1, on_written);
  }
  static void on_written(uv_write_t* request, int status) {
    auto* connection = static_cast<Connection*>(request->data);
    if (status < 0) return finish(connection);
    uv_read_start(reinterpret_cast<uv_stream_t*>(&connection->socket), on_buffer, on_read);
  }
  static void finish(Connection* connection) {
    if (uv_is_closing(reinterpret_cast<uv_handle_t*>(&connection->socket)) != 0) return;
    uv_close(reinterpret_cast<uv_handle_t*>(&connection->socket),
             [](uv_handle_t* handle) { delete static_cast<Connection*>(handle->data); });
  }

  Loop loop_;
  uv_tcp_t listener_;
  unsigned left_;
  std::array<char, 65536> buffer_;
};

void uv_echo(Run& run) { Server(run.listener, run.size).run(); }

}  // namespace

Subject uv_subject() {
  Subject subject{"libuv",
                  uv_version_string(),
                  {uv_hops, uv_hops, uv_payload, peer_timer_add<Timers>, peer_timer_cancel<Timers>,
                   peer_timer_fire<Timers>, peer_timer_move<Timers>, uv_pipes, uv_echo}};
  subject.can(Kind::timer_set, peer_timer_add<Timers>);  // from the loop's time, whichever case it is
  subject.can(Kind::timer_move, peer_timer_move<Timers>);
  return subject;
}

}  // namespace poe::bench
