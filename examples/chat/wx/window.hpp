// SPDX-License-Identifier: MIT
// The chat's window. What a client's session shows is called after its handler has returned, what is typed goes to it
// as an event. wxWidgets stands on GTK here, and GTK on GLib: the sessions are guests of the loop glib.
#pragma once

#include <wx/frame.h>

#include <optional>
#include <string>

#include "chat_options.hpp"
#include "chat_sessions.hpp"

class wxButton;
class wxPanel;
class wxStaticText;
class wxTextCtrl;

namespace chat {

/// Belongs to wxWidgets, as every frame, from its making to its end.
class Window final : public wxFrame {
 public:
  /// The kernel outlives it. `gone` is called in its destructor.
  Window(poe::Kernel& kernel, poe::Fn<void()> gone);
  ~Window() override;

  /// Starts a server in this process and joins it.
  void serve(const std::string& port, Where where);
  /// Leaves where we are and joins another server.
  void join(const Where& where);
  /// Closes the connection; the window stays.
  void leave();

  void add_line(const std::string& line);
  /// There is something to type into only while we are connected.
  void set_status(const std::string& text, bool connected);
  wxTextCtrl& log() noexcept { return *log_; }
  wxStaticText& status() noexcept { return *status_; }
  wxPanel& contents() noexcept { return *contents_; }

 private:
  void build_menus();
  void build_contents();
  void ask_where();
  void show_about();
  void send();

  poe::Kernel& kernel_;
  poe::Fn<void()> gone_;
  Where where_;
  std::optional<poe::SessionId> client_;
  unsigned visit_ = 0;  // counts the connections
  wxPanel* contents_ = nullptr;
  wxTextCtrl *log_ = nullptr, *entry_ = nullptr;
  wxButton* send_ = nullptr;
  wxStaticText* status_ = nullptr;
};

}  // namespace chat
