// SPDX-License-Identifier: MIT
#include "line_history.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <new>
#include <utility>

#include "poe/fd.hpp"
#include "wide_text.hpp"

namespace poe {
namespace {

constexpr std::size_t kLongest = 64 * 1024;  // octets of a line that is loaded

std::string quoted(const std::string& path) { return "the history \"" + path + "\""; }

Result<std::string> contents(const std::string& path) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));  // a FIFO must not hold us up
  if (!file && errno == ENOENT) return {};
  if (!file) return system_failure(errno, "open", quoted(path));
  std::string text;
  char buffer[16384];
  for (;;) {
    const auto got = ::read(file.get(), buffer, sizeof buffer);
    if (got == 0) return text;
    if (got < 0 && errno != EINTR) return system_failure(errno, "read", quoted(path));
    if (got > 0) text.append(buffer, static_cast<std::size_t>(got));
  }
}

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const auto put = ::write(fd, text.data(), text.size());
    if (put < 0 && errno != EINTR) return false;
    if (put > 0) text.remove_prefix(static_cast<std::size_t>(put));
  }
  return true;
}

}  // namespace

LineHistory::LineHistory(const TerminalLocale& locale, std::size_t limit)
    : locale_(locale), history_(::history_winit()), limit_(0) {
  if (history_ == nullptr) throw std::bad_alloc();
  set_limit(limit);
}

void LineHistory::set_limit(std::size_t limit) {
  limit_ = limit;
  HistEventW event{};
  ::history_w(history_.get(), &event, H_SETSIZE, static_cast<int>(std::min<std::size_t>(limit, INT_MAX)));
  if (lines_.size() <= limit) return;
  const std::deque<std::string> former = std::exchange(lines_, {});  // libedit drops nothing before the next line
  ::history_w(history_.get(), &event, H_CLEAR);
  for (const std::string& line : former) add(line);
}

void LineHistory::add(std::string_view line) {
  std::string one(line);
  std::replace_if(
      one.begin(), one.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
  if (one.empty() || limit_ == 0 || (!lines_.empty() && lines_.back() == one)) return;
  const LocaleScope scope(locale_);
  HistEventW event{};
  ::history_w(history_.get(), &event, H_ENTER, to_wide(one).c_str());
  lines_.push_back(std::move(one));
  if (lines_.size() > limit_) lines_.pop_front();
}

void LineHistory::clear() {
  HistEventW event{};
  ::history_w(history_.get(), &event, H_CLEAR);
  lines_.clear();
}

Result<void> LineHistory::load(const std::string& path) {
  const auto text = contents(path);
  if (!text) return failure(text.error());
  KeyQueue lines;
  lines.add(*text);
  while (const auto line = lines.next_line(true)) {
    if (line->size() <= kLongest && line->find('\0') == std::string::npos) add(*line);
  }
  return {};
}

Result<void> LineHistory::save(const std::string& path) const {
  std::string text;
  for (const std::string& line : lines_) text.append(line).push_back('\n');
  std::string fresh = path + ".XXXXXX";
  Fd file(::mkostemp(fresh.data(), O_CLOEXEC));  // mode 0600
  if (!file) return system_failure(errno, "write", quoted(path), "look whether its folder may be written to");
  if (!write_all(file.get(), text) || ::rename(fresh.c_str(), path.c_str()) != 0) {
    const int number = errno;
    ::unlink(fresh.c_str());
    return system_failure(number, "write", quoted(path));
  }
  return {};
}

}  // namespace poe
