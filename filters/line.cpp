// SPDX-License-Identifier: MIT
#include "poe/filters/line.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "line_endings.hpp"

namespace poe {

namespace {

constexpr std::size_t kFirstBorrow = 256;          // octets copied to complete a line that was cut; doubles
constexpr std::size_t kMostLength = SIZE_MAX / 4;  // so that sums of limits cannot overflow

LineOptions sound(LineOptions options) {
  std::erase(options.endings, std::string());
  const bool by_text = options.ending == LineEnding::literal || options.ending == LineEnding::one_of;
  if (by_text && options.endings.empty()) options.ending = LineEnding::autodetect;
  if (options.ending == LineEnding::pattern && !options.pattern) options.ending = LineEnding::autodetect;
  options.max_length = std::min(options.max_length, kMostLength);
  return options;
}

LineEndings endings_of(const LineOptions& options) {
  if (options.ending == LineEnding::literal) return LineEndings::literal(options.endings.front());
  if (options.ending == LineEnding::one_of) return LineEndings::one_of(options.endings);
  if (options.ending == LineEnding::pattern) return LineEndings::matching(*options.pattern);
  return LineEndings::newline();
}

}  // namespace

// Constant and shared by all clones.
struct LineFilter::Settings {
  explicit Settings(LineOptions from)
      : options(sound(std::move(from))),
        input(endings_of(options)),
        own(LineEndings::literal(options.output.empty() ? "\n" : options.output)),
        buffer(std::max(options.max_buffer, options.max_length + input.longest())) {}

  const LineEndings& detected(std::string_view ending) const {
    return *std::find_if(detectable.begin(), detectable.end(),
                         [&](const LineEndings& each) { return each.find(ending, 0, true).size == ending.size(); });
  }

  LineOptions options;
  LineEndings input;  // before autodetect has learnt
  LineEndings own;    // what encode() writes
  std::string_view ending{options.output};
  std::size_t buffer;
  // Pairs first: a lone CR is found in both pairs too.
  std::array<LineEndings, 4> detectable{LineEndings::literal("\r\n"), LineEndings::literal("\n\r"),
                                        LineEndings::literal("\r"), LineEndings::literal("\n")};
};

LineFilter::LineFilter(LineOptions options) : LineFilter(std::make_shared<const Settings>(std::move(options))) {}

LineFilter::LineFilter(std::shared_ptr<const Settings> settings) noexcept
    : Filter(settings->options.refuse_embedded ? nullptr : &settings->ending),
      settings_(std::move(settings)),
      endings_(&settings_->input),
      input_(settings_->buffer),
      learning_(settings_->options.ending == LineEnding::autodetect) {}

inline void LineFilter::leave_ending(std::string_view text, std::size_t at, std::size_t size) {
  scanned_ = 0;
  input_.consume(at + size);
  if (endings_->is_newline()) leave_newline(text, at, size);
}

inline LineFilter::Line LineFilter::deliver(std::string_view text, std::size_t at, std::size_t size) {
  leave_ending(text, at, size);
  if (at > settings_->options.max_length) return too_long();
  return text.substr(0, at);
}

// The usual way first: a whole line in the caller's bytes, which stays there.
LineFilter::Line LineFilter::next() {
  const bool usual = input_.holds_nothing() && partner_ == 0 && !discarding_;
  if (!usual) [[unlikely]]
    return scan(false);
  const char* const begin = input_.fed().data();
  const char* const end = endings_->find_octet(input_.fed());
  if (end == nullptr) [[unlikely]]
    return from_fed(false);
  const auto size = static_cast<std::size_t>(end - begin);
  if (size > settings_->options.max_length) [[unlikely]]
    return from_fed(false);
  input_.consume_fed(size + 1);
  scanned_ = 0;
  return std::string_view(begin, size);
}

LineFilter::Line LineFilter::finish() {
  Line line = scan(true);
  if (!line || line->has_value()) return line;
  discarding_ = false;
  scanned_ = 0;
  const std::string_view rest = input_.held();  // scan() left everything there
  if (rest.empty()) return std::nullopt;
  input_.consume(rest.size());
  return rest;
}

LineFilter::Line LineFilter::scan(bool at_end) {
  input_.settle();
  if (partner_ != 0) settle_partner();
  if (discarding_ && !skip_rest_of_line(at_end)) return unfinished(0);
  return input_.held().empty() ? from_fed(at_end) : from_held(at_end);
}

LineFilter::Line LineFilter::from_fed(bool at_end) {
  const std::string_view text = input_.fed();
  const LineMatch match = endings_->find(text, 0, at_end);
  return match.size != 0 ? deliver(text, match.at, match.size) : unfinished(match.at);
}

// A line that began in an earlier feed: bytes are copied behind it until its ending is among them, the rest goes back.
LineFilter::Line LineFilter::from_held(bool at_end) {
  const std::size_t most = settings_->options.max_length + endings_->longest();
  for (std::size_t step = kFirstBorrow;; step *= 2) {
    const std::string_view text = input_.held();
    const LineMatch match = endings_->find(text, scanned_, at_end && input_.fed().empty());
    if (match.size != 0) {
      input_.give_back_after(match.at + match.size);
      return deliver(text, match.at, match.size);
    }
    if (match.at > settings_->options.max_length || input_.fed().empty()) return unfinished(match.at);
    scanned_ = match.at;
    input_.borrow(std::min(step, most - text.size()));
  }
}

// No ending begins in the first `certain` octets of what there is.
LineFilter::Line LineFilter::unfinished(std::size_t certain) {
  if (certain > settings_->options.max_length) {
    input_.consume(certain);
    scanned_ = 0;
    discarding_ = true;
    return too_long();
  }
  scanned_ = certain;
  input_.keep();
  if (input_.overflow()) return overflowed();
  return std::nullopt;
}

// Drops up to and with the next ending. False: it has not come yet; at most the beginning of one is left.
bool LineFilter::skip_rest_of_line(bool at_end) {
  while (!input_.empty()) {
    const bool in_held = !input_.held().empty();
    if (in_held) input_.borrow(endings_->longest());  // enough to tell for every place in held
    const std::string_view text = in_held ? input_.held() : input_.fed();
    const LineMatch match = endings_->find(text, 0, at_end && (!in_held || input_.fed().empty()));
    if (match.size != 0) {
      if (in_held) input_.give_back_after(match.at + match.size);
      leave_ending(text, match.at, match.size);
      discarding_ = false;
      return true;
    }
    input_.consume(match.at);
    if (!in_held || input_.fed().empty()) return false;
    input_.give_back_after(0);
  }
  return false;
}

void LineFilter::leave_newline(std::string_view text, std::size_t at, std::size_t size) {
  if (size == 2 || at + 1 < text.size()) {
    if (learning_) learn(text.substr(at, size));
  } else {
    partner_ = text[at] == '\r' ? '\n' : '\r';
    settle_partner();
  }
}

void LineFilter::settle_partner() {
  if (input_.empty()) return;
  const bool came = input_.front() == partner_;
  if (came) input_.consume(1);
  if (learning_) {
    const bool cr_first = partner_ == '\n';
    learn(came ? (cr_first ? "\r\n" : "\n\r") : (cr_first ? "\r" : "\n"));
  }
  partner_ = 0;
}

void LineFilter::learn(std::string_view ending) {
  endings_ = &settings_->detected(ending);
  learning_ = false;
}

LineFilter::Line LineFilter::too_long() {
  const bool stop = settings_->options.oversize == OversizePolicy::stop;
  if (stop) input_.stop();
  return failure(Errc::limit, "read", "a line",
                 "it is longer than " + std::to_string(settings_->options.max_length) + " octets",
                 stop ? "raise max_length and reset() the filter; all input from this line on is dropped"
                      : "raise max_length if such lines are wanted; this one is dropped, the next one follows");
}

LineFilter::Line LineFilter::overflowed() {
  input_.clear();
  scanned_ = 0;
  discarding_ = true;  // what comes next is probably the middle of a line
  if (settings_->options.oversize == OversizePolicy::stop) input_.stop();
  return failure(Errc::limit, "buffer", "line input",
                 "more than " + std::to_string(settings_->buffer) + " octets came before their lines were asked for",
                 "call next() until it has nothing, or raise max_buffer; input up to the next line ending is dropped");
}

Result<void> LineFilter::check(std::string_view record) const {
  const bool holds_output = !settings_->options.output.empty() && settings_->own.find(record, 0, true).size != 0;
  if (!holds_output && endings_->find(record, 0, true).size == 0) return {};
  return failure(Errc::invalid_argument, "encode", "a record of " + std::to_string(record.size()) + " octets",
                 "it holds a line ending, so the peer would see more than one record",
                 "put its lines one by one, or clear refuse_embedded");
}

Result<void> LineFilter::encode(std::string_view record, std::string& out) {
  const LineOptions& options = settings_->options;
  if (options.refuse_embedded) {
    if (auto fits = check(record); !fits) return fits;
  }
  out.append(record).append(options.output);
  return {};
}

std::string LineFilter::take_pending() {
  scanned_ = 0;
  return input_.take();
}

std::unique_ptr<Filter> LineFilter::clone() const { return std::unique_ptr<Filter>(new LineFilter(settings_)); }

void LineFilter::reset() noexcept { *this = LineFilter(settings_); }

}  // namespace poe
