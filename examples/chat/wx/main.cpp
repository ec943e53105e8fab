// SPDX-License-Identifier: MIT
// The chat in a wxWidgets window: its sessions are guests of the GTK loop that wxWidgets runs.
#include <wx/app.h>

#include <cstdio>

#include "chat_options.hpp"
#include "window.hpp"

namespace {

int fail(const poe::Error& error) { return std::fprintf(stderr, "chat_wx: %s\n", error.report().c_str()), 1; }

/// The window is gone: its sessions end, and with the last of them the program.
void end_with_sessions(poe::Kernel& kernel, poe::Guest& guest) {
  const auto leave = [] { wxTheApp->ExitMainLoop(); };
  if (kernel.session_count() == 0) return leave();
  static_cast<void>(kernel.signal(kernel.id(), "UIDESTROY"));
  guest.on_finished(leave);
}

}  // namespace

int main(int argc, char** argv) {
  poe::fill_standard_descriptors();
  const auto [options, exit_code] = chat::parse_options(argc, argv, "chat_wx");
  if (exit_code) return *exit_code;
  auto kernel = poe::open_kernel();
  if (!kernel) return fail(kernel.error());
  auto guest = kernel->attach(poe::host::glib());
  if (!guest) return fail(guest.error());

  wxApp::SetInstance(new wxApp);  // wxWidgets', from here on
  int none = 1;                   // no arguments for it: ours have been read
  const wxInitializer toolkit(none, argv);
  if (!toolkit.IsOk()) return 1;  // and has said why
  wxTheApp->SetExitOnFrameDelete(false);
  auto* window = new chat::Window(*kernel, [&] { end_with_sessions(*kernel, *guest); });
  window->Show();
  if (options.serve) {
    window->serve(*options.serve, options.where);
  } else {
    window->join(options.where);
  }
  return wxTheApp->OnRun();
}
