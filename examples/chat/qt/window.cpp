// SPDX-License-Identifier: MIT
#include "window.hpp"

#include <QtGui/QAction>
#include <QtWidgets/QApplication>
#include <QtWidgets/QHBoxLayout>
#include <QtWidgets/QLabel>
#include <QtWidgets/QLineEdit>
#include <QtWidgets/QMenuBar>
#include <QtWidgets/QMessageBox>
#include <QtWidgets/QPushButton>
#include <QtWidgets/QScrollBar>
#include <QtWidgets/QStatusBar>
#include <QtWidgets/QTextBrowser>
#include <QtWidgets/QVBoxLayout>

#include "connect_dialog.hpp"

namespace chat {
namespace {

constexpr int kMargin = 12, kGap = 8, kLinesKept = 5000;

/// A line as rich text: news in grey, the speaker in a colour of their own.
QString as_html(const QString& line) {
  const QString safe = line.toHtmlEscaped();
  if (line.startsWith(QLatin1Char('*')))
    return QStringLiteral("<span style='color:#7a7f87'>%1</span>").arg(safe.mid(1).trimmed());
  const qsizetype colon = safe.indexOf(QStringLiteral(": "));
  if (colon < 0) return safe;
  const QString name = safe.left(colon);
  const QColor colour = QColor::fromHsl(static_cast<int>(qHash(name.section(QLatin1Char(' '), 0, 0)) % 360), 150, 95);
  return QStringLiteral("<b style='color:%1'>%2</b>&nbsp; %3").arg(colour.name(), name, safe.mid(colon + 2));
}

}  // namespace

Window::Window(poe::Kernel& kernel) : kernel_(kernel) {
  setWindowTitle(QStringLiteral("POE chat"));
  setAttribute(Qt::WA_DeleteOnClose);  // so that closing it is its end, and UIDESTROY
  build_menus();
  setCentralWidget(build_contents());
  status_ = new QLabel(this);
  status_->setContentsMargins(kMargin - 4, 2, kMargin, 4);
  statusBar()->addWidget(status_, 1);
  resize(560, 420);
  leave();
}

void Window::build_menus() {
  QMenu* chat = menuBar()->addMenu(tr("&Chat"));
  QObject::connect(chat->addAction(tr("&Connect…"), QKeySequence(Qt::CTRL | Qt::Key_N)), &QAction::triggered, this,
                   &Window::ask_where);
  QObject::connect(chat->addAction(tr("&Disconnect"), QKeySequence(Qt::CTRL | Qt::Key_D)), &QAction::triggered, this,
                   &Window::leave);
  chat->addSeparator();
  QObject::connect(chat->addAction(tr("&Quit"), QKeySequence(Qt::CTRL | Qt::Key_Q)), &QAction::triggered, this,
                   &QWidget::close);
  QMenu* help = menuBar()->addMenu(tr("&Help"));
  QObject::connect(help->addAction(tr("&About POE chat"), QKeySequence(Qt::Key_F1)), &QAction::triggered, this,
                   &Window::show_about);
}

QWidget* Window::build_contents() {
  auto* contents = new QWidget(this);
  auto* column = new QVBoxLayout(contents);
  column->setContentsMargins(kMargin, kMargin, kMargin, kGap);
  column->setSpacing(kGap);
  log_ = new QTextBrowser(contents);
  log_->document()->setDocumentMargin(kGap);
  log_->document()->setMaximumBlockCount(kLinesKept);
  log_->setFocusPolicy(Qt::ClickFocus);
  follow_end(*log_->verticalScrollBar());
  column->addWidget(log_, 1);
  auto* row = new QHBoxLayout;
  row->setSpacing(kGap);
  entry_ = new QLineEdit(contents);
  entry_->setPlaceholderText(tr("Message, or /msg NAME for one alone"));
  send_ = new QPushButton(tr("&Send"), contents);
  row->addWidget(entry_, 1);
  row->addWidget(send_);
  column->addLayout(row);
  QObject::connect(entry_, &QLineEdit::returnPressed, send_, &QPushButton::click);
  entry_->setFocus();
  return contents;
}

// Whoever has scrolled up stays where they are.
void Window::follow_end(QScrollBar& position) {
  QObject::connect(&position, &QScrollBar::valueChanged, this,
                   [&position, this](int value) { at_end_ = value == position.maximum(); });
  QObject::connect(&position, &QScrollBar::rangeChanged, this, [&position, this](int, int end) {
    if (at_end_) position.setValue(end);
  });
}

void Window::serve(const std::string& port, Where where) {
  const auto listening = chat::serve(kernel_, port);
  if (!listening) return set_status(QString::fromStdString(listening.error().message()), false);
  add_line(QStringLiteral("* This window serves the chat on port %1").arg(QString::fromStdString(*listening)));
  where.host = "127.0.0.1";
  where.port = *listening;
  join(where);
}

void Window::join(const Where& where) {
  leave();
  where_ = where;
  Face face;
  face.line = poe::qt::queued(this, &Window::add_line);
  face.status = poe::qt::queued<QString, bool>(this, [this, visit = visit_](const QString& text, bool connected) {
    if (visit == visit_) set_status(text, connected);
  });
  client_ = chat::join(kernel_, where.host, where.port, where.nick, std::move(face));
  typing_ =
      poe::qt::post_on(send_, &QPushButton::clicked, kernel_.address(*client_), typed, [this] { return take_text(); });
}

void Window::leave() {
  typing_.cancel();
  if (client_) static_cast<void>(kernel_.post(*client_, poe::tcp::shutdown));
  client_.reset();
  ++visit_;
  set_status(tr("Not connected. Chat ▸ Connect… joins a server"), false);
}

std::string Window::take_text() {
  const QString text = entry_->text();
  entry_->clear();
  return text.toStdString();
}

void Window::add_line(const QString& line) {
  log_->append(QStringLiteral("<p style='margin:3px 0'>%1</p>").arg(as_html(line)));
}

void Window::set_status(const QString& text, bool connected) {
  status_->setText(text);
  const bool before = entry_->isEnabled();
  entry_->setEnabled(connected);
  send_->setEnabled(connected);
  if (connected && !before) entry_->setFocus();
}

void Window::ask_where() {
  ConnectDialog dialog(where_, this);
  if (dialog.exec() == QDialog::Accepted) join(dialog.where());
}

void Window::show_about() {
  QMessageBox about(QMessageBox::NoIcon, tr("About POE chat"),
                    tr("<h3>POE chat</h3>The sessions of the program <code>chat</code>, as guests of Qt %1."
                       "<p>They go on while this dialog is open.")
                        .arg(QString::fromLatin1(qVersion())),
                    QMessageBox::Close, this);
  about.button(QMessageBox::Close)->setIcon({});
  about.exec();
}

}  // namespace chat
