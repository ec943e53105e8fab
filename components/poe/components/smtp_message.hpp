// SPDX-License-Identifier: MIT
//
// What an SmtpServer asks its program, and knows of a message: see smtp_server.hpp.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "poe/error.hpp"
#include "poe/export.hpp"
#include "poe/fn.hpp"
#include "poe/wheels/socket_address.hpp"

namespace poe {

/// Who sends what to whom. Nothing of it is proved but `peer`.
struct SmtpEnvelope {
  SmtpEnvelope() = default;
  SocketAddress peer{};
  std::string helo{};                     ///< what the client calls itself
  bool extended = false;                  ///< it said EHLO, not HELO
  bool secured = false;                   ///< over TLS
  std::string sender{};                   ///< empty: a bounce, "<>"
  std::vector<std::string> recipients{};  ///< those that were accepted
  bool eight_bit = false;                 ///< BODY=8BITMIME
  bool utf8 = false;                      ///< SMTPUTF8: addresses and header fields may be UTF-8
  std::uint64_t declared_size = 0;        ///< octets, by the client's word; 0: it did not say
};

/// Takes a message in pieces, in order, with CR LF line ends and without the dots for transparency. An error refuses
/// the message with 452, no more pieces come then. It is dropped when the message has ended, or will never end.
using SmtpSink = Fn<Result<void>(std::string_view piece)>;

class SmtpConnection;

/// One question to the program: a sender, a recipient, a message. Answer it once, now or later, from any session of the
/// kernel; until then the client waits. Dropped without an answer it is a 451, so that the client tries again. Loop
/// thread. Harmless once the client has gone.
class POE_API SmtpQuestion {
 public:
  SmtpQuestion(SmtpQuestion&&) noexcept;
  SmtpQuestion& operator=(SmtpQuestion&&) noexcept;
  ~SmtpQuestion();

  const SmtpEnvelope& envelope() const noexcept;
  /// The sender or the recipient in question, without brackets; empty for a message, and for a bounce's sender.
  const std::string& address() const noexcept;
  /// Of a message: all of it, CR LF line ends, unless a sink had it.
  std::string_view message() const noexcept;
  std::string take_message() noexcept;
  /// Whether somebody still waits for the answer.
  explicit operator bool() const noexcept;

  /// 250; for a message: from now on it is ours to deliver.
  void accept(std::string_view text = {});
  /// @param code  400 to 599; others become 451. 4xx: try again later, 5xx: never
  /// @param text  one line; may begin with an enhanced status code ("5.1.1 no such user"), else a general one is added.
  ///              What is not printable becomes '?'.
  void refuse(int code, std::string_view text);

 private:
  friend class SmtpConnection;
  struct State;
  explicit SmtpQuestion(std::shared_ptr<State> state) noexcept;
  void drop() noexcept;
  // Why shared_ptr: the connection lets go of it when the client goes, and the other way round.
  std::shared_ptr<State> state_;
};

}  // namespace poe
