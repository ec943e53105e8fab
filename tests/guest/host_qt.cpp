// SPDX-License-Identifier: MIT
#include <signal.h>
#include <unistd.h>

#include <QtCore/QAbstractEventDispatcher>
#include <QtCore/QCoreApplication>
#include <QtCore/QEventLoop>
#include <QtCore/QSocketNotifier>
#include <QtCore/QThread>
#include <QtCore/QTimer>
#include <cstdlib>
#include <memory>

#include "host_program.h"

namespace {

// A Qt program hears signals through a pipe of its own.
int signal_pipe[2] = {-1, -1};
void on_signal(int) {
  if (::write(signal_pipe[1], "s", 1) != 1) std::abort();
}

struct Program {
  // Qt keeps references to argc and argv as long as the application lives.
  int argc = 1;
  char name[5] = "host";
  char* argv[2] = {name, nullptr};
  QCoreApplication app{argc, argv};
  int pipe[2] = {-1, -1};
  std::unique_ptr<QTimer> timer{};
  std::unique_ptr<QSocketNotifier> poll{}, signal{};
  QEventLoop* innermost = nullptr;
  bool running = false;
  long bytes = 0, signals_heard = 0;
  host_call* call = nullptr;
  void* arg = nullptr;

  Program() {
    if (::pipe(pipe) != 0 || ::pipe(signal_pipe) != 0) std::abort();
    ::signal(SIGUSR2, on_signal);
    timer = std::make_unique<QTimer>();
    timer->setTimerType(Qt::PreciseTimer);
    QObject::connect(timer.get(), &QTimer::timeout, timer.get(), [this] { tick(); });
    timer->start(1);
    poll = reader(pipe[0], bytes);
    signal = reader(signal_pipe[0], signals_heard);
  }
  ~Program() {
    ::signal(SIGUSR2, SIG_DFL);
    for (const int fd : {pipe[0], pipe[1], signal_pipe[0], signal_pipe[1]}) ::close(fd);
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  static std::unique_ptr<QSocketNotifier> reader(int fd, long& count) {
    auto notifier = std::make_unique<QSocketNotifier>(fd, QSocketNotifier::Read);
    QObject::connect(notifier.get(), &QSocketNotifier::activated, notifier.get(), [fd, &count] {
      char byte;
      if (::read(fd, &byte, 1) == 1) ++count;
    });
    return notifier;
  }
  void tick() {
    if (::write(pipe[1], "x", 1) != 1) std::abort();
    ::raise(SIGUSR2);
    if (call != nullptr) call(arg);
  }
};

Program& at(void* host) { return *static_cast<Program*>(host); }

void* make() { return new Program; }
void destroy(void* host) { delete &at(host); }
void* native(void* host) { return &at(host).app; }

// The outermost run is the application's, inner ones are loops as a dialogue has.
void run(void* host) {
  Program& p = at(host);
  if (!p.running) {
    p.running = true;
    QCoreApplication::exec();
    p.running = false;
    return;
  }
  QEventLoop loop;
  QEventLoop* const outer = std::exchange(p.innermost, &loop);
  loop.exec();
  p.innermost = outer;
}
void quit(void* host) {
  if (at(host).innermost != nullptr) {
    at(host).innermost->quit();
  } else {
    QCoreApplication::exit(0);
  }
}
void on_tick(void* host, host_call* call, void* arg) {
  at(host).call = call;
  at(host).arg = arg;
}

long handles(void*) {
  QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
  const QObject* dispatcher = QAbstractEventDispatcher::instance();
  return static_cast<long>(QCoreApplication::instance()->findChildren<QObject*>().size() +
                           (dispatcher != nullptr ? dispatcher->findChildren<QObject*>().size() : 0) +
                           QThread::currentThread()->findChildren<QObject*>().size());
}
long bytes_read(void* host) { return at(host).bytes; }
long signals_heard(void* host) { return at(host).signals_heard; }

}  // namespace

extern "C" const host_program* host_qt(void) {
  static const host_program kHost = {"qt",    make,    destroy,    native,        run,     quit,
                                     on_tick, handles, bytes_read, signals_heard, nullptr, 1};
  return &kHost;
}
