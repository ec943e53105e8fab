// SPDX-License-Identifier: MIT
//
// SmtpConnection: the session around one connection of an SmtpServer. One command at a time: while the program is
// asked, the input rests. Loop thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "poe/components/smtp_message.hpp"
#include "poe/components/tcp_server.hpp"
#include "smtp_command.hpp"
#include "smtp_server_core.hpp"

namespace poe {

class SmtpConnection final : public TcpConnection {
 public:
  SmtpConnection(Birth birth, TcpSeed seed, std::shared_ptr<SmtpServerCore> core);
  ~SmtpConnection() override;
  static void handlers(Handlers<SmtpConnection>& table) { TcpConnection::handlers(table); }

  /// The program's, to the question in hand.
  void answer(int code, std::string_view text);

 private:
  /// The code, the enhanced code (RFC 2034), and one line.
  struct Reply {
    int code;
    const char* status;
    std::string text;
  };
  /// What is asked of the program.
  enum class Asked : std::uint8_t { nothing, sender, recipient, message };
  enum class Phase : std::uint8_t {
    commands,
    text,     // after DATA
    chunks,   // after a BDAT that was not the last
    closing,  // the last word was said; what still comes is thrown away
  };

  // ---- life, smtp_connection.cpp
  void opened() override;
  void input(std::string_view record) override;
  void failed(const Error& error) override;
  void high() override;
  void low() override;
  /// Unless something is in the way.
  void listen_on();
  void disconnected() override;
  void limit_time(Duration time);
  void too_late();
  void say(int code, const char* status, std::string_view text);
  void refuse(int code, const char* status, std::string_view text);
  void send(const std::string& lines);
  void hang_up(int code, const char* status, std::string_view text);
  void ask(Asked what, Fn<void(SmtpQuestion)>& whom, std::string address);
  void forget_question() noexcept;
  void warn_of(const std::string& what);
  /// On every way back to no message in hand.
  void drain_if_asked();
  void drain();

  // ---- commands, smtp_commands.cpp
  void command(std::string_view line);
  void hello(std::string_view name, bool extended);
  void mail(std::string_view argument);
  std::optional<Reply> take_parameter(std::string_view name, std::string_view value);
  void rcpt(std::string_view argument);
  void start_tls(std::string_view argument);
  std::string extensions() const;

  // ---- messages, smtp_messages.cpp
  std::optional<Reply> begin_message();
  Result<SmtpSink> new_sink();
  Result<void> store(std::string_view piece);
  void data(std::string_view argument);
  void begin_chunk();
  void end_chunk();
  void body_piece(std::string_view piece);
  void spoil(int code, const char* status, std::string_view text);
  void message_complete();
  void reset();
  void answered(Asked what, bool accepted);

  const SmtpServerOptions& options() const noexcept { return core_->options; }
  /// The wheel's; another one after STARTTLS.
  SmtpInput& parser() noexcept { return static_cast<SmtpInput&>(wheel().input_filter()); }

  std::shared_ptr<SmtpServerCore> core_;
  std::shared_ptr<SmtpEnvelope> envelope_;  // shared with questions; a new one for each message
  std::shared_ptr<SmtpQuestion::State> question_;
  std::string address_;  // the one that is asked about
  std::string text_;     // of the message, so far
  SmtpSink sink_;
  std::optional<Reply> fault_;  // why the message will be refused when it has come
  smtp::LineEndCheck line_ends_;
  SignalWatch drain_;
  Timer timer_;
  std::uint64_t octets_ = 0;  // of the message
  std::size_t errors_ = 0;
  std::size_t idle_commands_ = 0;
  Phase phase_ = Phase::commands;
  Asked asked_ = Asked::nothing;
  bool helo_ = false;
  bool mail_ = false;  // a sender was accepted
  bool greeted_ = false;
  bool over_high_ = false;
  bool draining_ = false;
};

}  // namespace poe
