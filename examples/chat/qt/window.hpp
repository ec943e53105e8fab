// SPDX-License-Identifier: MIT
// The chat's window. What it shows comes as queued calls from a client's session, what is typed goes to it as an event.
#pragma once

#include <QtWidgets/QMainWindow>
#include <optional>

#include "chat_options.hpp"
#include "chat_sessions.hpp"
#include "poe/qt.hpp"

class QLabel;
class QLineEdit;
class QPushButton;
class QScrollBar;
class QTextBrowser;

namespace chat {

class Window final : public QMainWindow {
 public:
  /// The kernel outlives it.
  explicit Window(poe::Kernel& kernel);

  /// Starts a server in this process and joins it.
  void serve(const std::string& port, Where where);
  /// Leaves where we are and joins another server.
  void join(const Where& where);
  /// Closes the connection; the window stays.
  void leave();

  void add_line(const QString& line);
  /// There is something to type into only while we are connected.
  void set_status(const QString& text, bool connected);
  QTextBrowser& log() noexcept { return *log_; }

 private:
  void build_menus();
  QWidget* build_contents();
  void follow_end(QScrollBar& position);
  void ask_where();
  void show_about();
  std::string take_text();

  poe::Kernel& kernel_;
  Where where_;
  std::optional<poe::SessionId> client_;
  unsigned visit_ = 0;  // what an earlier one's client says of its connection comes too late
  QTextBrowser* log_ = nullptr;
  QLineEdit* entry_ = nullptr;
  QPushButton* send_ = nullptr;
  QLabel* status_ = nullptr;
  bool at_end_ = true;    // the log shows its last line
  poe::qt::Link typing_;  // from the button to the session of now
};

}  // namespace chat
