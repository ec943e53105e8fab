// SPDX-License-Identifier: MIT
#include "connect_dialog.hpp"

#include <wx/button.h>
#include <wx/sizer.h>
#include <wx/stattext.h>

namespace chat {
namespace {

constexpr int kMargin = 16, kGap = 10;

std::string text_of(const wxTextCtrl* entry) {
  wxString text = entry->GetValue();
  return text.Trim().Trim(false).utf8_string();
}

}  // namespace

ConnectDialog::ConnectDialog(const Where& where, wxWindow* parent) : wxDialog(parent, wxID_ANY, "Connect") {
  auto* grid = new wxFlexGridSizer(2, kGap, kGap);
  grid->AddGrowableCol(1);
  host_ = field(*grid, "&Server", where.host);
  port_ = field(*grid, "&Port", where.port);
  nick_ = field(*grid, "Your &name", where.nick);
  auto* connect = new wxButton(this, wxID_OK, "C&onnect");
  connect->SetDefault();
  auto* buttons = new wxStdDialogButtonSizer;
  buttons->AddButton(connect);
  buttons->AddButton(new wxButton(this, wxID_CANCEL, "&Cancel"));
  buttons->Realize();
  auto* column = new wxBoxSizer(wxVERTICAL);
  column->Add(grid, wxSizerFlags(1).Expand().Border(wxALL, kMargin));
  column->Add(buttons, wxSizerFlags().Expand().Border(wxBOTTOM | wxRIGHT, kGap));
  column->SetMinSize(340, -1);
  SetSizerAndFit(column);
  connect->Bind(wxEVT_UPDATE_UI, [this](wxUpdateUIEvent& event) { event.Enable(complete()); });
}

wxTextCtrl* ConnectDialog::field(wxSizer& grid, const wxString& name, const std::string& text) {
  grid.Add(new wxStaticText(this, wxID_ANY, name), wxSizerFlags().CentreVertical().Right());
  auto* entry = new wxTextCtrl(this, wxID_ANY, wxString::FromUTF8(text));
  grid.Add(entry, wxSizerFlags(1).Expand());
  return entry;
}

bool ConnectDialog::complete() const {
  unsigned long port = 0;
  return !text_of(host_).empty() && !text_of(nick_).empty() && port_->GetValue().ToULong(&port) && port > 0 &&
         port < 65536;
}

Where ConnectDialog::where() const { return {text_of(host_), text_of(port_), text_of(nick_)}; }

}  // namespace chat
