// SPDX-License-Identifier: MIT
// The chat in a GTK window: its sessions are guests of g_application_run().
#include <cstdio>
#include <memory>

#include "chat_options.hpp"
#include "window.hpp"

namespace {

struct Program {
  chat::Options options;
  poe::Kernel& kernel;
  poe::Guest guest;
  std::optional<poe::glib::UiDestroy> ui{};
};

void activate(GApplication* application, Program* program) {
  chat::Window& window = chat::Window::open(GTK_APPLICATION(application), program->kernel);
  program->ui.emplace(program->kernel, window.widget());
  // The application ends with its last window, but not before the sessions have.
  g_application_hold(application);
  g_object_weak_ref(
      G_OBJECT(window.widget()),
      [](gpointer self, GObject*) {
        auto* p = static_cast<Program*>(self);
        const auto release = [] { g_application_release(g_application_get_default()); };
        if (p->kernel.session_count() == 0) return release();
        p->guest.on_finished(release);
      },
      program);
  if (program->options.serve) {
    window.serve(*program->options.serve, program->options.where);
  } else {
    window.join(program->options.where);
  }
}

int fail(const poe::Error& error) { return std::fprintf(stderr, "chat_gtk: %s\n", error.report().c_str()), 1; }

}  // namespace

int main(int argc, char** argv) {
  poe::fill_standard_descriptors();
  auto [options, exit_code] = chat::parse_options(argc, argv, "chat_gtk");
  if (exit_code) return *exit_code;
  auto kernel = poe::open_kernel();
  if (!kernel) return fail(kernel.error());
  auto guest = kernel->attach(poe::host::glib());
  if (!guest) return fail(guest.error());
  Program program{std::move(options), *kernel, std::move(*guest)};
  const std::unique_ptr<GtkApplication, decltype(&g_object_unref)> application(
      gtk_application_new("org.poe.chat", G_APPLICATION_NON_UNIQUE), &g_object_unref);
  g_signal_connect(application.get(), "activate", G_CALLBACK(activate), &program);
  return g_application_run(G_APPLICATION(application.get()), 1, argv);
}
