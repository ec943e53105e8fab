// SPDX-License-Identifier: MIT
#include "qt_application.hpp"

#include <QtCore/QCoreApplication>
#include <QtCore/QThread>
#include <clocale>
#include <mutex>
#include <string>

namespace poe::qt {
namespace {

// Two loops may begin or end on two threads at once, and Qt's application pointer is the process's.
// Why a global: what it guards is one. It holds no state of ours.
constinit std::mutex application_lock;

/// Qt keeps references to argc and argv for the application's life, so they come first.
struct Arguments {
  int count = 1;
  char name[4] = "poe";
  char* values[2] = {name, nullptr};
};

/// QCoreApplication sets the process's locale and warns on stderr about one that is not UTF-8: neither is ours to do.
class Unnoticed {
 public:
  Unnoticed() : locale_(std::setlocale(LC_ALL, nullptr)), handler_(qInstallMessageHandler(swallow)) {}
  ~Unnoticed() {
    qInstallMessageHandler(handler_);
    std::setlocale(LC_ALL, locale_.c_str());
  }
  Unnoticed(const Unnoticed&) = delete;
  Unnoticed& operator=(const Unnoticed&) = delete;

 private:
  static void swallow(QtMsgType, const QMessageLogContext&, const QString&) {}
  const std::string locale_;
  const QtMessageHandler handler_;
};

}  // namespace

class OurApplication : private Arguments, public QCoreApplication {
 public:
  OurApplication() : QCoreApplication(count, values) {}
  unsigned users = 0;  // loops; under application_lock
};

ApplicationShare::ApplicationShare() {
  const std::lock_guard lock(application_lock);
  if (!QCoreApplication::instance()) {
    const Unnoticed quietly;
    ours_ = new OurApplication;
  } else {
    ours_ = dynamic_cast<OurApplication*>(QCoreApplication::instance());
  }
  if (ours_) ++ours_->users;
}

ApplicationShare::~ApplicationShare() {
  const std::lock_guard lock(application_lock);
  // The last user on another thread than its own cannot destroy it: it then stays for the next loop.
  if (ours_ && --ours_->users == 0 && ours_->thread() == QThread::currentThread()) delete ours_;
}

}  // namespace poe::qt
