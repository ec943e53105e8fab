// SPDX-License-Identifier: MIT
// A program that runs an io_context of Boost.Asio, with sessions as guests of it. Asio is header-only: the adapter is
// compiled into the program, so that the plug-in never touches the program's copy.
#include <boost/asio/steady_timer.hpp>
#include <cstdio>

#include "poe/asio_adapter.hpp"
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

static void work_on(boost::asio::steady_timer& work, const bool& over) {  // what the program does itself
  work.expires_after(10ms);
  work.async_wait([&](const auto&) {
    if (!over) work_on(work, over);  // the error tells nothing of a cancel() that came too late
  });
}

int main() {
  boost::asio::io_context io;
  boost::asio::steady_timer work(io);
  bool over = false;
  work_on(work, over);

  poe::AsioAdapter adapter(io);  // outlives the guest, as io does
  auto kernel = poe::open_kernel();
  auto guest = kernel ? kernel->attach(poe::host::asio(adapter.table())) : poe::failure(kernel.error());
  if (!guest) return std::fprintf(stderr, "in_asio: %s\n", guest.error().report().c_str()), 1;
  kernel->spawn(ticker);
  guest->on_finished([&] {  // or stay for the next sessions
    std::puts("host: the sessions have ended, I go on");
    guest->detach([&] {
      over = true;
      work.cancel();
    });
  });

  io.run();  // on this thread, and on no other
  std::puts("host: the end");
}
