// SPDX-License-Identifier: MIT
//
// Many questions under way on each connection: lines, and HTTP requests as wrk sends them.
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <string>
#include <vector>

#include "http_answers.hpp"
#include "load.hpp"

namespace poe::bench {

namespace {

/// Counts lines of kLine octets.
class LineAnswers {
 public:
  std::uint64_t take(std::string_view bytes) {
    octets_ += bytes.size();
    const std::uint64_t whole = octets_ / kLine;
    octets_ %= kLine;
    return whole;
  }

 private:
  std::size_t octets_ = 0;
};

/// Connections that ask in batches: the next one leaves when a whole batch was answered.
template <class Answers>
class Askers {
 public:
  Askers(unsigned count, std::uint16_t port, std::string batch, unsigned batch_size)
      : epoll_(epoll_create1(EPOLL_CLOEXEC)), batch_(std::move(batch)), batch_size_(batch_size), askers_(count) {
    for (unsigned i = 0; i < count; ++i) {
      askers_[i].socket = connect_to(port);
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.u32 = i;
      if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, askers_[i].socket.get(), &event) < 0)
        throw_errno("watch a connection");
    }
  }
  void start(unsigned batches) {
    for (Asker& one : askers_)
      for (unsigned i = 0; i < batches; ++i) ask(one);
  }
  void exchange(std::uint64_t answers) {
    std::uint64_t got = 0;
    while (got < answers) {
      const int count = epoll_wait(epoll_.get(), events_.data(), static_cast<int>(events_.size()), -1);
      for (int i = 0; i < count; ++i) got += take(askers_[events_[static_cast<std::size_t>(i)].data.u32]);
    }
  }

 private:
  struct Asker {
    Fd socket{};
    Answers answers{};
    std::uint64_t answered = 0;  // of the batch
  };

  /// Blocks: no more is ever under way than both sides' buffers take.
  void ask(const Asker& one) {
    if (send(one.socket.get(), batch_.data(), batch_.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(batch_.size()))
      throw_errno("send to the server");
  }
  std::uint64_t take(Asker& one) {
    const ssize_t count = recv(one.socket.get(), buffer_.data(), buffer_.size(), 0);
    if (count == 0) throw std::runtime_error("the server has closed a connection");
    if (count < 0) throw_errno("receive from the server");
    const std::uint64_t got = one.answers.take({buffer_.data(), static_cast<std::size_t>(count)});
    for (one.answered += got; one.answered >= batch_size_; one.answered -= batch_size_) ask(one);
    return got;
  }

  Fd epoll_;
  std::string batch_;
  unsigned batch_size_;
  std::vector<Asker> askers_;
  std::array<epoll_event, 256> events_;
  std::array<char, 65536> buffer_;
};

template <class Answers>
double measured(Askers<Answers>& askers, const Run& run, pid_t server) {
  askers.exchange(run.operations / 8 + run.size);
  const double before = cpu_of(server);
  askers.exchange(run.operations);
  return cpu_of(server) - before;
}

std::string repeated(const std::string& text, unsigned times) {
  std::string all;
  for (unsigned i = 0; i < times; ++i) all += text;
  return all;
}

}  // namespace

double line_load(const Run& run, std::uint16_t port, pid_t server) {
  const unsigned half = run.active / 2;
  Askers<LineAnswers> askers(run.size, port, repeated(std::string(kLine - 1, 'l') + "\n", half), half);
  askers.start(2);
  return measured(askers, run, server);
}

double http_load(const Run& run, std::uint16_t port, pid_t server) {
  const std::string request = "GET / HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) + "\r\n\r\n";
  Askers<HttpAnswers> askers(run.size, port, repeated(request, run.active), run.active);
  askers.start(1);
  return measured(askers, run, server);
}

}  // namespace poe::bench
