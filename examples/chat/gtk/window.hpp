// SPDX-License-Identifier: MIT
// The chat's window. What it shows comes as idle callbacks from a client's session, what is typed goes to it as an
// event.
#pragma once

#include <gtk/gtk.h>

#include <optional>
#include <string>
#include <utility>

#include "chat_options.hpp"
#include "chat_sessions.hpp"
#include "poe/glib.hpp"

namespace chat {

/// Belongs to its GtkWindow and goes with it.
class Window {
 public:
  /// The kernel outlives it.
  static Window& open(GtkApplication* application, poe::Kernel& kernel);

  /// Starts a server in this process and joins it.
  void serve(const std::string& port, Where where);
  /// Leaves where we are and joins another server.
  void join(const Where& where);
  /// Closes the connection; the window stays.
  void leave();

  void add_line(const std::string& line);
  /// There is something to type into only while we are connected.
  void set_status(const std::string& text, bool connected);
  GtkWindow* widget() const noexcept { return window_; }
  GtkTextBuffer* log() const noexcept { return log_; }
  const Where& where() const noexcept { return where_; }

 private:
  Window(GtkApplication* application, poe::Kernel& kernel);
  void add_actions(GtkApplication* application);
  GtkWidget* header();
  GtkWidget* log_view();
  GtkWidget* entry_row();
  void follow_end(GtkWidget* scrolled);
  std::string take_text();

  poe::Kernel& kernel_;
  Where where_;
  std::optional<poe::SessionId> client_;
  unsigned visit_ = 0;  // what an earlier one's client says of its connection comes too late
  GtkWindow* window_;
  GtkTextBuffer* log_ = nullptr;
  GtkWidget *view_ = nullptr, *entry_ = nullptr, *send_ = nullptr, *status_ = nullptr;
  bool at_end_ = true;    // the log shows its last line
  bool follows_ = false;  // it will with the next frame
  std::pair<int, double> log_size_;
  poe::glib::Link typing_;  // from the button to the session of now
};

}  // namespace chat
