// SPDX-License-Identifier: MIT
#include "smtp_connection.hpp"

#include <cerrno>

#include "poe/kernel.hpp"

namespace poe {
namespace {

constexpr Duration kLinger = std::chrono::seconds(2);  // for a client that still sends to read our last word

bool has_status(std::string_view text) noexcept {
  const auto digit = [&](std::size_t i) { return i < text.size() && text[i] >= '0' && text[i] <= '9'; };
  return digit(0) && text.size() > 4 && text[1] == '.' && digit(2) && text.find(' ') != std::string_view::npos;
}

std::string printable(std::string_view text) {
  std::string line(text.substr(0, 400));
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7F') c = '?';
  }
  return line;
}

}  // namespace

SmtpConnection::SmtpConnection(Birth birth, TcpSeed seed, std::shared_ptr<SmtpServerCore> core)
    : TcpConnection(std::move(birth), std::move(seed)), core_(std::move(core)) {
  reset();
}
SmtpConnection::~SmtpConnection() { forget_question(); }

// Also after STARTTLS: the client begins anew, and nothing said in the clear counts (RFC 3207, 4.2).
void SmtpConnection::opened() {
  if (phase_ == Phase::closing) return;  // its time was up during the handshake
  helo_ = false;
  limit_time(options().limits.command_time);
  reset();
  envelope_->secured = wheel().layer() != nullptr;
  if (std::exchange(greeted_, true)) return drain_if_asked();
  if (auto drain = on_signal("DRAIN", [this](const Signal&) { this->drain(); })) drain_ = std::move(*drain);
  send("220 " + core_->host_name + " ESMTP\r\n");
  drain_if_asked();
}

void SmtpConnection::input(std::string_view record) {
  if (phase_ == Phase::closing) return;
  switch (parser().kind()) {
    case SmtpInput::Kind::command:
      command(record);
      return drain_if_asked();
    case SmtpInput::Kind::text:
    case SmtpInput::Kind::chunk:
      return body_piece(record);
    case SmtpInput::Kind::end_of_text:
      return message_complete();
    case SmtpInput::Kind::end_of_chunk:
      return end_chunk();
  }
}

void SmtpConnection::failed(const Error& error) {
  if (error.operation() == "read" && error.code() == Errc::limit && phase_ != Phase::closing) {
    if (phase_ == Phase::text) return spoil(552, "5.6.0", "a line is too long");
    return refuse(500, "5.5.2", "the line is too long");
  }
  if (error.operation() == "read" && error.code() == Errc::protocol && phase_ != Phase::closing) {
    return hang_up(521, "5.5.2", error.reason());
  }
  const bool orderly = error.code() == Errc::end_of_file || error.number() == ECONNRESET;
  if (!orderly && phase_ != Phase::closing) warn_of(error.message());  // after QUIT many just go
  finish();
}

// A client that does not read its answers is not asked for more commands.
void SmtpConnection::high() {
  over_high_ = true;
  wheel().pause_input();
}

void SmtpConnection::low() {
  over_high_ = false;
  listen_on();
}

void SmtpConnection::listen_on() {
  if (connected() && !shutting_down() && !over_high_ && asked_ == Asked::nothing) wheel().resume_input();
}

void SmtpConnection::disconnected() {
  forget_question();
  timer_.cancel();
  sink_ = nullptr;
}

// ---- time

void SmtpConnection::limit_time(Duration time) {
  timer_ = after(time, [this] { too_late(); });
}

void SmtpConnection::too_late() {
  if (phase_ == Phase::closing) return close();
  if (asked_ == Asked::nothing) return hang_up(421, "4.4.2", "timeout");
  forget_question();
  answer(451, "4.3.0 no answer in time, try again later");
}

// ---- answers

void SmtpConnection::say(int code, const char* status, std::string_view text) {
  std::string line = std::to_string(code) + " ";
  if (!has_status(text)) line.append(status).append(" ");
  send(line.append(printable(text)).append("\r\n"));
}

void SmtpConnection::send(const std::string& lines) {
  if (!connected() || shutting_down()) return;
  static_cast<void>(put(lines));  // if it is too much, on_error tells
}

// Counts, and is the last one if there were too many.
void SmtpConnection::refuse(int code, const char* status, std::string_view text) {
  if (++errors_ > options().limits.max_errors) return hang_up(421, "4.7.0", "too many errors");
  say(code, status, text);
}

void SmtpConnection::hang_up(int code, const char* status, std::string_view text) {
  if (phase_ == Phase::closing) return;
  forget_question();
  asked_ = Asked::nothing;
  reset();
  say(code, status, core_->host_name + " " + std::string(text) + ", closing the connection");
  phase_ = Phase::closing;
  if (!connected() || shutting_down()) return;
  wheel().shutdown_output();
  wheel().resume_input();
  limit_time(kLinger);
}

// ---- questions

void SmtpConnection::ask(Asked what, Fn<void(SmtpQuestion)>& whom, std::string address) {
  asked_ = what;
  address_ = std::move(address);
  if (!whom) return answer(250, {});
  question_ = std::make_shared<SmtpQuestion::State>();
  question_->connection = this;
  question_->envelope = envelope_;
  question_->address = address_;
  if (what == Asked::message) question_->message = std::exchange(text_, {});
  wheel().pause_input();
  limit_time(options().limits.answer_time);
  try {
    whom(SmtpQuestion(question_));
  } catch (...) {  // the question went with it, and was a 451
    warn_of(Error::from_exception(std::current_exception(), "ask", "a handler").message());
  }
}

void SmtpConnection::answer(int code, std::string_view text) {
  question_ = nullptr;
  const Asked what = std::exchange(asked_, Asked::nothing);
  if (!connected() || shutting_down() || phase_ == Phase::closing || what == Asked::nothing) return;
  const bool accepted = code == 250;
  answered(what, accepted);
  limit_time(options().limits.command_time);
  const char* const good = what == Asked::sender ? "2.1.0" : what == Asked::recipient ? "2.1.5" : "2.0.0";
  if (accepted) {
    say(250, good, text.empty() ? "OK" : text);
  } else {
    refuse(code, code >= 500 ? "5.7.1" : "4.3.0", text.empty() ? "refused" : text);
  }
  drain_if_asked();
  if (phase_ != Phase::closing) listen_on();
}

void SmtpConnection::forget_question() noexcept {
  if (const auto question = std::exchange(question_, nullptr)) question->connection = nullptr;
}

void SmtpConnection::warn_of(const std::string& what) {
  LogSink& log = options().log != nullptr ? *options().log : stderr_log();
  if (log.threshold() > LogLevel::warning) return;
  log.write(LogLevel::warning, "SMTP connection from " + peer().to_string() + ": " + what);
}

void SmtpConnection::drain_if_asked() {
  if (connected() && (draining_ || kernel().draining())) drain();
}

void SmtpConnection::drain() {
  draining_ = true;
  if (mail_ || asked_ != Asked::nothing || !greeted_) return;
  hang_up(421, "4.3.2", "the server is going down");
}

}  // namespace poe
