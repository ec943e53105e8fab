// SPDX-License-Identifier: MIT
// Asks for a server and a name.
#pragma once

#include <wx/dialog.h>
#include <wx/textctrl.h>

#include "chat_options.hpp"

namespace chat {

class ConnectDialog final : public wxDialog {
 public:
  ConnectDialog(const Where& where, wxWindow* parent);
  Where where() const;

 private:
  wxTextCtrl* field(wxSizer& grid, const wxString& name, const std::string& text);
  bool complete() const;

  wxTextCtrl *host_, *port_, *nick_;
};

}  // namespace chat
