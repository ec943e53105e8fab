// SPDX-License-Identifier: MIT
//
// SmtpConnection: the message itself, after DATA or in chunks.
#include "smtp_connection.hpp"

namespace poe {

// Why none may begin, if so.
std::optional<SmtpConnection::Reply> SmtpConnection::begin_message() {
  limit_time(options().limits.data_time);
  if (!mail_) return Reply{503, "5.5.1", "MAIL comes first"};
  if (envelope_->recipients.empty()) return Reply{554, "5.5.1", "there are no recipients"};
  if (!options().open_sink) return std::nullopt;
  auto sink = new_sink();
  if (!sink) return Reply{451, "4.3.0", "the message cannot be taken now"};
  sink_ = std::move(*sink);
  return std::nullopt;
}

Result<SmtpSink> SmtpConnection::new_sink() {
  try {
    return core_->options.open_sink(*envelope_);
  } catch (...) {
    Error why = Error::from_exception(std::current_exception(), "open", "the sink of a message");
    warn_of(why.message());
    return failure(std::move(why));
  }
}

// The sink may do anything, also end this connection.
Result<void> SmtpConnection::store(std::string_view piece) {
  SmtpSink sink = std::move(sink_);
  sink_ = nullptr;
  try {
    if (auto stored = sink(piece); !stored) return stored;
  } catch (...) {
    Error why = Error::from_exception(std::current_exception(), "write", "the sink of a message");
    warn_of(why.message());
    return failure(std::move(why));
  }
  if (connected() && phase_ != Phase::closing) sink_ = std::move(sink);
  return {};
}

void SmtpConnection::data(std::string_view argument) {
  if (!argument.empty()) return refuse(501, "5.5.4", "DATA has no argument");
  if (phase_ != Phase::commands) return refuse(503, "5.5.1", "BDAT was begun");
  const auto no = begin_message();
  if (!connected()) return;
  if (no) {
    limit_time(options().limits.command_time);
    return refuse(no->code, no->status, no->text);
  }
  phase_ = Phase::text;
  send("354 end with CR LF . CR LF\r\n");
  parser().begin_text();
}

// The chunk comes in any case; its octets are thrown away if there is a fault.
void SmtpConnection::begin_chunk() {
  if (phase_ == Phase::commands) {
    phase_ = Phase::chunks;
    if (const auto no = begin_message()) spoil(no->code, no->status, no->text);
    if (!connected()) return;
  }
  if (parser().chunk_size() > options().limits.max_message) hang_up(552, "5.3.4", "the message is too large");
}

void SmtpConnection::end_chunk() {
  if (phase_ != Phase::chunks) return;
  const bool last = parser().last_chunk();
  if (last && !line_ends_.is_whole()) spoil(554, "5.6.0", "the message ends with a CR by itself");
  if (last) return message_complete();
  if (!fault_) return say(250, "2.0.0", std::to_string(octets_) + " octets");
  const Reply fault = *fault_;  // kept: what follows is no message either
  refuse(fault.code, fault.status, fault.text);
}

void SmtpConnection::body_piece(std::string_view piece) {
  octets_ += piece.size();
  if (fault_) return;
  if (octets_ > options().limits.max_message) return spoil(552, "5.3.4", "the message is too large");
  if (phase_ == Phase::chunks && !line_ends_.add(piece)) {
    return spoil(554, "5.6.0", "a CR or LF by itself: only both together end a line");
  }
  if (!options().open_sink) return static_cast<void>(text_.append(piece));
  if (!store(piece) && connected()) spoil(452, "4.3.0", "the message could not be stored");
}

void SmtpConnection::spoil(int code, const char* status, std::string_view text) {
  if (!fault_) fault_ = Reply{code, status, std::string(text)};
  std::string().swap(text_);
  sink_ = nullptr;
}

void SmtpConnection::message_complete() {
  phase_ = Phase::commands;
  idle_commands_ = 0;
  sink_ = nullptr;
  if (!fault_) return ask(Asked::message, core_->options.on_message, {});
  const Reply fault = std::move(*fault_);
  reset();
  limit_time(options().limits.command_time);
  refuse(fault.code, fault.status, fault.text);
  drain_if_asked();
}

// To no message in hand; who the client is stays.
void SmtpConnection::reset() {
  auto fresh = std::make_shared<SmtpEnvelope>();
  fresh->peer = peer();
  if (envelope_ != nullptr) {
    fresh->helo = envelope_->helo;
    fresh->extended = envelope_->extended;
    fresh->secured = envelope_->secured;
  }
  envelope_ = std::move(fresh);
  mail_ = false;
  std::string().swap(text_);
  sink_ = nullptr;
  fault_.reset();
  line_ends_ = smtp::LineEndCheck();
  octets_ = 0;
  if (phase_ != Phase::closing) phase_ = Phase::commands;
}

void SmtpConnection::answered(Asked what, bool accepted) {
  switch (what) {
    case Asked::sender:
      mail_ = accepted;
      if (accepted) envelope_->sender = address_;
      return;
    case Asked::recipient:
      if (accepted) envelope_->recipients.push_back(address_);
      return;
    case Asked::message:
      return reset();
    case Asked::nothing:
      return;
  }
}

}  // namespace poe
