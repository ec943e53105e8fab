// SPDX-License-Identifier: MIT
#include "poe/components/smtp_input.hpp"

#include <algorithm>
#include <charconv>

#include "smtp_command.hpp"

namespace poe {
namespace {

/// Where a line ends.
struct LineEnd {
  enum class What : std::uint8_t { none, whole, undecided, bare } what;
  std::size_t at;  // of its CR or LF; the size, if there is none
};

// The first CR or LF decides: whatever comes before it has neither.
LineEnd end_of(std::string_view text) {
  const std::size_t at = text.find_first_of("\r\n");
  if (at == std::string_view::npos) return {LineEnd::What::none, text.size()};
  if (text[at] == '\n') return {LineEnd::What::bare, at};
  if (at + 1 == text.size()) return {LineEnd::What::undecided, at};
  return {text[at + 1] == '\n' ? LineEnd::What::whole : LineEnd::What::bare, at};
}

constexpr const char* kBare = "a CR or LF by itself: only both together end a line";

}  // namespace

SmtpInput::Piece SmtpInput::next() {
  input_.settle();
  if (input_.stopped()) return std::nullopt;
  if (input_.overflow()) return give_up("more octets came than are kept");
  if (mode_ == Mode::chunk) return chunk_piece();
  Error fault(Errc::protocol, "parse");
  if (skipping_ && !skip_rest_of_line(fault)) {
    if (input_.stopped()) return failure(fault);
    return std::nullopt;
  }
  return line();
}

SmtpInput::Piece SmtpInput::finish() {
  input_.clear();
  return std::nullopt;
}

Result<void> SmtpInput::encode(std::string_view record, std::string& out) {
  out.append(record);
  return {};
}

void SmtpInput::reset() noexcept {
  input_.clear();
  mode_ = Mode::commands;
  kind_ = Kind::command;
  skipping_ = last_chunk_ = false;
  chunk_size_ = chunk_left_ = 0;
}

// The octets to look at: the fed ones, or behind what is held as many as a line may have.
std::string_view SmtpInput::view() {
  if (input_.held().empty()) return input_.fed();
  input_.borrow(std::max(limits_.max_command + SmtpLineLimits::kMailExtra, limits_.max_text) + 2);
  return input_.held();
}

// Octets of that line before its CR LF.
std::size_t SmtpInput::most_of(std::string_view line) const noexcept {
  if (mode_ == Mode::text) return limits_.max_text - 2 + (line.starts_with('.') ? 1 : 0);
  const bool mail = smtp::same_word(line.substr(0, 5), "MAIL ");
  return limits_.max_command - 2 + (mail ? SmtpLineLimits::kMailExtra : 0);
}

SmtpInput::Piece SmtpInput::line() {
  const std::string_view text = view();
  const LineEnd end = end_of(text);
  if (end.at > most_of(text)) {
    input_.give_back_after(end.at);
    input_.consume(end.at);
    skipping_ = true;
    return failure(Errc::limit, "parse", mode_ == Mode::text ? "a message" : "a command",
                   "a line is longer than " + std::to_string(most_of(text) + 2) + " octets");
  }
  if (end.what == LineEnd::What::bare) return give_up(kBare);
  if (end.what != LineEnd::What::whole) {
    input_.keep();
    return std::nullopt;
  }
  input_.give_back_after(end.at + 2);
  input_.consume(end.at + 2);
  return given(text.substr(0, end.at + 2));
}

bool SmtpInput::skip_rest_of_line(Error& fault) {
  while (!input_.empty()) {
    const std::string_view text = view();
    const LineEnd end = end_of(text);
    const bool whole = end.what == LineEnd::What::whole;
    input_.give_back_after(end.at + (whole ? 2 : 0));
    if (end.at > 0 && !whole) input_.consume(end.at);
    if (whole) {
      input_.consume(end.at + 2);
      skipping_ = false;
      return true;
    }
    if (end.what == LineEnd::What::bare) {
      fault = give_up(kBare).error();
      return false;
    }
    input_.settle();
    if (end.what == LineEnd::What::undecided && input_.size() == 1) break;
  }
  input_.keep();
  return false;
}

SmtpInput::Piece SmtpInput::given(std::string_view line) {
  if (mode_ == Mode::text) {
    if (line == ".\r\n") {
      mode_ = Mode::commands;
      kind_ = Kind::end_of_text;
      return std::string_view();
    }
    kind_ = Kind::text;
    return line.substr(line.front() == '.' ? 1 : 0);
  }
  line.remove_suffix(2);
  kind_ = Kind::command;
  if (smtp::verb_of(line) == smtp::Verb::bdat && !begin_chunk(line)) return give_up("a BDAT without a size");
  return line;
}

bool SmtpInput::begin_chunk(std::string_view line) noexcept {
  std::string_view rest = line.substr(4);
  if (!rest.starts_with(' ')) return false;
  rest.remove_prefix(1);
  std::uint64_t size = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), size);
  if (error != std::errc()) return false;
  rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
  if (!rest.empty() && !smtp::same_word(rest, " LAST")) return false;
  last_chunk_ = !rest.empty();
  chunk_size_ = chunk_left_ = size;
  mode_ = Mode::chunk;
  return true;
}

SmtpInput::Piece SmtpInput::chunk_piece() {
  if (chunk_left_ == 0) {
    mode_ = Mode::commands;
    kind_ = Kind::end_of_chunk;
    return std::string_view();
  }
  const std::string_view have = input_.held().empty() ? input_.fed() : input_.held();
  if (have.empty()) return std::nullopt;
  const std::string_view piece = have.substr(0, std::min<std::uint64_t>(chunk_left_, have.size()));
  chunk_left_ -= piece.size();
  input_.consume(piece.size());
  kind_ = Kind::chunk;
  return piece;
}

SmtpInput::Piece SmtpInput::give_up(const char* why) {
  input_.stop();
  return failure(Errc::protocol, "parse", "what an SMTP client says", why);
}

}  // namespace poe
