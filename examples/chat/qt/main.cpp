// SPDX-License-Identifier: MIT
// The chat in a Qt window: its sessions are guests of QApplication::exec().
#include <QtWidgets/QApplication>
#include <cstdio>

#include "chat_options.hpp"
#include "window.hpp"

namespace {

int fail(const poe::Error& error) { return std::fprintf(stderr, "chat_qt: %s\n", error.report().c_str()), 1; }

}  // namespace

int main(int argc, char** argv) {
  poe::fill_standard_descriptors();
  const auto [options, exit_code] = chat::parse_options(argc, argv, "chat_qt");
  if (exit_code) return *exit_code;
  QApplication application(argc, argv);
  QApplication::setQuitOnLastWindowClosed(false);  // when the sessions have ended
  auto kernel = poe::open_kernel();
  if (!kernel) return fail(kernel.error());
  auto guest = kernel->attach(poe::host::qt());
  if (!guest) return fail(guest.error());

  auto* window = new chat::Window(*kernel);  // owns itself, until it is closed
  const auto ui = poe::qt::signal_ui_destroy(*kernel, window);
  QObject::connect(window, &QObject::destroyed, &application, [&] {
    if (kernel->session_count() == 0) return QApplication::quit();
    guest->on_finished([] { QApplication::quit(); });
  });
  window->show();
  if (options.serve) {
    window->serve(*options.serve, options.where);
  } else {
    window->join(options.where);
  }
  return QApplication::exec();
}
