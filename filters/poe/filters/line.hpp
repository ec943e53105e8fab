// SPDX-License-Identifier: MIT
//
// LineFilter: records that end in a line ending (POE::Filter::Line). Which ending, how long a line may be and what
// happens to a longer one: LineOptions. A line is delivered without its ending. Not thread-safe, as every Filter.
#pragma once

#include <cstdint>
#include <vector>

#include "poe/filters/filter.hpp"
#include "poe/filters/input_buffer.hpp"
#include "poe/filters/line_pattern.hpp"
#include "poe/filters/oversize.hpp"

namespace poe {

class LineEndings;

/// What ends a line on input.
enum class LineEnding : std::uint8_t {
  literal,     ///< one fixed text of any length; the earliest match ends the line (R36)
  any,         ///< CR, LF, CR LF or LF CR, each time anew: POE's default
  autodetect,  ///< the first CR, LF, CR LF or LF CR seen, and from then on only that one (P124)
  one_of,      ///< the earliest of several texts and of those the longest
  pattern,     ///< where LineOptions::pattern says: a regular expression (P125)
};

/// Has constructors, so it is no aggregate: g++ 12 destroys aggregates twice when they travel in a co_await operand.
struct LineOptions {
  LineOptions() = default;
  /// Lines that end in `literal`, both ways; an empty one means autodetect, as in POE.
  explicit LineOptions(std::string literal) : endings{literal}, output(std::move(literal)) {}

  /// Any network newline in, CR LF out.
  static LineOptions any() { return LineOptions(LineEnding::any, {}); }
  /// The peer's newline in, CR LF out.
  static LineOptions autodetect() { return LineOptions(LineEnding::autodetect, {}); }
  /// Any of `texts` in, CR LF out. Where one text begins another, a line is held back until it is clear which it is.
  static LineOptions one_of(std::vector<std::string> texts) { return {LineEnding::one_of, std::move(texts)}; }
  /// What `pattern` finds in, CR LF out; null means autodetect. See regexp_lines() (poe/filters/regexp_lines.hpp).
  static LineOptions matching(std::shared_ptr<const LinePattern> pattern) {
    LineOptions options(LineEnding::pattern, {});
    options.pattern = std::move(pattern);
    return options;
  }

  LineEnding ending = LineEnding::literal;
  /// For `literal` the first, for `one_of` all; empty texts do not count, and with none left it is autodetect.
  std::vector<std::string> endings{"\n"};
  /// For `pattern`. Shared, being constant.
  std::shared_ptr<const LinePattern> pattern{};
  /// What encode() puts after each record, also after one that has an ending already.
  std::string output = "\n";
  /// Octets in a line, its ending not counted. Also what the filter may hold of an unfinished line.
  std::size_t max_length = std::size_t{64} << 10;
  /// Octets kept when lines are not fetched in time (Filter::keep()); at least max_length and an ending fit.
  std::size_t max_buffer = std::size_t{1} << 20;
  OversizePolicy oversize = OversizePolicy::resync;
  /// encode() refuses records that hold the output ending or what would end a line on our own input.
  bool refuse_embedded = false;

 private:
  LineOptions(LineEnding how, std::vector<std::string> texts)
      : ending(how), endings(std::move(texts)), output("\r\n") {}
};

class POE_API LineFilter final : public Filter {
 public:
  explicit LineFilter(LineOptions options = LineOptions());

  void feed(std::string_view bytes) override { input_.feed(bytes); }
  void keep() override { input_.keep(); }
  /// A line is delivered as soon as its ending is certain. With `any` and `autodetect` that is at the first CR or LF;
  /// the other half of a pair is swallowed when it comes, also in a later feed (in POE it made an empty line: P123).
  /// So a filter that takes over between the two halves gets the second: use `literal` where protocols change.
  Result<std::optional<std::string_view>> next() override;
  /// The last line without an ending, if there is one and it is not empty.
  Result<std::optional<std::string_view>> finish() override;
  Result<void> encode(std::string_view record, std::string& out) override;
  std::string take_pending() override;
  std::size_t pending_size() const noexcept override { return input_.size(); }
  /// The settings are shared; an autodetecting clone looks for the ending anew.
  std::unique_ptr<Filter> clone() const override;
  void reset() noexcept override;

 private:
  using Line = Result<std::optional<std::string_view>>;
  struct Settings;

  explicit LineFilter(std::shared_ptr<const Settings> settings) noexcept;
  Line scan(bool at_end);
  Line from_fed(bool at_end);
  Line from_held(bool at_end);
  Line deliver(std::string_view text, std::size_t at, std::size_t size);
  Line unfinished(std::size_t certain);
  bool skip_rest_of_line(bool at_end);
  void leave_ending(std::string_view text, std::size_t at, std::size_t size);
  void leave_newline(std::string_view text, std::size_t at, std::size_t size);
  void settle_partner();
  void learn(std::string_view ending);
  Line too_long();
  Line overflowed();
  Result<void> check(std::string_view record) const;

  std::shared_ptr<const Settings> settings_;  // Why shared: constant, and one copy serves all clones of a server
  const LineEndings* endings_;                // in settings_; autodetect moves it
  InputBuffer input_;
  std::size_t scanned_ = 0;  // octets of the unfinished line in which no ending begins
  char partner_ = 0;         // CR or LF: swallowed if it comes next, being the other half of the last ending
  bool learning_ = false;    // autodetect has not seen a whole ending yet
  bool discarding_ = false;  // within a line that is too long
};

}  // namespace poe
