// SPDX-License-Identifier: MIT
//
// Qt used directly: posted events to objects (cheaper than queued calls), QBasicTimer (no object a timer), and
// QSocketNotifier with recv and send (QTcpSocket writes three times a message and copies). Signals and slots are
// avoided where an event will do, so no moc is needed.
#include <QBasicTimer>
#include <QCoreApplication>
#include <QEvent>
#include <QSocketNotifier>
#include <QTimerEvent>
#include <memory>
#include <stdexcept>
#include <vector>

#include "../pipe_set.hpp"
#include "echo_connection.hpp"
#include "handlers.hpp"
#include "peers.hpp"
#include "timer_cases.hpp"

namespace poe::bench {

namespace {

class Application {
 public:
  Application() : application_(count_, arguments_) {}
  void run() { QCoreApplication::exec(); }

 private:
  char name_[10] = "poe-bench";
  int count_ = 1;
  char* arguments_[2] = {name_, nullptr};
  QCoreApplication application_;
};

const QEvent::Type kHopType = static_cast<QEvent::Type>(QEvent::User + 1);

// ---- messages

struct HopEvent final : QEvent {
  explicit HopEvent(std::uint64_t number) : QEvent(kHopType), left(number) {}
  std::uint64_t left;
};

/// One object of a ring; a virtual call of Qt's own brings the message, so there is no Receiver beside it.
class Member final : public QObject {
 public:
  explicit Member(std::uint64_t& alive) : alive_(alive), next_(this) {}
  void set_next(Member* next) { next_ = next; }
  bool event(QEvent* event) override {
    if (event->type() != kHopType) return QObject::event(event);
    const std::uint64_t left = static_cast<HopEvent*>(event)->left;
    if (left > 1) {
      QCoreApplication::postEvent(next_, new HopEvent(left - 1));
    } else if (--alive_ == 0) {
      QCoreApplication::quit();
    }
    return true;
  }

 private:
  std::uint64_t& alive_;
  Member* next_;
};

void qt_hops(Run& run) {
  Application application;
  std::uint64_t alive = 0;
  std::vector<std::unique_ptr<Member>> members;
  for (unsigned i = 0; i < run.size; ++i) members.push_back(std::make_unique<Member>(alive));
  for (unsigned i = 0; i < run.size; ++i) members[i]->set_next(members[(i + 1) % run.size].get());
  run.twice([&](std::uint64_t count) {
    alive = run.size;
    for (auto& member : members) QCoreApplication::postEvent(member.get(), new HopEvent(count / run.size));
    application.run();
  });
}

struct LetterEvent final : QEvent {
  explicit LetterEvent(Letter its_letter) : QEvent(kHopType), letter(std::move(its_letter)) {}
  Letter letter;
};

class Mailbox final : public QObject {
 public:
  void send(Reader* to, int number) { QCoreApplication::postEvent(this, new LetterEvent(Letter(to, number))); }
  bool event(QEvent* event) override {
    if (event->type() != kHopType) return QObject::event(event);
    const Letter& letter = static_cast<LetterEvent*>(event)->letter;
    if (letter.to->receive(letter.text)) {
      send(letter.to, letter.number + 1);
    } else {
      QCoreApplication::quit();
    }
    return true;
  }
};

void qt_payload(Run& run) {
  Application application;
  Mailbox mailbox;
  run.twice([&](std::uint64_t count) {
    Reader reader(count);
    mailbox.send(&reader, 1);
    application.run();
  });
}

// ---- timers

class Timers final : public QObject {
 public:
  explicit Timers(std::size_t count) : timers_(count) {}
  void add(const std::vector<std::uint32_t>& delays) {
    for (std::size_t i = 0; i < delays.size(); ++i) set(i, delays[i]);
  }
  void set(std::size_t i, std::uint32_t ms) { timers_[i].start(static_cast<int>(ms), Qt::PreciseTimer, this); }
  void cancel(std::size_t i) { timers_[i].stop(); }

 private:
  Application application_;
  std::vector<QBasicTimer> timers_;
};

/// Fires plain timers of one object: what a program does whose timers fire once and need no handle.
class OneShots final : public QObject {
 public:
  explicit OneShots(const std::vector<std::uint32_t>& delays) : left_(delays.size()) {
    for (const std::uint32_t ms : delays) startTimer(static_cast<int>(ms), Qt::PreciseTimer);
  }

 protected:
  void timerEvent(QTimerEvent* event) override {
    killTimer(event->timerId());
    if (--left_ == 0) QCoreApplication::quit();
  }

 private:
  std::size_t left_;
};

void qt_timer_fire(Run& run) {
  Application application;
  OneShots timers(near_delays(run.operations));
  sleep_past_near();
  run.begin();
  application.run();
  run.end();
}

// ---- descriptors

/// A notifier that calls without a signal.
template <class F>
class Notifier final : public QSocketNotifier {
 public:
  Notifier(int fd, Type type, F ready) : QSocketNotifier(fd, type), ready_(std::move(ready)) {}
  bool event(QEvent* event) override {
    if (event->type() != QEvent::SockAct) return QSocketNotifier::event(event);
    ready_();
    return true;
  }

 private:
  F ready_;
};

void qt_pipes(Run& run) {
  Application application;
  PipeSet pipes(run);
  std::vector<std::unique_ptr<QSocketNotifier>> notifiers;
  for (unsigned i = 0; i < pipes.size(); ++i) {
    const auto ready = [&pipes, i] {
      if (pipes.hop(i)) QCoreApplication::quit();
    };
    notifiers.push_back(std::make_unique<Notifier<decltype(ready)>>(pipes.reader(i), QSocketNotifier::Read, ready));
  }
  pipes.start();
  application.run();
}

class Server;

class Connection final : public QSocketNotifier {
 public:
  Connection(Server& server, int socket) : QSocketNotifier(socket, Read), server_(server), echo_(socket) {}
  ~Connection() override { setEnabled(false); }  // before the descriptor is closed
  bool event(QEvent* event) override;

 private:
  void go_on(EchoConnection::Wants wants);
  Server& server_;
  EchoConnection echo_;
  std::unique_ptr<QSocketNotifier> output_;  // only after a short write
};

class Server final : public QSocketNotifier {
 public:
  Server(int listener, unsigned expected)
      : QSocketNotifier(listener, Read), listener_(listener), left_(expected), open_(expected) {}
  bool event(QEvent* event) override {
    if (event->type() != QEvent::SockAct) return QSocketNotifier::event(event);
    for (int socket = accept_one(listener_); socket >= 0; socket = accept_one(listener_)) {
      new Connection(*this, socket);
      if (--left_ != 0) continue;
      setEnabled(false);
      close(listener_);
      break;
    }
    return true;
  }
  EchoBuffer& buffer() noexcept { return buffer_; }
  void closed() {
    if (--open_ == 0) QCoreApplication::quit();
  }

 private:
  int listener_;
  unsigned left_;
  unsigned open_;
  EchoBuffer buffer_;
};

bool Connection::event(QEvent* event) {
  if (event->type() != QEvent::SockAct) return QSocketNotifier::event(event);
  go_on(echo_.readable(server_.buffer()));
  return true;
}

void Connection::go_on(EchoConnection::Wants wants) {
  if (wants == EchoConnection::Wants::nothing) {
    setEnabled(false);
    server_.closed();
    deleteLater();
    return;
  }
  const bool output = wants == EchoConnection::Wants::output;
  if (output == (output_ != nullptr)) return;
  setEnabled(!output);
  if (output) {
    const auto ready = [this] { go_on(echo_.writable()); };
    output_ = std::make_unique<Notifier<decltype(ready)>>(echo_.fd(), QSocketNotifier::Write, ready);
  } else {
    output_->setEnabled(false);
    output_.release()->deleteLater();  // it is the one that calls us
  }
}

void qt_echo(Run& run) {
  Application application;
  Server server(run.listener, run.size);
  application.run();
}

}  // namespace

Subject qt_subject() {
  return {"qt",
          qVersion(),
          {qt_hops, qt_hops, qt_payload, peer_timer_add<Timers>, peer_timer_cancel<Timers>, qt_timer_fire,
           peer_timer_move<Timers>, qt_pipes, qt_echo}};
}

}  // namespace poe::bench
