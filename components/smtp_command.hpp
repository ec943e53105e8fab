// SPDX-License-Identifier: MIT
//
// Commands of SMTP, taken apart (RFC 5321, 4.1). Pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace poe::smtp {

enum class Verb : std::uint8_t {
  helo,
  ehlo,
  mail,
  rcpt,
  data,
  bdat,
  rset,
  noop,
  vrfy,
  expn,
  help,
  quit,
  starttls,
  http,  // a browser was sent here by somebody who means harm
  unknown
};

/// Without regard to the case of ASCII letters.
bool same_word(std::string_view a, std::string_view b) noexcept;
Verb verb_of(std::string_view line) noexcept;
/// What follows the verb, without the blanks around it.
std::string_view argument_of(std::string_view line) noexcept;

/// "FROM:<a@b> SIZE=1" of MAIL, "TO:<a@b>" of RCPT.
struct Path {
  std::string mailbox;                                                    // empty: "<>"
  std::vector<std::pair<std::string_view, std::string_view>> parameters;  // views of the line
};
/// @param prefix  "FROM:" or "TO:"
/// Nothing: that is no path.
std::optional<Path> path_of(std::string_view argument, std::string_view prefix);

/// local@domain (RFC 5321, 4.1.2): dotted atoms or a quoted string, a domain or an address literal; RFC 6531's octets
/// with `utf8`, which must be sound. `Postmaster` may stand alone.
bool is_mailbox(std::string_view text, bool utf8) noexcept;
/// Of EHLO and HELO: no blanks, nothing unprintable, at most 255 octets. Who says a wrong name is no worse a client.
bool is_name(std::string_view text) noexcept;
bool is_ascii(std::string_view text) noexcept;

/// Whether each CR has its LF and each LF its CR, in a text that comes in pieces.
class LineEndCheck {
 public:
  bool add(std::string_view piece) noexcept;
  /// No CR is left that waits for its LF.
  bool is_whole() const noexcept { return !cr_; }

 private:
  bool cr_ = false;
};

}  // namespace poe::smtp
