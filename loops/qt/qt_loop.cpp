// SPDX-License-Identifier: MIT
//
// The loop over Qt 6 Core: this thread's event dispatcher, driven by us, or a guest of the program's application. Each
// notification is a batch of its own, ended by its turn: Qt tells nobody that it has gone through all notifiers, and a
// timer or a posted event after each of them costs more than a turn. Qt shows errors and hang-ups as readiness. Its
// exec() never ends for want of work, so hold() has nothing to do; a QEventLoopLocker would quit the host when it goes.

#include <fcntl.h>
#include <unistd.h>

#include <QtCore/QAbstractEventDispatcher>
#include <QtCore/QCoreApplication>
#include <QtCore/QEventLoop>
#include <QtCore/QThread>
#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "poe/loop_plugin.hpp"
#include "qt_application.hpp"
#include "qt_events.hpp"

namespace {

int loop_level() noexcept { return QThread::currentThread()->loopLevel(); }

int answer(int live, void* foreign, const char* reason, void** ret_foreign, const char** ret_reason) noexcept {
  if (ret_foreign) *ret_foreign = foreign;
  if (ret_reason) *ret_reason = reason;
  return live;
}

QCoreApplication* host_application(const poe_create& how) {
  const char* guest = poe::loop::option(how, "guest");
  if (!how.foreign && !(guest && std::string_view(guest) == "yes")) return nullptr;
  QCoreApplication* app = QCoreApplication::instance();
  if (!app || (how.foreign && how.foreign != app))
    throw poe::loop::Refusal(-EINVAL, "cannot join Qt: the object given is not the program's QCoreApplication");
  if (app->thread() != QThread::currentThread())
    throw poe::loop::Refusal(POE_EWRONG_THREAD,
                             "cannot join Qt: its QCoreApplication lives on another thread; attach there");
  return app;
}

class QtLoop : private poe::qt::Client {
 public:
  static constexpr char kName[] = "qt";
  static constexpr char kVersion[] = "1.0.0";
  static constexpr char kLibrary[] = "Qt Core";
  static constexpr char kLicence[] = "LGPL-3.0-only OR GPL-2.0-only OR GPL-3.0-only";
  static constexpr char kHostSonames[] = "libQt6Core.so.6";
  static constexpr std::uint64_t kCapabilities =
      poe::loop::bits(POE_CAP_NESTED_STEP, POE_CAP_PRIORITY, POE_CAP_FOREIGN, POE_CAP_UNREF, POE_CAP_NESTED_REPORT,
                      POE_CAP_REGULAR_FILES, POE_CAP_FORK_ABANDON, POE_CAP_LINEAR_WAIT);
  static constexpr const char* kOptionSchema[] = {
      "guest=join this thread's QCoreApplication although no object is given; yes, no; no", nullptr};
  static const char* library_version() { return qVersion(); }

  static int probe(void** ret_foreign, const char** ret_reason) {
    QCoreApplication* app = QCoreApplication::instance();
    if (!app) return answer(0, nullptr, "the program has no QCoreApplication", ret_foreign, ret_reason);
    if (app->thread() != QThread::currentThread())
      return answer(0, nullptr, "the QCoreApplication lives on another thread", ret_foreign, ret_reason);
    if (loop_level() > 0) return answer(2, app, "we are inside the application's exec()", ret_foreign, ret_reason);
    return answer(1, app, "this thread has a QCoreApplication", ret_foreign, ret_reason);
  }

  QtLoop(poe::loop::Host host, const poe_create& how)
      : host_(host), app_(host_application(how)), guest_(app_ != nullptr) {
    if (!guest_) share_.emplace();
    if (!guest_ && share_->is_the_programs()) app_ = QCoreApplication::instance();
    const QEventLoop makes_the_dispatcher_of_this_thread;
    poe::qt::Client& self = *this;
    timers_.emplace(self);
    wake_.emplace(waker_.fd(), POE_READ, self);
    notice_inner_loops(*QAbstractEventDispatcher::instance());
    if (app_ && app_->thread() == QThread::currentThread())
      QObject::connect(app_, &QObject::destroyed, &*timers_, [this] { on_application_gone(); });
  }

  void watch(int fd, std::uint32_t interest, std::uint64_t token) {
    if (interest == 0) {
      watches_.remove(fd);
    } else {
      if (!watches_.find(fd) && fcntl(fd, F_GETFD) < 0)  // Qt would only print a warning
        throw std::system_error(errno, std::generic_category(), "cannot watch descriptor " + std::to_string(fd));
      watches_.put(fd, interest, token, *this);
    }
    if (events_ == 0) watches_.sweep();
  }

  void arm(std::int64_t deadline_ns) {
    deadline_ns_ = deadline_ns;
    timers_->stop_deadline();
    if (deadline_ns == POE_NEVER_NS) return timers_->stop_soon();
    const std::int64_t wait_ns = poe::loop::ns_until(deadline_ns, poe::loop::monotonic_ns());
    if (wait_ns == 0) return timers_->start_soon();
    timers_->stop_soon();
    timers_->start_deadline(wait_ns);
  }

  void wake() noexcept { waker_.wake(); }

  void step(std::int64_t max_wait_ns) {
    if (!guest_ && host_.closing()) return host_.finish();
    if (host_.in_callback()) timers_->renew_soon();
    const int level = std::exchange(base_level_, loop_level());
    const std::int64_t start_ns = poe::loop::monotonic_ns();
    const std::int32_t before = host_.delivered();
    std::int64_t left_ns = max_wait_ns;
    int rounds = 0;
    do {
      if (left_ns != 0 && left_ns != POE_NEVER_NS) timers_->start_limit(left_ns);
      process(left_ns != 0);
      if (max_wait_ns != POE_NEVER_NS)
        left_ns = std::max<std::int64_t>(0, max_wait_ns - (poe::loop::monotonic_ns() - start_ns));
      // The GLib dispatcher may need a second round for timers after posted events.
    } while ((left_ns != 0 || ++rounds < 2) && host_.delivered() == before && !host_.closing());
    timers_->stop_limit();
    base_level_ = level;
    if (!guest_ && host_.closing()) host_.finish();
  }

  void run() {
    if (guest_)
      throw poe::loop::Refusal(-ENOTSUP, "a guest of Qt has no run of its own: call QCoreApplication::exec()");
    if (std::exchange(stop_, false) || host_.closing()) return;
    const int level = std::exchange(base_level_, loop_level() + 1);
    const QCoreApplication* app = QCoreApplication::instance();
    if (loop_level() == 0 && app && app->thread() == QThread::currentThread()) {
      runs_.push_back(nullptr);  // the application's own: quit() and the last window closed end it
      QCoreApplication::exec();
    } else {
      QEventLoop loop;
      runs_.push_back(&loop);
      loop.exec();
    }
    runs_.pop_back();
    base_level_ = level;
    stop_ = false;
  }

  int stop() {
    if (guest_) return -ENOTSUP;
    stop_ = true;
    if (!runs_.empty()) quit(runs_.back());
    return 0;
  }

  void hold(bool) noexcept {}

  void close() {
    watches_.clear();
    wake_->setEnabled(false);
    timers_->stop_deadline();
    timers_->stop_soon();
    for (QEventLoop* loop : runs_) quit(loop);
    if (guest_) timers_->start_soon();  // which ends us; an own loop is ended by the next step
  }

  void abandon() noexcept {
    if (share_ && getpid() != process_) share_->leave();
  }

 private:
  /// While it lives the notifier or timer that called us is not destroyed.
  class Event {
   public:
    explicit Event(QtLoop& loop) noexcept : loop_(loop), here_(loop.host_.enter()) {
      if (loop_.events_++ == 0) loop_.watches_.sweep();
    }
    ~Event() { --loop_.events_; }
    Event(const Event&) = delete;
    Event& operator=(const Event&) = delete;

   private:
    QtLoop& loop_;
    poe::loop::Entered here_;  // destroyed last: may free the loop
  };

  /// A handler may run a loop of Qt's inside it, a dialog's: its rounds are told by one of these signals or the other.
  void notice_inner_loops(const QAbstractEventDispatcher& dispatcher) {
    const auto begins = [this] {
      if (events_ != 0) timers_->renew_soon();
    };
    QObject::connect(&dispatcher, &QAbstractEventDispatcher::aboutToBlock, &*timers_, begins);
    QObject::connect(&dispatcher, &QAbstractEventDispatcher::awake, &*timers_, begins);
  }

  static void quit(QEventLoop* run) {
    if (run)
      run->quit();
    else
      QCoreApplication::exit(0);
  }

  /// One round of this thread's dispatcher.
  void process(bool wait) {
    QAbstractEventDispatcher* dispatcher = QAbstractEventDispatcher::instance();
    if (!dispatcher) throw poe::loop::Refusal(POE_EHOST_GONE, "this thread's Qt event dispatcher is gone");
    dispatcher->processEvents(wait ? QEventLoop::AllEvents | QEventLoop::WaitForMoreEvents : QEventLoop::AllEvents);
    // What exec() does for deleteLater(); outside it nobody would.
    if (loop_level() == 0 && !host_.in_callback()) QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
  }

  /// stop() was called: Qt still goes through the notifiers and timers of this round, which can wait.
  bool leaving_run() const noexcept { return stop_ && !runs_.empty() && loop_level() <= base_level_; }

  void on_ready(int fd, std::uint32_t direction) override {
    const Event here(*this);
    if (leaving_run()) return;
    if (fd == waker_.fd()) {
      waker_.drain();
      return turn(POE_TURN_WOKEN);
    }
    const poe::qt::Watch* watch = watches_.find(fd);
    if (!watch || (watch->interest & direction) == 0) return;
    reported_ = true;
    host_.ready(watch->token, direction);
    turn(0);
  }

  void on_deadline() override {
    const Event here(*this);
    const std::int64_t left_ns = poe::loop::ns_until(deadline_ns_, poe::loop::monotonic_ns());
    if (left_ns != 0 || leaving_run()) return timers_->start_deadline(left_ns);  // Qt's longest wait is 24 days
    turn(POE_TURN_DEADLINE);
  }

  void on_soon() override {
    const Event here(*this);
    if (host_.closing()) return host_.finish();
    if (leaving_run()) return timers_->start_soon();
    turn(POE_TURN_DEADLINE);
  }

  void on_application_gone() override {
    const Event here(*this);
    if (host_.closing())
      host_.finish();
    else
      host_.host_gone();
  }

  /// A step inside ready() may have ended the batch already.
  void turn(std::uint32_t reasons) {
    if (std::exchange(reported_, false)) reasons |= POE_TURN_READY;
    if (reasons == 0) return;
    host_.turn(reasons | (loop_level() > base_level_ ? POE_TURN_NESTED : 0));
  }

  poe::loop::Host host_;
  QCoreApplication* app_;  // the program's, or nullptr
  const bool guest_;
  std::optional<poe::qt::ApplicationShare> share_;  // of an own loop; first to come, last to go
  poe::loop::Waker waker_;
  std::optional<poe::qt::Timers> timers_;
  std::optional<poe::qt::Notifier> wake_;
  poe::qt::Watches watches_;
  std::vector<QEventLoop*> runs_;  // of run(), innermost last; nullptr: QCoreApplication::exec()
  std::int64_t deadline_ns_ = POE_NEVER_NS;
  unsigned events_ = 0;  // of ours that are on the stack
  int base_level_ = 1;   // Qt's loop level outside inner loops: a guest is inside exec()
  const pid_t process_ = getpid();
  bool reported_ = false;  // ready() was called, its turn() is still to come
  bool stop_ = false;      // stop() came: before run(), or the innermost run() is ending
};

}  // namespace

POE_EXPORT_LOOP(QtLoop)
