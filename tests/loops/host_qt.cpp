// SPDX-License-Identifier: MIT
#include <QtCore/QAbstractEventDispatcher>
#include <QtCore/QCoreApplication>
#include <QtCore/QEventLoop>
#include <QtCore/QSocketNotifier>
#include <QtCore/QThread>
#include <QtCore/QTimer>
#include <memory>

#include <poe/loop_kit.h>

namespace {

// Qt keeps references to argc and argv as long as the application lives.
struct Application {
  int argc = 1;
  char name[5] = "host";
  char* argv[2] = {name, nullptr};
  std::unique_ptr<QCoreApplication> app{};
  Application() {
    if (!QCoreApplication::instance()) app = std::make_unique<QCoreApplication>(argc, argv);
  }
};

struct QtHost {
  std::unique_ptr<Application> application = std::make_unique<Application>();
  std::unique_ptr<QObject> work = std::make_unique<QObject>();  // parent of the program's own timers and notifiers
  QEventLoop* innermost = nullptr;
};

QtHost& at(void* host) { return *static_cast<QtHost*>(host); }

std::chrono::milliseconds to_ms(std::int64_t ns) { return std::chrono::milliseconds((ns + 999'999) / 1'000'000); }

void* make_host() { return new QtHost; }
void* native(void*) { return QCoreApplication::instance(); }
void destroy(void* host) { delete &at(host); }

int run_inner(void* host, std::int64_t at_most_ns) {
  QEventLoop loop;
  QTimer limit;
  limit.setSingleShot(true);
  limit.setTimerType(Qt::PreciseTimer);
  QObject::connect(&limit, &QTimer::timeout, &loop, &QEventLoop::quit);
  limit.start(to_ms(at_most_ns));
  QEventLoop* outer = std::exchange(at(host).innermost, &loop);
  loop.exec();
  at(host).innermost = outer;
  return 0;
}

// The program's main run is that of the application. exit() would end every loop of the thread, so the limit waits
// until the inner ones have ended.
int run(void* host, std::int64_t at_most_ns) {
  if (at(host).innermost) return run_inner(host, at_most_ns);
  QTimer limit;
  limit.setSingleShot(true);
  limit.setTimerType(Qt::PreciseTimer);
  QObject::connect(&limit, &QTimer::timeout, QCoreApplication::instance(), [host, &limit] {
    if (at(host).innermost)
      limit.start(1);
    else
      QCoreApplication::exit(0);
  });
  limit.start(to_ms(at_most_ns));
  QCoreApplication::exec();
  return 0;
}

void stop(void* host) {
  if (at(host).innermost)
    at(host).innermost->quit();
  else
    QCoreApplication::exit(0);
}

std::int64_t count(void*) {
  QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
  const QObject* dispatcher = QAbstractEventDispatcher::instance();
  return QCoreApplication::instance()->findChildren<QObject*>().size() +
         (dispatcher ? dispatcher->findChildren<QObject*>().size() : 0) +
         QThread::currentThread()->findChildren<QObject*>().size();
}

int add_timer(void* host, std::int64_t every_ns, poe_kit_call* call, void* arg) {
  auto* timer = new QTimer(at(host).work.get());
  timer->setTimerType(Qt::PreciseTimer);
  QObject::connect(timer, &QTimer::timeout, timer, [call, arg] { call(arg); });
  timer->start(to_ms(every_ns));
  return 0;
}

int add_reader(void* host, int fd, poe_kit_call* call, void* arg) {
  auto* notifier = new QSocketNotifier(fd, QSocketNotifier::Read, at(host).work.get());
  QObject::connect(notifier, &QSocketNotifier::activated, notifier, [call, arg] { call(arg); });
  return 0;
}

void clear(void* host) { at(host).work = std::make_unique<QObject>(); }

}  // namespace

extern "C" const poe_kit_foreign* poe_kit_host_entry() {
  static const poe_kit_foreign kForeign = {sizeof kForeign, 0,     "Qt",    make_host, native,
                                           destroy,         run,   stop,    count,     add_timer,
                                           add_reader,      clear, nullptr, run_inner};
  return &kForeign;
}
