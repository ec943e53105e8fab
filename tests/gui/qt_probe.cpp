// SPDX-License-Identifier: MIT
//
// The Qt window of the chat, with a Probe beside its sessions.
#include <QtCore/QEvent>
#include <QtCore/QTimer>
#include <QtWidgets/QApplication>
#include <QtWidgets/QLabel>
#include <QtWidgets/QScrollBar>
#include <QtWidgets/QStatusBar>
#include <QtWidgets/QTextBrowser>
#include <cstdio>

#include "chat_options.hpp"
#include "probe.hpp"
#include "window.hpp"

namespace {

struct Painted final : QObject {
  long frames = 0;
  bool eventFilter(QObject*, QEvent* event) override {
    if (event->type() == QEvent::Paint) ++frames;
    return false;
  }
};

QTimer* timer(int ms, QObject* parent) {
  auto* made = new QTimer(parent);
  made->setTimerType(Qt::PreciseTimer);
  made->start(ms);
  return made;
}

poe::test::View view_of(const QTextBrowser& log) {
  const QScrollBar& at = *log.verticalScrollBar();
  return {log.viewport()->width(), log.viewport()->height(), at.value() == at.maximum()};
}

}  // namespace

int main(int argc, char** argv) {
  const auto [options, exit_code] = chat::parse_options(argc, argv, "chat_qt");
  if (exit_code) return *exit_code;
  QApplication application(argc, argv);
  auto kernel = poe::open_kernel();
  auto guest = kernel ? kernel->attach(poe::host::qt()) : poe::failure(kernel.error());
  if (!guest) return std::fprintf(stderr, "%s\n", guest.error().report().c_str()), 1;

  auto* window = new chat::Window(*kernel);
  Painted painted;
  long ticks = 0;
  QWidget* drawn = window->log().viewport();
  drawn->installEventFilter(&painted);
  QObject::connect(timer(10, window), &QTimer::timeout, drawn, [drawn] { drawn->update(); });
  QObject::connect(timer(50, window), &QTimer::timeout, window, [&] { ++ticks; });
  window->show();
  if (options.serve) {
    window->serve(*options.serve, options.where);
  } else {
    window->join(options.where);
  }
  kernel->spawn<poe::test::Probe>(poe::test::Toolkit{
      [&] { return ticks; }, [&] { return painted.frames; }, [=] { return window->log().toPlainText().toStdString(); },
      [=] { return window->statusBar()->findChild<QLabel*>()->text().toStdString(); },
      [] { return QApplication::activePopupWidget() != nullptr || QApplication::activeModalWidget() != nullptr; },
      [=] { return view_of(window->log()); }});
  return QApplication::exec();
}
