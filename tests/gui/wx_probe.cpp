// SPDX-License-Identifier: MIT
//
// The wxWidgets window of the chat, with a Probe beside its sessions.
#include <wx/app.h>
#include <wx/dcclient.h>
#include <wx/menu.h>
#include <wx/modalhook.h>
#include <wx/panel.h>
#include <wx/stattext.h>
#include <wx/textctrl.h>
#include <wx/timer.h>

#include <cstdio>

#include "chat_options.hpp"
#include "probe.hpp"
#include "window.hpp"

namespace {

/// Calls `tick` each `ms` milliseconds, as long as it lives.
struct Every final : wxTimer {
  Every(int ms, poe::Fn<void()> call) : tick(std::move(call)) { Start(ms); }
  void Notify() override { tick(); }
  poe::Fn<void()> tick;
};

/// How many modal dialogs are open.
struct Dialogs final : wxModalDialogHook {
  Dialogs() { Register(); }
  int Enter(wxDialog*) override { return ++open, wxID_NONE; }
  void Exit(wxDialog*) override { --open; }
  int open = 0;
};

poe::test::View view_of(const wxTextCtrl& log) {
  const wxSize size = log.GetClientSize();
  const int last = log.PositionToCoords(log.GetLastPosition()).y;
  return {size.GetWidth(), size.GetHeight(), last >= 0 && last + log.GetCharHeight() <= size.GetHeight() + 1};
}

}  // namespace

int main(int argc, char** argv) {
  const auto [options, exit_code] = chat::parse_options(argc, argv, "chat_wx");
  if (exit_code) return *exit_code;
  auto kernel = poe::open_kernel();
  auto guest = kernel ? kernel->attach(poe::host::glib()) : poe::failure(kernel.error());
  if (!guest) return std::fprintf(stderr, "%s\n", guest.error().report().c_str()), 1;

  wxApp::SetInstance(new wxApp);
  int none = 1;
  const wxInitializer toolkit(none, argv);
  if (!toolkit.IsOk()) return 1;
  wxTheApp->SetExitOnFrameDelete(false);
  bool open = true;
  auto* window = new chat::Window(*kernel, [&] {
    open = false;
    wxTheApp->ExitMainLoop();
  });
  long frames = 0, ticks = 0;
  wxPanel& drawn = window->contents();
  drawn.Bind(wxEVT_PAINT, [&](wxPaintEvent& event) {
    ++frames;
    event.Skip();
  });
  const Every redraw(10, [&] {
    if (open) drawn.Refresh();
  });
  const Every count(50, [&] { ++ticks; });
  window->Show();
  bool menu = false;
  window->Bind(wxEVT_MENU_OPEN, [&](wxMenuEvent& event) { menu = true, event.Skip(); });
  window->Bind(wxEVT_MENU_CLOSE, [&](wxMenuEvent& event) { menu = false, event.Skip(); });
  Dialogs dialogs;
  if (options.serve) {
    window->serve(*options.serve, options.where);
  } else {
    window->join(options.where);
  }
  kernel->spawn<poe::test::Probe>(poe::test::Toolkit{
      [&] { return ticks; }, [&] { return frames; },
      [&] { return open ? window->log().GetValue().utf8_string() : std::string(); },
      [&] { return open ? window->status().GetLabelText().utf8_string() : std::string(); },
      [&] { return menu || dialogs.open > 0; }, [&] { return open ? view_of(window->log()) : poe::test::View{}; }});
  return wxTheApp->OnRun();
}
