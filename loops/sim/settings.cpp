// SPDX-License-Identifier: MIT
#include "settings.hpp"

#include <cerrno>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>

#include "poe/loop/options.hpp"

namespace poe::sim {

namespace {

std::optional<uint64_t> number(std::string_view text, uint64_t least, uint64_t most) {
  uint64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end || value < least || value > most) return std::nullopt;
  return value;
}

template <class Target>
bool take_number(std::string_view text, uint64_t least, uint64_t most, Target& ret) {
  const auto value = number(text, least, most);
  if (value) ret = static_cast<Target>(*value);
  return value.has_value();
}

bool take_faults(std::string_view text, Settings& settings) {
  bool short_counts = false, split = false, spurious = false;
  if (text == "none") text = {};
  while (!text.empty()) {
    const size_t comma = text.find(',');
    const std::string_view word = text.substr(0, comma);
    if (word == "short")
      short_counts = true;
    else if (word == "split")
      split = true;
    else if (word == "spurious")
      spurious = true;
    else
      return false;
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
  }
  settings.short_counts = short_counts;
  settings.split_batches = split;
  settings.spurious = spurious;
  return true;
}

bool take_latency(std::string_view text, Settings& settings) {
  constexpr uint64_t kMost = 1'000'000'000'000;  // 11 days, in microseconds
  const size_t dash = text.find('-');
  const auto most = number(dash == std::string_view::npos ? text : text.substr(dash + 1), 0, kMost);
  const auto least =
      dash == std::string_view::npos ? std::optional<uint64_t>(0) : number(text.substr(0, dash), 0, kMost);
  if (!most || !least || *least > *most) return false;
  settings.least_latency_ns = static_cast<int64_t>(*least) * 1000;
  settings.most_latency_ns = static_cast<int64_t>(*most) * 1000;
  return true;
}

bool take(Settings& settings, std::string_view name, std::string_view value) {
  if (name == "seed") return take_number(value, 0, UINT64_MAX, settings.seed);
  if (name == "faults") return take_faults(value, settings);
  if (name == "latency_us") return take_latency(value, settings);
  if (name == "buffer") return take_number(value, 1, 1U << 30, settings.buffer);
  if (name == "descriptors") return take_number(value, 1, 1U << 24, settings.descriptors);
  if (name == "step_cost_ns") return take_number(value, 0, 1U << 30, settings.step_cost_ns);
  return false;
}

}  // namespace

Settings read_settings(const poe_create& how) {
  Settings settings;
  for (const char* const* line = kOptionSchema; *line != nullptr; ++line) {
    const std::string_view schema(*line);
    const std::string name(schema.substr(0, schema.find('=')));
    const char* const value = loop::option(how, name);
    if (value == nullptr || take(settings, name, value)) continue;
    throw loop::Refusal(-EINVAL, "the simulated loop's option «" + name + "» cannot be «" + value + "»; it means " +
                                     std::string(schema.substr(name.size() + 1)));
  }
  return settings;
}

}  // namespace poe::sim
