// SPDX-License-Identifier: MIT
#include "smtp_command.hpp"

#include <algorithm>
#include <array>

namespace poe::smtp {
namespace {

constexpr std::size_t kMostLocal = 64;    // octets; RFC 5321, 4.5.3.1
constexpr std::size_t kMostDomain = 255;  // likewise

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool is_alnum(char c) noexcept { return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z'); }
bool is_high(char c) noexcept { return (static_cast<unsigned char>(c) & 0x80U) != 0; }

std::string_view trimmed(std::string_view text) noexcept {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

// Octets of the sound sequence at the front; 0: there is none (RFC 3629: no overlong forms, no surrogates).
std::size_t sequence_at(std::string_view text) noexcept {
  const auto octet = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const unsigned first = octet(0);
  if (first < 0x80) return 1;
  const std::size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4) return 0;
  unsigned low = 0x80;
  unsigned high = 0xBF;
  if (first == 0xE0) low = 0xA0;
  if (first == 0xED) high = 0x9F;
  if (first == 0xF0) low = 0x90;
  if (first == 0xF4) high = 0x8F;
  if (octet(1) < low || octet(1) > high) return 0;
  for (std::size_t i = 2; i < size; ++i) {
    if ((octet(i) & 0xC0U) != 0x80) return 0;
  }
  return size;
}

bool is_utf8(std::string_view text) noexcept {
  while (!text.empty()) {
    const std::size_t size = sequence_at(text);
    if (size == 0) return false;
    text.remove_prefix(size);
  }
  return true;
}

bool is_atom_char(char c) noexcept {
  return is_alnum(c) || is_high(c) || std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
}

bool is_dotted(std::string_view text, bool (*is_part)(char)) noexcept {
  bool part = false;
  for (const char c : text) {
    if (c == '.') {
      if (!std::exchange(part, false)) return false;
    } else {
      if (!is_part(c)) return false;
      part = true;
    }
  }
  return part;
}

bool is_quoted(std::string_view text) noexcept {
  if (text.size() < 2 || text.front() != '"' || text.back() != '"') return false;
  bool escaped = false;
  for (const char c : text.substr(1, text.size() - 2)) {
    if ((static_cast<unsigned char>(c) < ' ') || c == '\x7F') return false;
    if (!escaped && c == '"') return false;
    escaped = !escaped && c == '\\';
  }
  return !escaped;
}

bool is_domain(std::string_view text) noexcept {
  if (text.empty() || text.size() > kMostDomain) return false;
  if (text.front() == '[') {
    if (text.back() != ']' || text.size() < 3) return false;
    return std::all_of(text.begin() + 1, text.end() - 1,
                       [](char c) { return is_alnum(c) || c == '.' || c == ':' || c == '-'; });
  }
  return is_dotted(text, [](char c) { return is_alnum(c) || is_high(c) || c == '-' || c == '_'; });
}

// Where the mailbox in brackets ends; brackets may stand in a quoted string.
std::size_t closing_bracket(std::string_view text) noexcept {
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (quoted && text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      quoted = !quoted;
    } else if (text[i] == '>' && !quoted) {
      return i;
    }
  }
  return std::string_view::npos;
}

bool take_parameters(std::string_view text, Path& into) {
  while (!(text = trimmed(text)).empty()) {
    const std::string_view one = text.substr(0, text.find(' '));
    text.remove_prefix(one.size());
    const std::size_t equals = one.find('=');
    const std::string_view name = one.substr(0, equals);
    if (name.empty() || !std::all_of(name.begin(), name.end(), [](char c) { return is_alnum(c) || c == '-'; })) {
      return false;
    }
    into.parameters.emplace_back(name, equals == std::string_view::npos ? std::string_view() : one.substr(equals + 1));
  }
  return true;
}

}  // namespace

bool same_word(std::string_view a, std::string_view b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

Verb verb_of(std::string_view line) noexcept {
  constexpr std::array<std::pair<std::string_view, Verb>, 13> kVerbs = {{{"HELO", Verb::helo},
                                                                         {"EHLO", Verb::ehlo},
                                                                         {"MAIL", Verb::mail},
                                                                         {"RCPT", Verb::rcpt},
                                                                         {"DATA", Verb::data},
                                                                         {"BDAT", Verb::bdat},
                                                                         {"RSET", Verb::rset},
                                                                         {"NOOP", Verb::noop},
                                                                         {"VRFY", Verb::vrfy},
                                                                         {"EXPN", Verb::expn},
                                                                         {"HELP", Verb::help},
                                                                         {"QUIT", Verb::quit},
                                                                         {"STARTTLS", Verb::starttls}}};
  const std::string_view word = line.substr(0, line.find(' '));
  for (const auto& [name, verb] : kVerbs) {
    if (same_word(word, name)) return verb;
  }
  const bool http = line.ends_with(" HTTP/1.1") || line.ends_with(" HTTP/1.0") || same_word(word, "Host:");
  return http ? Verb::http : Verb::unknown;
}

std::string_view argument_of(std::string_view line) noexcept {
  const std::size_t blank = line.find(' ');
  return blank == std::string_view::npos ? std::string_view() : trimmed(line.substr(blank));
}

std::optional<Path> path_of(std::string_view argument, std::string_view prefix) {
  if (!same_word(argument.substr(0, prefix.size()), prefix)) return std::nullopt;
  argument = trimmed(argument.substr(prefix.size()));  // blanks there are wrong, and common
  if (!argument.starts_with('<')) return std::nullopt;
  argument.remove_prefix(1);
  const std::size_t end = closing_bracket(argument);
  if (end == std::string_view::npos) return std::nullopt;
  std::string_view mailbox = argument.substr(0, end);
  if (mailbox.starts_with('@')) {  // a route, which is to be ignored (RFC 5321, appendix C)
    const std::size_t colon = mailbox.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    mailbox.remove_prefix(colon + 1);
    if (mailbox.empty()) return std::nullopt;
  }
  Path path;
  path.mailbox = mailbox;
  const std::string_view rest = argument.substr(end + 1);
  if (!rest.empty() && rest.front() != ' ') return std::nullopt;
  if (!take_parameters(rest, path)) return std::nullopt;
  return path;
}

bool is_mailbox(std::string_view text, bool utf8) noexcept {
  if (!is_ascii(text) && (!utf8 || !is_utf8(text))) return false;
  if (same_word(text, "Postmaster")) return true;
  const std::size_t at = text.rfind('@');
  if (at == std::string_view::npos || at == 0 || at > kMostLocal) return false;
  const std::string_view local = text.substr(0, at);
  return (is_dotted(local, is_atom_char) || is_quoted(local)) && is_domain(text.substr(at + 1));
}

bool is_name(std::string_view text) noexcept {
  return !text.empty() && text.size() <= kMostDomain &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7F'; });
}

bool is_ascii(std::string_view text) noexcept { return std::none_of(text.begin(), text.end(), is_high); }

bool LineEndCheck::add(std::string_view piece) noexcept {
  for (const char c : piece) {
    if ((c == '\n') != cr_) return false;
    cr_ = c == '\r';
  }
  return true;
}

}  // namespace poe::smtp
