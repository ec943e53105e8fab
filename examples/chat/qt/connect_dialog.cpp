// SPDX-License-Identifier: MIT
#include "connect_dialog.hpp"

#include <QtGui/QIntValidator>
#include <QtWidgets/QDialogButtonBox>
#include <QtWidgets/QFormLayout>
#include <QtWidgets/QLineEdit>
#include <QtWidgets/QPushButton>

namespace chat {

ConnectDialog::ConnectDialog(const Where& where, QWidget* parent) : QDialog(parent) {
  setWindowTitle(tr("Connect"));
  const auto edit = [&](const std::string& text) { return new QLineEdit(QString::fromStdString(text), this); };
  host_ = edit(where.host);
  port_ = edit(where.port);
  port_->setValidator(new QIntValidator(1, 65535, port_));
  nick_ = edit(where.nick);
  auto* form = new QFormLayout(this);
  form->setContentsMargins(16, 16, 16, 12);
  form->setSpacing(10);
  form->addRow(tr("&Server"), host_);
  form->addRow(tr("&Port"), port_);
  form->addRow(tr("Your &name"), nick_);
  auto* buttons = new QDialogButtonBox(QDialogButtonBox::Ok | QDialogButtonBox::Cancel, this);
  buttons->button(QDialogButtonBox::Ok)->setText(tr("&Connect"));
  for (QAbstractButton* button : buttons->buttons()) button->setIcon({});
  form->addRow(buttons);
  QObject::connect(buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
  QObject::connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
  const auto complete = [this, ok = buttons->button(QDialogButtonBox::Ok)] {
    ok->setEnabled(!host_->text().isEmpty() && port_->hasAcceptableInput() && !nick_->text().trimmed().isEmpty());
  };
  for (QLineEdit* field : {host_, port_, nick_}) QObject::connect(field, &QLineEdit::textChanged, this, complete);
  resize(320, 0);
}

Where ConnectDialog::where() const {
  return {host_->text().toStdString(), port_->text().toStdString(), nick_->text().trimmed().toStdString()};
}

}  // namespace chat
