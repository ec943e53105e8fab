// SPDX-License-Identifier: MIT
//
// poe/qt.hpp with real Qt: signals into sessions, events into queued slots, and who may be gone meanwhile.
#include "poe/qt.hpp"

#include <QtCore/QCoreApplication>
#include <QtCore/QDeadlineTimer>
#include <QtCore/QEventLoop>
#include <QtCore/QSignalMapper>
#include <QtCore/QThread>
#include <QtCore/QTimer>
#include <atomic>
#include <functional>
#include <optional>
#include <thread>

#include "toolkit_lab.hpp"

namespace poe::test {
namespace {

using namespace std::chrono_literals;

/// A window as far as these tests care: a QObject with methods that are called later.
struct Window : QObject {
  void show(const QString& line) { lines.push_back(line.toStdString()); }
  void add(int n, const QString& line) { lines.push_back(std::to_string(n) + line.toStdString()); }
  Words lines;
};

class QtToolkit : public ::testing::Test {
 protected:
  QtToolkit() : guest(*kernel->attach(host::qt())), id(kernel->spawn<Listener>(heard)) {}
  /// Runs Qt's loop until f is true; the test fails if that takes longer than anything here may.
  void run_until(std::function<bool()> f) {
    const QDeadlineTimer limit(20s);
    while (!f() && !limit.hasExpired()) QCoreApplication::processEvents(QEventLoop::WaitForMoreEvents, 100);
    EXPECT_TRUE(f());
  }
  /// Until everything posted so far, by whomever, has been delivered.
  void settle() {
    bool over = false;
    const SessionId last = kernel->spawn(Inline(0).on(pressed, [&](int&, Self&) { over = true; }));
    const Address to = kernel->address(last);
    static_cast<void>(to.post(pressed));
    run_until([&] { return over; });
    QCoreApplication::processEvents();
  }

  int argc = 1;
  char name[5] = "test";
  char* argv[2] = {name, nullptr};
  std::optional<QCoreApplication> application{std::in_place, argc, argv};
  Words heard;
  std::optional<Kernel> kernel{open_on("qt")};
  std::optional<Guest> guest;
  const SessionId id;
  QSignalMapper mapper;
};

TEST_F(QtToolkit, ASignalBecomesAnEventWithAsManyArgumentsAsItTakes) {
  mapper.setMapping(&mapper, 7);
  mapper.setMapping(&mapper, QStringLiteral("grüße"));
  const auto plain = qt::post_on(&mapper, &QSignalMapper::mappedInt, kernel->address(id), pressed);
  const auto with = qt::post_on(&mapper, &QSignalMapper::mappedInt, kernel->address(id), number);
  const auto text = qt::post_on(&mapper, &QSignalMapper::mappedString, kernel->address(id), said);
  mapper.map(&mapper);
  EXPECT_TRUE(heard.empty());  // later, by the kernel's queue
  settle();
  EXPECT_EQ(heard, (Words{"pressed", "7", "grüße"}));
}

TEST_F(QtToolkit, ASignalThatOnlyItsClassMayEmitIsOne) {
  const auto link = qt::post_on(&mapper, &QObject::objectNameChanged, kernel->address(id), said);
  mapper.setObjectName(QStringLiteral("a name"));
  settle();
  EXPECT_EQ(heard, Words{"a name"});
}

TEST_F(QtToolkit, TheArgumentIsMadeWhenTheSignalComes) {
  QTimer timer;
  QString text = QStringLiteral("before");
  const auto link = qt::post_on(&timer, &QTimer::timeout, kernel->address(id), said, [&] { return text; });
  text = QStringLiteral("now");
  timer.setSingleShot(true);
  timer.start(0);
  run_until([&] { return !heard.empty(); });
  EXPECT_EQ(heard, Words{"now"});
}

TEST_F(QtToolkit, ADroppedLinkIsDisconnectedADetachedOneIsNot) {
  mapper.setMapping(&mapper, 1);
  {
    auto dropped = qt::post_on(&mapper, &QSignalMapper::mappedInt, kernel->address(id), number);
    EXPECT_TRUE(dropped);
    auto moved = std::move(dropped);
    EXPECT_TRUE(moved);
  }
  mapper.map(&mapper);
  settle();
  EXPECT_TRUE(heard.empty());
  qt::post_on(&mapper, &QSignalMapper::mappedInt, kernel->address(id), number).detach();
  mapper.map(&mapper);
  settle();
  EXPECT_EQ(heard, Words{"1"});
}

TEST_F(QtToolkit, ASenderThatIsGoneDisconnects) {
  auto sender = std::make_unique<QSignalMapper>();
  auto link = qt::post_on(sender.get(), &QSignalMapper::mappedInt, kernel->address(id), number);
  sender.reset();
  EXPECT_FALSE(link);
  link.cancel();
}

TEST_F(QtToolkit, AnEndedSessionHearsNothing) {
  mapper.setMapping(&mapper, 1);
  const auto link = qt::post_on(&mapper, &QSignalMapper::mappedInt, kernel->address(id), number);
  ASSERT_TRUE(succeeded(kernel->post(id, leave)));
  settle();
  EXPECT_FALSE(kernel->alive(id));
  mapper.map(&mapper);
  settle();
  EXPECT_EQ(heard, Words{"end"});
}

TEST_F(QtToolkit, AKernelThatIsGoneIsNotAsked) {
  mapper.setMapping(&mapper, 1);
  const auto link = qt::post_on(&mapper, &QSignalMapper::mappedInt, kernel->address(id), number);
  guest.reset();
  kernel.reset();
  mapper.map(&mapper);
  QCoreApplication::processEvents();
  EXPECT_EQ(heard, Words{"end"});
}

TEST_F(QtToolkit, ASignalMayComeFromAnotherThread) {
  mapper.setMapping(&mapper, 1);
  const auto link = qt::post_on(&mapper, &QSignalMapper::mappedInt, kernel->address(id), number);
  std::thread other([&] {
    for (int i = 0; i < 100; ++i) mapper.map(&mapper);
  });
  run_until([&] { return heard.size() == 100; });
  other.join();
}

TEST_F(QtToolkit, AnEventBecomesAQueuedCall) {
  Window window;
  std::size_t before = 99;
  kernel->spawn(Inline(0).on(start, [&](int&, Self& self) {
    self.handle(said, qt::queued(&window, &Window::show));
    self.yield(said, "one");
    self.yield(said, "two");
    self.defer([&] { before = window.lines.size(); });
  }));
  run_until([&] { return window.lines.size() == 2; });
  EXPECT_EQ(window.lines, (Words{"one", "two"}));
  EXPECT_EQ(before, 0u);  // not inside the kernel's turn
}

TEST_F(QtToolkit, QueuedCallsKeepTheirOrderAndTheirArguments) {
  Window window;
  const auto add = qt::queued(&window, &Window::add);
  const auto lambda = qt::queued<std::string>(&window, [&](const std::string& text) { window.lines.push_back(text); });
  EXPECT_TRUE(add(1, "ä"));
  EXPECT_TRUE(lambda("two"));
  EXPECT_TRUE(add(3, std::string("c")));
  EXPECT_TRUE(window.lines.empty());
  settle();
  EXPECT_EQ(window.lines, (Words{"1ä", "two", "3c"}));
}

TEST_F(QtToolkit, AReceiverThatIsGoneGetsNothing) {
  std::optional<Window> window(std::in_place);
  int called = 0;
  const auto call = qt::queued<>(&*window, [&] { ++called; });
  const auto copy = call;
  EXPECT_TRUE(call());
  window.reset();  // what is queued goes with it
  EXPECT_FALSE(call());
  EXPECT_FALSE(copy());
  settle();
  EXPECT_EQ(called, 0);
}

TEST_F(QtToolkit, AQueuedCallRunsOnTheReceiversThread) {
  QThread thread;
  thread.start();
  auto* window = new Window;
  std::atomic<QThread*> ran_on = nullptr;
  const auto call = qt::queued<>(window, [&] { ran_on = QThread::currentThread(); });
  window->moveToThread(&thread);
  EXPECT_TRUE(call());
  run_until([&] { return ran_on != nullptr; });
  EXPECT_EQ(ran_on, &thread);
  window->deleteLater();
  thread.quit();
  thread.wait();
  EXPECT_FALSE(call());
}

TEST_F(QtToolkit, AReceiverMayBeDestroyedWhileAnotherThreadPosts) {
  for (int round = 0; round < 50; ++round) {
    auto window = std::make_unique<Window>();
    const auto call = qt::queued(window.get(), &Window::show);
    std::atomic<bool> begun = false;
    std::thread other([&] {
      while (call("x")) begun = true;
    });
    while (!begun) QCoreApplication::processEvents();
    window.reset();
    other.join();
  }
}

TEST_F(QtToolkit, ADestroyedWindowEndsTheSessionsAndNothingElseP071Pain45) {
  auto window = std::make_unique<Window>();
  const auto link = qt::signal_ui_destroy(*kernel, window.get());
  bool finished = false, quit = false;
  guest->on_finished([&] { finished = true; });
  QObject::connect(&*application, &QCoreApplication::aboutToQuit, &mapper, [&] { quit = true; });
  window.reset();
  run_until([&] { return finished; });
  EXPECT_EQ(heard, (Words{"UIDESTROY", "end"}));
  EXPECT_EQ(kernel->session_count(), 0u);
  settle();  // the host goes on, and so does the kernel
  EXPECT_FALSE(quit);
}

}  // namespace
}  // namespace poe::test
