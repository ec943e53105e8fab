// SPDX-License-Identifier: MIT
// Asks for a server and a name.
#pragma once

#include <QtWidgets/QDialog>

#include "chat_options.hpp"

class QLineEdit;

namespace chat {

class ConnectDialog final : public QDialog {
 public:
  ConnectDialog(const Where& where, QWidget* parent);
  Where where() const;

 private:
  QLineEdit *host_, *port_, *nick_;
};

}  // namespace chat
