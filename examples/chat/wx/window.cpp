// SPDX-License-Identifier: MIT
#include "window.hpp"

#include <wx/button.h>
#include <wx/menu.h>
#include <wx/msgdlg.h>
#include <wx/panel.h>
#include <wx/sizer.h>
#include <wx/stattext.h>
#include <wx/textctrl.h>
#include <wx/weakref.h>

#include <functional>

#include "connect_dialog.hpp"

namespace chat {
namespace {

constexpr int kMargin = 12, kGap = 8, kLinesKept = 5000;
constexpr int kIndent = 20;  // tenths of a millimetre

/// Whatever a peer sends: what is no UTF-8 is shown octet by octet.
wxString shown(const std::string& text) {
  const wxString utf8 = wxString::FromUTF8(text);
  return utf8.empty() && !text.empty() ? wxString::From8BitData(text.data(), text.size()) : utf8;
}

/// The speaker's colour: the same for the same name.
wxColour colour_of(const std::string& name) {
  static constexpr unsigned long kColours[] = {0xb45f1a, 0x4f8726, 0x2d52a0, 0x9c3d81, 0x2d1da5, 0x857a0f};  // BGR
  return wxColour(kColours[std::hash<std::string>{}(name) % std::size(kColours)]);
}

void append(wxTextCtrl& log, const wxString& text, const wxColour& colour, bool bold = false) {
  wxTextAttr style(colour, wxNullColour, bold ? log.GetFont().Bold() : log.GetFont());
  style.SetLeftIndent(kIndent);
  log.SetDefaultStyle(style);
  log.AppendText(text);
}

}  // namespace

Window::Window(poe::Kernel& kernel, poe::Fn<void()> gone)
    : wxFrame(nullptr, wxID_ANY, "POE chat", wxDefaultPosition, wxSize(560, 440)),
      kernel_(kernel),
      gone_(std::move(gone)) {
  build_menus();
  build_contents();
  leave();
}

Window::~Window() { gone_(); }

void Window::build_menus() {
  auto* chat = new wxMenu;
  const int disconnect = wxWindow::NewControlId();
  chat->Append(wxID_NEW, L"&Connect…\tCtrl+N");
  chat->Append(disconnect, "&Disconnect\tCtrl+D");
  chat->AppendSeparator();
  chat->Append(wxID_EXIT, "&Quit\tCtrl+Q");
  auto* help = new wxMenu;
  help->Append(wxID_ABOUT, "&About POE chat\tF1");
  auto* bar = new wxMenuBar;
  bar->Append(chat, "&Chat");
  bar->Append(help, "&Help");
  SetMenuBar(bar);
  Bind(
      wxEVT_MENU, [this](wxCommandEvent&) { ask_where(); }, wxID_NEW);
  Bind(
      wxEVT_MENU, [this](wxCommandEvent&) { leave(); }, disconnect);
  Bind(
      wxEVT_MENU, [this](wxCommandEvent&) { Close(); }, wxID_EXIT);
  Bind(
      wxEVT_MENU, [this](wxCommandEvent&) { show_about(); }, wxID_ABOUT);
}

void Window::build_contents() {
  contents_ = new wxPanel(this);
  log_ = new wxTextCtrl(contents_, wxID_ANY, "", wxDefaultPosition, wxDefaultSize,
                        wxTE_MULTILINE | wxTE_READONLY | wxTE_RICH2);
  entry_ = new wxTextCtrl(contents_, wxID_ANY, "", wxDefaultPosition, wxDefaultSize, wxTE_PROCESS_ENTER);
  entry_->SetHint("Message, or /msg NAME for one alone");
  send_ = new wxButton(contents_, wxID_ANY, "&Send");
  status_ = new wxStaticText(contents_, wxID_ANY, "", wxDefaultPosition, wxDefaultSize,
                             wxST_ELLIPSIZE_END | wxST_NO_AUTORESIZE);
  auto* row = new wxBoxSizer(wxHORIZONTAL);
  row->Add(entry_, wxSizerFlags(1).CentreVertical());
  row->Add(send_, wxSizerFlags().Border(wxLEFT, kGap));
  auto* column = new wxBoxSizer(wxVERTICAL);
  column->Add(log_, wxSizerFlags(1).Expand().Border(wxLEFT | wxRIGHT | wxTOP, kMargin));
  column->Add(row, wxSizerFlags().Expand().Border(wxLEFT | wxRIGHT | wxTOP, kMargin));
  column->Add(status_, wxSizerFlags().Expand().Border(wxALL, kMargin));
  contents_->SetSizer(column);
  log_->Bind(wxEVT_SIZE, [this](wxSizeEvent& event) {  // laid out anew, it still shows what came last
    CallAfter([this] { log_->ShowPosition(log_->GetLastPosition()); });
    event.Skip();
  });
  entry_->Bind(wxEVT_TEXT_ENTER, [this](wxCommandEvent&) { send(); });
  send_->Bind(wxEVT_BUTTON, [this](wxCommandEvent&) { send(); });
}

void Window::serve(const std::string& port, Where where) {
  const auto listening = chat::serve(kernel_, port);
  if (!listening) return set_status(listening.error().message(), false);
  add_line("* This window serves the chat on port " + *listening);
  where.host = "127.0.0.1";
  where.port = *listening;
  join(where);
}

// The session may outlive the window by its last words.
void Window::join(const Where& where) {
  leave();
  where_ = where;
  const wxWeakRef<Window> me(this);
  Face face;
  face.line = [me](std::string line) {
    if (me) me->CallAfter([me, line = std::move(line)] { me->add_line(line); });
  };
  face.status = [me, visit = ++visit_](std::string text, bool connected) {
    if (!me) return;
    me->CallAfter([me, visit, text = std::move(text), connected] {  // an earlier connection's last word comes too late
      if (visit == me->visit_) me->set_status(text, connected);
    });
  };
  client_ = chat::join(kernel_, where.host, where.port, where.nick, std::move(face));
}

void Window::leave() {
  if (client_) static_cast<void>(kernel_.post(*client_, poe::tcp::shutdown));
  client_.reset();
  ++visit_;
  set_status("Not connected. Chat ▸ Connect… joins a server", false);
}

void Window::send() {
  if (client_) static_cast<void>(kernel_.post(*client_, typed, entry_->GetValue().utf8_string()));
  entry_->Clear();
}

void Window::add_line(const std::string& line) {
  const wxColour plain = log_->GetForegroundColour();
  if (!log_->IsEmpty()) log_->AppendText("\n");
  const std::size_t colon = line.find(": ");
  if (line.starts_with("* ")) {
    append(*log_, shown(line.substr(2)), wxColour(0x77, 0x76, 0x7b));
  } else if (colon == std::string::npos) {
    append(*log_, shown(line), plain);
  } else {
    const std::string name = line.substr(0, colon);
    append(*log_, shown(name), colour_of(name.substr(0, name.find(' '))), true);
    append(*log_, "  " + shown(line.substr(colon + 2)), plain);
  }
  if (const int surplus = log_->GetNumberOfLines() - kLinesKept; surplus > 0) {
    log_->Remove(0, log_->XYToPosition(0, surplus));
  }
}

void Window::set_status(const std::string& text, bool connected) {
  status_->SetLabelText(shown(text));
  const bool before = entry_->IsEnabled();
  entry_->Enable(connected);
  send_->Enable(connected);
  if (connected && !before) entry_->SetFocus();
}

void Window::ask_where() {
  ConnectDialog dialog(where_, this);
  if (dialog.ShowModal() == wxID_OK) join(dialog.where());
}

void Window::show_about() {
  wxMessageDialog about(this, "The sessions of the program chat, as guests of wxWidgets.", "About POE chat", wxOK);
  about.SetExtendedMessage("They go on while this dialog is open.");
  about.ShowModal();
}

}  // namespace chat
