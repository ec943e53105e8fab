// SPDX-License-Identifier: MIT
// A program that runs GLib, with sessions as guests of its default context. The same for GTK: attach before or inside
// g_application_run(); see examples/chat/gtk.
#include <glib.h>

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

int main() {
  GMainLoop* loop = g_main_loop_new(nullptr, FALSE);
  const guint work = g_timeout_add(  // what the program does itself
      10, [](gpointer) -> gboolean { return G_SOURCE_CONTINUE; }, nullptr);

  auto kernel = poe::open_kernel();
  auto guest = kernel ? kernel->attach(poe::host::glib()) : poe::failure(kernel.error());
  if (!guest) return std::fprintf(stderr, "in_glib: %s\n", guest.error().report().c_str()), 1;
  kernel->spawn(ticker);
  guest->on_finished([&] {  // or stay for the next sessions
    std::puts("host: the sessions have ended, I go on");
    guest->detach([&] { g_main_loop_quit(loop); });
  });

  g_main_loop_run(loop);
  std::puts("host: the end");
  g_source_remove(work);
  g_main_loop_unref(loop);
}
