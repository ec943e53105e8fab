// SPDX-License-Identifier: MIT
//
// Why by hand: strftime() and strptime() speak the language of the program's locale.
#include "http_date.hpp"

#include <array>
#include <cstdio>
#include <ctime>

namespace poe {
namespace {

constexpr std::array<const char*, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<const char*, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                              "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::size_t kLongest = 40;  // octets of a date that is looked at

std::tm parts_of(std::int64_t seconds) {
  const std::time_t time = seconds;
  std::tm parts{};
  gmtime_r(&time, &parts);
  return parts;
}

const char* month_of(const std::tm& parts) { return kMonths.at(static_cast<std::size_t>(parts.tm_mon)); }

int month_number(std::string_view name) {
  for (std::size_t i = 0; i < kMonths.size(); ++i) {
    if (name == kMonths[i]) return static_cast<int>(i);
  }
  return -1;
}

bool plausible(const std::tm& t) {
  return t.tm_mon >= 0 && t.tm_mday >= 1 && t.tm_mday <= 31 && t.tm_hour >= 0 && t.tm_hour <= 23 && t.tm_min >= 0 &&
         t.tm_min <= 59 && t.tm_sec >= 0 && t.tm_sec <= 60;
}

}  // namespace

std::string http_date(std::int64_t seconds) {
  const std::tm t = parts_of(seconds);
  std::array<char, 64> text;
  std::snprintf(text.data(), text.size(), "%s, %02d %s %04d %02d:%02d:%02d GMT",
                kDays.at(static_cast<std::size_t>(t.tm_wday)), t.tm_mday, month_of(t), t.tm_year + 1900, t.tm_hour,
                t.tm_min, t.tm_sec);
  return text.data();
}

std::string log_date(std::int64_t seconds) {
  const std::tm t = parts_of(seconds);
  std::array<char, 64> text;
  std::snprintf(text.data(), text.size(), "%02d/%s/%04d:%02d:%02d:%02d +0000", t.tm_mday, month_of(t), t.tm_year + 1900,
                t.tm_hour, t.tm_min, t.tm_sec);
  return text.data();
}

std::optional<std::int64_t> parse_http_date(std::string_view text) {
  if (text.size() > kLongest) return std::nullopt;
  const std::string copy(text);
  std::tm t{};
  std::array<char, 4> month{};
  int end = -1;
  std::sscanf(copy.c_str(), "%*3[A-Za-z], %2d %3[A-Za-z] %4d %2d:%2d:%2d GMT%n", &t.tm_mday, month.data(), &t.tm_year,
              &t.tm_hour, &t.tm_min, &t.tm_sec, &end);
  if (end < 0) {  // RFC 850; two digits of a year are of 1970 to 2069
    std::sscanf(copy.c_str(), "%*9[A-Za-z], %2d-%3[A-Za-z]-%2d %2d:%2d:%2d GMT%n", &t.tm_mday, month.data(), &t.tm_year,
                &t.tm_hour, &t.tm_min, &t.tm_sec, &end);
    if (end >= 0) t.tm_year += t.tm_year < 70 ? 2000 : 1900;
  }
  if (end < 0) {  // asctime()
    std::sscanf(copy.c_str(), "%*3[A-Za-z] %3[A-Za-z] %2d %2d:%2d:%2d %4d%n", month.data(), &t.tm_mday, &t.tm_hour,
                &t.tm_min, &t.tm_sec, &t.tm_year, &end);
  }
  if (end != static_cast<int>(copy.size())) return std::nullopt;
  t.tm_mon = month_number(month.data());
  t.tm_year -= 1900;
  if (!plausible(t)) return std::nullopt;
  return timegm(&t);
}

}  // namespace poe
