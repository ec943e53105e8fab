// SPDX-License-Identifier: MIT
// A program that runs Qt, with sessions as guests of its application. The same for windows; see examples/chat/qt.
#include "poe/qt.hpp"  // first: Qt's headers make keywords of some of our names

#include <QtCore/QCoreApplication>
#include <QtCore/QTimer>
#include <cstdio>

#include "poe/coroutine.hpp"
#include "poe/open.hpp"

using namespace std::chrono_literals;

static poe::Task<> ticker(poe::Self& self) {
  for (int n = 1; n <= 3; ++n) {
    const auto slept = co_await self.sleep(20ms);
    if (!slept) co_return;
    std::printf("session: tick %d\n", n);
  }
}

int main(int argc, char** argv) {
  QCoreApplication application(argc, argv);
  QTimer work;  // what the program does itself
  work.start(10ms);

  auto kernel = poe::open_kernel();
  auto guest = kernel ? kernel->attach(poe::host::qt()) : poe::failure(kernel.error());
  if (!guest) return std::fprintf(stderr, "in_qt: %s\n", guest.error().report().c_str()), 1;
  kernel->spawn(ticker);
  guest->on_finished([&] {  // or stay for the next sessions
    std::puts("host: the sessions have ended, I go on");
    guest->detach([] { QCoreApplication::quit(); });
  });

  const int code = QCoreApplication::exec();
  std::puts("host: the end");
  return code;
}
