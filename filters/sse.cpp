// SPDX-License-Identifier: MIT
#include "poe/filters/sse.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "poe/filters/input_buffer.hpp"
#include "poe/filters/line.hpp"
#include "poe/filters/record_input.hpp"

namespace poe {

namespace {

constexpr std::chrono::milliseconds kMostWait = std::chrono::hours(24);

// Digits and nothing else, up to a day.
std::optional<std::chrono::milliseconds> wait_of(std::string_view value) {
  std::int64_t number = 0;
  const bool digits = !value.empty() && value.find_first_not_of("0123456789") == std::string_view::npos;
  const auto parsed = std::from_chars(value.data(), value.data() + value.size(), number);
  if (!digits || parsed.ec != std::errc() || number > kMostWait.count()) return std::nullopt;
  return std::chrono::milliseconds(number);
}

// Lines to events. It takes records, so that the stack knows which raw bytes an unfinished event was made of.
class SseLines final : public Filter {
 public:
  explicit SseLines(std::size_t max_event) : max_event_(max_event), input_(std::max(max_event, std::size_t{1} << 20)) {}

  void feed(std::string_view bytes) override { input_.feed(bytes); }
  void keep() override { input_.keep(); }
  Result<std::optional<std::string_view>> next() override;
  Result<std::optional<std::string_view>> finish() override {
    auto event = next();
    if (event && !event->has_value()) drop_event();
    return event;
  }
  Result<void> encode(std::string_view record, std::string& out) override {
    out.append(record);
    return {};
  }
  std::string take_pending() override {
    drop_event();
    return input_.take_all();
  }
  std::size_t pending_size() const noexcept override { return octets_ + input_.size(); }
  bool takes_records() const noexcept override { return true; }
  std::size_t backlog() const noexcept override { return lines_ + input_.count(); }
  std::unique_ptr<Filter> clone() const override { return std::make_unique<SseLines>(max_event_); }
  void reset() noexcept override { *this = SseLines(max_event_); }

  const std::string& event() const noexcept { return event_; }
  const std::string& id() const noexcept { return id_; }
  std::optional<std::chrono::milliseconds> retry() const noexcept { return retry_; }

 private:
  void take(std::string_view line);
  void drop_event() noexcept {
    let_go(data_);
    let_go(type_);
    lines_ = octets_ = 0;
    skipping_ = false;
  }

  std::size_t max_event_;
  RecordInput input_;
  std::string data_;  // of the event in hand, each line with an LF
  std::string type_;
  std::string next_id_;
  std::size_t lines_ = 0;
  std::size_t octets_ = 0;
  bool first_ = true;      // a byte order mark may come
  bool skipping_ = false;  // within an event that is too large
  std::string delivered_;
  std::string event_ = "message";
  std::string id_;
  std::optional<std::chrono::milliseconds> retry_;
};

Result<std::optional<std::string_view>> SseLines::next() {
  let_go(delivered_);
  for (;;) {
    const auto record = input_.take();
    if (!record || !record->has_value()) return record;
    std::string_view line = **record;
    if (std::exchange(first_, false) && line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);
    if (!line.empty()) {
      if (skipping_ || (lines_ == 0 && line.front() == ':')) continue;
      ++lines_;
      octets_ += line.size();
      if (octets_ + RecordInput::kPerRecord * lines_ <= max_event_) {
        take(line);
        continue;
      }
      drop_event();
      skipping_ = true;
      return failure(Errc::limit, "read", "an event", "it is larger than " + std::to_string(max_event_) + " octets",
                     "raise max_event if such events are wanted; this one is dropped, the next one follows");
    }
    const bool complete = !data_.empty();
    if (complete) {
      data_.pop_back();
      delivered_.swap(data_);
      event_ = type_.empty() ? "message" : type_;
      id_ = next_id_;
    }
    drop_event();
    if (complete) return delivered_;
  }
}

void SseLines::take(std::string_view line) {
  const std::size_t colon = std::min(line.find(':'), line.size());
  const std::string_view name = line.substr(0, colon);
  std::string_view value = line.substr(std::min(colon + 1, line.size()));
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (name == "data") {
    data_.append(value).push_back('\n');
  } else if (name == "event") {
    type_ = value;
  } else if (name == "id") {
    if (value.find('\0') == std::string_view::npos) next_id_ = value;
  } else if (name == "retry") {
    if (const auto wait = wait_of(value)) retry_ = wait;
  }
}

LineOptions lines_for(const SseLimits& limits) {
  LineOptions options = LineOptions::any();
  options.max_length = limits.max_line;
  return options;
}

// Its own parameters: false if the text would break out of its line.
bool fits_line(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

tl::unexpected<Error> misuse(const char* what) {
  return failure(Errc::invalid_argument, "encode", what, "there is a line end or a NUL in it", "take it out");
}

void write_data(std::string_view data, std::string& out) {
  for (;;) {
    const std::size_t end = std::min(data.find_first_of("\r\n"), data.size());
    out.append("data: ").append(data.substr(0, end)).push_back('\n');
    if (end == data.size()) return;
    data.remove_prefix(end + (data.substr(end).starts_with("\r\n") ? 2 : 1));
  }
}

}  // namespace

SseFilter::SseFilter(SseLimits limits)
    : limits_(limits), stack_(StackableFilter::of(LineFilter(lines_for(limits)), SseLines(limits.max_event))) {}

const std::string& SseFilter::event() const noexcept { return stack_.at<SseLines>(1).event(); }
const std::string& SseFilter::last_event_id() const noexcept { return stack_.at<SseLines>(1).id(); }
std::optional<std::chrono::milliseconds> SseFilter::retry() const noexcept { return stack_.at<SseLines>(1).retry(); }

Result<void> SseFilter::encode_event(const SseEvent& event, std::string& out) {
  if (!fits_line(event.event)) return misuse("the type of an event");
  if (!fits_line(event.id)) return misuse("the id of an event");
  if (!event.event.empty()) out.append("event: ").append(event.event).push_back('\n');
  if (!event.id.empty()) out.append("id: ").append(event.id).push_back('\n');
  if (event.retry) out.append("retry: ").append(std::to_string(event.retry->count())).push_back('\n');
  write_data(event.data, out);
  out.push_back('\n');
  return {};
}

Result<void> SseFilter::encode_comment(std::string_view text, std::string& out) {
  if (!fits_line(text)) return misuse("a comment");
  out.append(": ").append(text).append("\n\n");
  return {};
}

Result<void> SseFilter::encode(std::string_view record, std::string& out) {
  write_data(record, out);
  out.push_back('\n');
  return {};
}

std::unique_ptr<Filter> SseFilter::clone() const { return std::make_unique<SseFilter>(limits_); }

}  // namespace poe
