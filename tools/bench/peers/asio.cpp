// SPDX-License-Identifier: MIT
//
// Standalone Asio used directly, told that one thread runs it (concurrency hint 1), so that it posts without a lock and
// recycles the memory of its handlers. All of it is in one file because its headers are slow to compile.
#define ASIO_STANDALONE 1
#define ASIO_NO_DEPRECATED 1
#include <array>
#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/version.hpp>
#include <asio/write.hpp>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

#include "../pipe_set.hpp"
#include "asio_server.hpp"
#include "handlers.hpp"
#include "peers.hpp"
#include "timer_cases.hpp"

namespace poe::bench {

namespace {

using std::chrono::milliseconds;

void run_all(asio::io_context& context) {
  context.restart();
  context.run();
}

// ---- messages

/// Asio's own queue.
struct Queue {
  template <class F>
  void push(F&& message) {
    asio::post(context, std::forward<F>(message));
  }
  asio::io_context context{1};
};

void asio_hops(Run& run) {
  Queue queue;
  QueueSender<Queue> sender(queue);
  Hoppers<QueueSender<Queue>> hoppers(sender, run.size);
  run.twice([&](std::uint64_t count) {
    hoppers.start(sender, count / run.size);
    run_all(queue.context);
  });
}

void asio_payload(Run& run) {
  Queue queue;
  run.twice([&](std::uint64_t count) {
    Reader reader(count);
    send_letter(queue, &reader, 1);
    run_all(queue.context);
  });
}

// ---- timers

class Timers {
 public:
  explicit Timers(std::size_t count) {
    timers_.reserve(count);
    for (std::size_t i = 0; i < count; ++i) timers_.emplace_back(context_);
  }
  void add(const std::vector<std::uint32_t>& delays) {
    for (std::size_t i = 0; i < delays.size(); ++i) set(i, delays[i]);
  }
  /// Setting a running timer cancels its former wait.
  void set(std::size_t i, std::uint32_t ms) {
    timers_[i].expires_after(milliseconds(ms));
    timers_[i].async_wait([this](const asio::error_code& error) {
      if (!error) ++fired_;
    });
  }
  void cancel(std::size_t i) { timers_[i].cancel(); }
  /// Runs what is ready: cancelled waits are told so.
  void settle() {
    context_.restart();
    context_.poll();
  }
  void run() { run_all(context_); }
  std::uint64_t fired() const { return fired_; }

 private:
  asio::io_context context_{1};
  std::vector<asio::steady_timer> timers_;
  std::uint64_t fired_ = 0;
};

// ---- another thread

void asio_cross_thread(Run& run) {
  asio::io_context context;  // several threads post
  auto work = asio::make_work_guard(context);
  const std::uint64_t last = run.operations;
  std::uint64_t newest = 0;
  const double began = wall_now();
  std::jthread producer([&] {
    for (std::uint64_t i = 1; i <= last; ++i)
      asio::post(context, [&, i] {
        newest = i;
        if (i == last) work.reset();
      });
  });
  context.run();
  if (newest != last) throw std::runtime_error("asio: messages are missing");
  run.report(wall_now() - began);
}

// ---- coroutines

asio::awaitable<void> wait_often(std::uint64_t times) {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  for (std::uint64_t i = 0; i < times; ++i) {
    timer.expires_after(std::chrono::nanoseconds(1));
    co_await timer.async_wait(asio::use_awaitable);
  }
}

void asio_delay(Run& run) {
  asio::io_context context(1);
  run.twice([&](std::uint64_t count) {
    asio::co_spawn(context, wait_often(count), asio::detached);
    run_all(context);
  });
}

// ---- pipes

class Relay {
 public:
  Relay(asio::io_context& context, PipeSet& pipes) : context_(context), pipes_(pipes), bytes_(pipes.size()) {
    ends_.reserve(pipes.size());
    for (unsigned i = 0; i < pipes.size(); ++i) {
      ends_.emplace_back(context, pipes.reader(i));
      wait(i);
    }
  }
  ~Relay() {
    for (auto& end : ends_) end.release();
  }
  void run() { run_all(context_); }

 private:
  void wait(unsigned i) {
    ends_[i].async_read_some(asio::buffer(&bytes_[i], 1), [this, i](const asio::error_code& error, std::size_t) {
      if (error) return;
      if (pipes_.passed(i)) context_.stop();
      wait(i);
    });
  }
  asio::io_context& context_;
  PipeSet& pipes_;
  std::vector<char> bytes_;
  std::vector<asio::posix::stream_descriptor> ends_;
};

void asio_pipes(Run& run) {
  PipeSet pipes(run);
  asio::io_context context(1);
  Relay relay(context, pipes);
  pipes.start();
  relay.run();
}

// ---- echo

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  explicit Connection(asio::ip::tcp::socket socket) : socket_(std::move(socket)) {}
  void read() {
    socket_.async_read_some(asio::buffer(buffer_),
                            [self = shared_from_this()](const asio::error_code& error, std::size_t count) {
                              if (!error) self->write(count);
                            });
  }

 private:
  void write(std::size_t count) {
    asio::async_write(socket_, asio::buffer(buffer_.data(), count),
                      [self = shared_from_this()](const asio::error_code& error, std::size_t) {
                        if (!error) self->read();
                      });
  }
  asio::ip::tcp::socket socket_;
  std::array<char, 4096> buffer_;
};

void asio_echo(Run& run) {
  asio::io_context context(1);
  const AsioServer<Connection, asio::ip::tcp::acceptor> server(context, run.listener, run.size);
  context.run();
}

}  // namespace

Subject asio_subject() {
  const std::string version = std::to_string(ASIO_VERSION / 100000) + "." + std::to_string(ASIO_VERSION / 100 % 1000) +
                              "." + std::to_string(ASIO_VERSION % 100);
  Subject subject{"asio",
                  version,
                  {asio_hops, asio_hops, asio_payload, peer_timer_add<Timers>, peer_timer_cancel<Timers>,
                   peer_timer_fire<Timers>, peer_timer_move<Timers>, asio_pipes, asio_echo}};
  subject.can(Kind::cross_thread, asio_cross_thread);
  subject.can(Kind::delay, asio_delay);
  subject.can(Kind::line_views, asio_lines);
  return subject;
}

}  // namespace poe::bench
