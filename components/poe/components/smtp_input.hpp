// SPDX-License-Identifier: MIT
//
// SmtpInput: what an SMTP server hears (RFC 5321), as a filter: command lines, the text of a message line by line, and
// the octets of BDAT chunks (RFC 3030). It knows no kernel and answers nobody; SmtpServer does. Not thread-safe.
//
// Only CR LF ends a line, and only CR LF "." CR LF ends a text: a CR or LF by itself is refused, for what one server
// takes for the end of a message, and another one does not, smuggles messages past the first (CVE-2023-51764).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "poe/export.hpp"
#include "poe/filters/filter.hpp"
#include "poe/filters/input_buffer.hpp"

namespace poe {

/// Octets, with the CR LF. A message that has a longer text line is refused.
struct SmtpLineLimits {
  /// RFC 5321, 4.5.3.1.4. MAIL may have kMailExtra more.
  std::size_t max_command = 512;
  /// RFC 5321, 4.5.3.1.6; a dot put in front for transparency does not count.
  std::size_t max_text = 1000;
  /// What SIZE (RFC 1870), 8BITMIME (RFC 6152) and SMTPUTF8 (RFC 6531) add.
  static constexpr std::size_t kMailExtra = 26 + 17 + 10;
};

class POE_API SmtpInput final : public Filter {
 public:
  /// What next() has given.
  enum class Kind : std::uint8_t {
    command,      ///< a line, without its CR LF
    text,         ///< a line of the message, with its CR LF, without the dot for transparency
    end_of_text,  ///< nothing; commands follow
    chunk,        ///< some octets of a chunk: how many depends on how they came
    end_of_chunk  ///< nothing; commands follow
  };

  explicit SmtpInput(SmtpLineLimits limits = SmtpLineLimits()) noexcept : limits_(limits), input_(kBuffer) {}

  Kind kind() const noexcept { return kind_; }
  /// What follows is the text of a message, up to its end: after the command DATA was accepted.
  void begin_text() noexcept { mode_ = Mode::text; }
  /// Of the BDAT that was given last, octets; they follow it, whether it is accepted or not.
  std::uint64_t chunk_size() const noexcept { return chunk_size_; }
  /// Whether that was the last one of its message.
  bool last_chunk() const noexcept { return last_chunk_; }

  void feed(std::string_view bytes) override { input_.feed(bytes); }
  void keep() override { input_.keep(); }
  /// Errors: Errc::limit, a line that is too long; the rest of it is skipped, and the next one follows.
  /// Errc::protocol, a CR or LF by itself, or a BDAT without a size: nobody knows what follows, so it gives up.
  Result<std::optional<std::string_view>> next() override;
  /// Nothing: a line that is not finished was never said.
  Result<std::optional<std::string_view>> finish() override;
  /// Answers are put as they are to be, with their CR LF.
  Result<void> encode(std::string_view record, std::string& out) override;
  std::string take_pending() override { return input_.take(); }
  std::size_t pending_size() const noexcept override { return input_.size(); }
  std::unique_ptr<Filter> clone() const override { return std::make_unique<SmtpInput>(limits_); }
  void reset() noexcept override;

 private:
  using Piece = Result<std::optional<std::string_view>>;
  enum class Mode : std::uint8_t { commands, text, chunk };
  static constexpr std::size_t kBuffer = std::size_t{256} << 10;  // octets kept while nobody wants records

  std::string_view view();
  std::size_t most_of(std::string_view line) const noexcept;
  Piece line();
  bool skip_rest_of_line(Error& fault);
  Piece given(std::string_view line);
  Piece chunk_piece();
  Piece give_up(const char* why);
  bool begin_chunk(std::string_view line) noexcept;

  SmtpLineLimits limits_;
  InputBuffer input_;
  std::uint64_t chunk_size_ = 0;
  std::uint64_t chunk_left_ = 0;
  Mode mode_ = Mode::commands;
  Kind kind_ = Kind::command;
  bool last_chunk_ = false;
  bool skipping_ = false;  // within a line that is too long
};

}  // namespace poe
