// SPDX-License-Identifier: MIT
//
// Fuzz target: the server's side of SMTP. The first octets choose the place and the cuts. The outcome is the same
// however the octets are cut; a text ends where a search for CR LF . CR LF finds its end, and nowhere else; no line has
// a CR or LF by itself. The commands' parser is compiled in: it is no part of the library's face.
#include "cut_check.hpp"
#include "poe/components/smtp_input.hpp"
#include "smtp_command.hpp"

namespace {

using poe::SmtpInput;
using poe::fuzz::Outcome;
using poe::fuzz::require;

poe::SmtpLineLimits limits() {
  poe::SmtpLineLimits small;
  small.max_command = 40;
  small.max_text = 30;
  return small;
}

std::string placed(unsigned choice, std::string text) {
  for (char& c : text) {
    if (c == 'a') c = '.';
  }
  switch (choice % 5) {
    case 0:
      return text;
    case 1:
      return "DATA\r\n" + text + "\r\n.\r\nQUIT\r\n";
    case 2:
      return "BDAT " + std::to_string(text.size() / 2) + "\r\n" + text + "\r\nBDAT 0 LAST\r\nRSET\r\n";
    case 3:
      return "MAIL FROM:<" + text + "\r\nRCPT TO:<" + text + ">\r\nDATA\r\n.\r\n";
    default:
      return "BDAT " + text + "\r\nQUIT\r\n";
  }
}

void check_command(std::string_view line) {
  static_cast<void>(poe::smtp::verb_of(line));
  for (const char* const prefix : {"FROM:", "TO:"}) {
    const auto path = poe::smtp::path_of(poe::smtp::argument_of(line), prefix);
    if (!path || !poe::smtp::is_mailbox(path->mailbox, true)) continue;
    require(path->mailbox.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos, "a line in a mailbox");
  }
}

void collect(SmtpInput& input, Outcome& out, std::size_t most) {
  for (;;) {
    const auto record = input.next();
    if (record && !record->has_value()) return;
    require(out.size() <= most, "more records than the octets can hold");
    if (!record) {
      out.push_back("!" + record.error().message());
      continue;
    }
    const std::string text(**record);
    const auto kind = input.kind();
    const bool goes_on = kind == SmtpInput::Kind::chunk && !out.empty() && out.back().starts_with("c");
    if (kind == SmtpInput::Kind::command) check_command(text);
    if (kind == SmtpInput::Kind::command && text == "DATA") input.begin_text();
    if (kind == SmtpInput::Kind::text) {
      require(text.find_first_of("\r\n") == text.size() - 2 && text.ends_with("\r\n"), "a line end in a line");
      require(text.size() <= limits().max_text, "a line over its limit");
    }
    goes_on ? static_cast<void>(out.back().append(text))
            : out.push_back(std::string(1, "ntecx"[static_cast<std::size_t>(kind)]) + text);
  }
}

Outcome run(std::string_view bytes, std::string_view cuts, bool give_back) {
  SmtpInput input(limits());
  Outcome out;
  for (std::size_t at = 0, turn = 0; at < bytes.size(); ++turn) {
    const std::size_t size =
        cuts.empty() ? bytes.size() : static_cast<std::uint8_t>(cuts[turn % cuts.size()]) % 40U + 1U;
    auto piece = std::make_unique<std::string>(bytes.substr(at, size));  // freed before the next feed
    at += piece->size();
    input.feed(*piece);
    collect(input, out, 3 * bytes.size() + 3);
    require(input.pending_size() <= 200, "more held than a line");
    if (!give_back) continue;
    *piece = input.take_pending();
    input.feed(*piece);
    collect(input, out, 3 * bytes.size() + 3);
  }
  return out;
}

// Of "DATA", a text and "QUIT", the text by another way; nothing if anything was refused.
void check_text(std::string_view bytes, const Outcome& out) {
  std::string got;
  for (const std::string& one : out) {
    if (one.starts_with('!')) return;
    if (one.starts_with('t')) got += one.substr(1);
    if (one.starts_with('e')) break;
  }
  const std::string text = "\r\n" + std::string(bytes.substr(6));
  const std::size_t end = text.find("\r\n.\r\n");
  require(end != std::string::npos, "the end of a text is lost");
  std::string expected = text.substr(2, end);
  if (expected.starts_with('.')) expected.erase(0, 1);
  for (std::size_t at = 0; (at = expected.find("\r\n.", at)) != std::string::npos; at += 2) expected.erase(at + 2, 1);
  require(got == expected, "a text that is not what was said");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kHeader = 4;
  if (size < kHeader) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::string bytes = placed(data[0], std::string(input.substr(kHeader)));
  const std::string_view cuts = input.substr(1, kHeader - 1);
  const Outcome whole = run(bytes, {}, false);
  require(run(bytes, cuts, false) == whole, "the outcome depends on the cuts");
  require(run(bytes, std::string_view("\0", 1), false) == whole, "the outcome differs octet by octet");
  require(run(bytes, cuts, true) == whole, "the outcome depends on taking what is pending");
  if (data[0] % 5 == 1) check_text(bytes, whole);
  check_command(input.substr(kHeader));
  return 0;
}
