// SPDX-License-Identifier: MIT
//
// SmtpConnection: the commands up to the message itself.
#include <charconv>

#include "smtp_connection.hpp"

namespace poe {

void SmtpConnection::command(std::string_view line) {
  if (++idle_commands_ > options().limits.max_idle_commands + options().limits.max_recipients) {
    return hang_up(421, "4.7.0", "too many commands");
  }
  if (phase_ == Phase::commands) limit_time(options().limits.command_time);
  using smtp::Verb;
  const std::string_view argument = smtp::argument_of(line);
  switch (smtp::verb_of(line)) {
    case Verb::helo:
      return hello(argument, false);
    case Verb::ehlo:
      return hello(argument, true);
    case Verb::mail:
      return mail(argument);
    case Verb::rcpt:
      return rcpt(argument);
    case Verb::data:
      return data(argument);
    case Verb::bdat:
      return begin_chunk();
    case Verb::rset:
      if (!argument.empty()) return refuse(501, "5.5.4", "RSET has no argument");
      reset();
      return say(250, "2.0.0", "OK");
    case Verb::noop:
      return say(250, "2.0.0", "OK");
    case Verb::vrfy:
      return say(252, "2.5.0", "send mail, and see");
    case Verb::expn:
      return refuse(502, "5.5.1", "there are no lists to see here");
    case Verb::help:
      return say(214, "2.0.0", "RFC 5321");
    case Verb::starttls:
      return start_tls(argument);
    case Verb::quit:
      return hang_up(221, "2.0.0", "bye");
    case Verb::http:
      return hang_up(421, "5.5.1", "this is no web server");
    case Verb::unknown:
      return refuse(500, "5.5.2", "no such command");
  }
}

void SmtpConnection::hello(std::string_view name, bool extended) {
  if (!smtp::is_name(name)) return refuse(501, "5.5.4", "say your name");
  reset();
  helo_ = true;
  envelope_->helo = name;
  envelope_->extended = extended;
  if (!extended) return send("250 " + core_->host_name + "\r\n");
  send("250-" + core_->host_name + "\r\n" + extensions());
}

std::string SmtpConnection::extensions() const {
  std::string lines = "250-PIPELINING\r\n250-SIZE " + std::to_string(options().limits.max_message) +
                      "\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-ENHANCEDSTATUSCODES\r\n";
  if (options().tls != nullptr && !envelope_->secured) lines += "250-STARTTLS\r\n";
  return lines + "250 CHUNKING\r\n";
}

void SmtpConnection::mail(std::string_view argument) {
  if (!helo_) return refuse(503, "5.5.1", "EHLO comes first");
  if (options().tls_required && !envelope_->secured) return refuse(530, "5.7.0", "STARTTLS comes first");
  if (mail_ || phase_ != Phase::commands) return refuse(503, "5.5.1", "there is a sender already");
  const auto path = smtp::path_of(argument, "FROM:");
  if (!path) return refuse(501, "5.5.4", "that is no MAIL FROM:<address>");
  reset();
  for (const auto& [name, value] : path->parameters) {
    if (const auto wrong = take_parameter(name, value)) return refuse(wrong->code, wrong->status, wrong->text);
  }
  if (!path->mailbox.empty() && !smtp::is_mailbox(path->mailbox, envelope_->utf8)) {
    if (!smtp::is_ascii(path->mailbox)) return refuse(553, "5.6.7", "that address takes SMTPUTF8, and sound UTF-8");
    return refuse(553, "5.1.7", "that is no address");
  }
  ask(Asked::sender, core_->options.on_mail, path->mailbox);
}

std::optional<SmtpConnection::Reply> SmtpConnection::take_parameter(std::string_view name, std::string_view value) {
  if (!envelope_->extended) return Reply{555, "5.5.4", "parameters need EHLO"};
  if (smtp::same_word(name, "SIZE")) {
    std::uint64_t& size = envelope_->declared_size;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), size);
    if (error == std::errc::result_out_of_range) return Reply{552, "5.3.4", "the message is too large"};
    if (error != std::errc() || end != value.data() + value.size()) return Reply{501, "5.5.4", "SIZE is no number"};
    if (size > options().limits.max_message) return Reply{552, "5.3.4", "the message is too large"};
    return std::nullopt;
  }
  if (smtp::same_word(name, "BODY")) {
    envelope_->eight_bit = smtp::same_word(value, "8BITMIME");
    if (envelope_->eight_bit || smtp::same_word(value, "7BIT")) return std::nullopt;
    return Reply{555, "5.5.4", "BODY is 7BIT or 8BITMIME"};
  }
  if (smtp::same_word(name, "SMTPUTF8") && value.empty()) {
    envelope_->utf8 = true;
    return std::nullopt;
  }
  return Reply{555, "5.5.4", "no such parameter"};
}

void SmtpConnection::rcpt(std::string_view argument) {
  if (!mail_ || phase_ != Phase::commands) return refuse(503, "5.5.1", "MAIL comes first");
  const auto path = smtp::path_of(argument, "TO:");
  if (!path) return refuse(501, "5.5.4", "that is no RCPT TO:<address>");
  if (!path->parameters.empty()) return refuse(555, "5.5.4", "no such parameter");
  if (!smtp::is_mailbox(path->mailbox, envelope_->utf8)) {
    if (!smtp::is_ascii(path->mailbox)) return refuse(553, "5.6.7", "that address takes SMTPUTF8, and sound UTF-8");
    return refuse(553, "5.1.3", "that is no address");
  }
  if (envelope_->recipients.size() >= options().limits.max_recipients) {
    return refuse(452, "4.5.3", "too many recipients");
  }
  ask(Asked::recipient, core_->options.on_rcpt, path->mailbox);
}

// What came behind the command was not protected, so nobody may take it for what comes over TLS.
void SmtpConnection::start_tls(std::string_view argument) {
  if (options().tls == nullptr || options().tls_at_once) return refuse(502, "5.5.1", "there is no TLS here");
  if (envelope_->secured) return refuse(503, "5.5.1", "there is TLS already");
  if (!argument.empty()) return refuse(501, "5.5.4", "STARTTLS has no argument");
  auto layer = options().tls->make_layer(peer().to_string());
  if (!layer) return refuse(454, "4.7.0", "TLS is not available now");
  say(220, "2.0.0", "go ahead");
  static_cast<void>(wheel().input_filter().take_pending());
  if (auto secured = wheel().secure(std::move(*layer)); !secured) return failed(secured.error());
}

}  // namespace poe
