// SPDX-License-Identifier: MIT
#include "report.hpp"

#include <sys/utsname.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>

#include "process.hpp"

namespace poe::bench {

namespace {

std::string cpu_model() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);)
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  return "unknown processor";
}

template <class... A>
std::string formatted(const char* format, A... arguments) {
  char text[256];
  std::snprintf(text, sizeof text, format, arguments...);
  return text;
}

/// Three significant digits are all that repeats.
std::string digits(double ns) { return formatted(ns < 100 ? "%.1f" : "%.0f", ns); }

/// A ratio; as a fraction where it is very small.
std::string share(double ratio) {
  return ratio > 0 && ratio < 0.02 ? formatted("1/%.0f", 1 / ratio) : formatted(ratio < 10 ? "%.2f" : "%.0f", ratio);
}

std::string result(const Row& row) { return row.aim.difference ? formatted("%+.0f", row.ratio()) : share(row.ratio()); }

const char* word(const Row& row) {
  if (!row.met()) return "MISSED";
  return row.ratio() <= row.aim.goal ? "goal" : "met";
}

}  // namespace

std::string conditions(const Effort& effort, const std::vector<Subject>& peers) {
  utsname system{};
  uname(&system);
  std::string text = "machine:  " + cpu_model() + ", " + system.sysname + " " + system.release + "\n";
  text += "built:    " POE_BENCH_COMPILER ", " POE_BENCH_FLAGS ", all sides alike\n";
  text += "measured: CPU time per operation, " + std::to_string(effort.rounds) + " rounds, sides alternate, " +
          pinning() + "\npeers:   ";
  for (const Subject& peer : peers) text += " " + peer.name + " " + peer.version + ",";
  text.back() = '\n';
  return text;
}

std::string table_head() {
  return formatted("%-21s %-7s %-11s %10s %19s %10s %-5s %6s %6s %6s %9s %9s  %s\n", "case", "loop", "peer", "ours",
                   "min … max", "peer", "unit", "ratio", "must", "goal", "calls/op", "allocs/op", "result");
}

std::string table_line(const Row& row) {
  std::string line = formatted("%-21s %-7s %-11s", row.work.c_str(), row.loop.c_str(), row.peer.c_str());
  if (!row.error.empty()) return line + " not measured: " + row.error + "\n";
  const auto [least, most] = std::minmax_element(row.ours.begin(), row.ours.end());
  line += formatted(" %10s %8s … %8s %10s", digits(row.ours_typical()).c_str(), digits(*least).c_str(),
                    digits(*most).c_str(), digits(row.peer_typical()).c_str());
  line += formatted(" %-5s %6s %6s %6s %9.3f %9.3f  %s\n", row.unit, result(row).c_str(), share(row.aim.must).c_str(),
                    share(row.aim.goal).c_str(), row.syscalls, row.allocations, word(row));
  return line;
}

std::string verdict(const std::vector<Row>& rows) {
  std::size_t goal = 0;
  std::size_t met = 0;
  std::string missed;
  for (const Row& row : rows) {
    if (!row.met())
      missed += "  missed: " + row.work + " on " + row.loop + " beside " + row.peer +
                (row.error.empty() ? ": " + result(row) + ", must " + share(row.aim.must) + "\n" : ": not measured\n");
    else
      ++(row.ratio() <= row.aim.goal ? goal : met);
  }
  return std::to_string(rows.size()) + " rows: " + std::to_string(goal) + " at the goal, " + std::to_string(met) +
         " within must, " + std::to_string(rows.size() - goal - met) + " missed\n" + missed;
}

std::string to_json(const std::vector<Row>& rows) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Row& row : rows) {
    nlohmann::ordered_json one{{"case", row.work}, {"loop", row.loop}, {"peer", row.peer}, {"unit", row.unit}};
    const bool measured = row.error.empty();
    const auto number = [&](double value) {
      return measured ? nlohmann::ordered_json(value) : nlohmann::ordered_json();
    };
    one["ours_ns"] = number(row.ours_typical());
    one["peer_ns"] = number(row.peer_typical());
    one["ratio"] = number(row.ratio());
    one["ours_min"] = number(measured ? *std::min_element(row.ours.begin(), row.ours.end()) : 0);
    one["ours_median"] = number(median(row.ours));
    one["ours_max"] = number(measured ? *std::max_element(row.ours.begin(), row.ours.end()) : 0);
    one["rounds"] = row.ours.size();
    one["syscalls"] = number(row.syscalls);
    one["allocs"] = number(row.allocations);
    one["must"] = row.aim.must;
    one["goal"] = row.aim.goal;
    one["met"] = row.met();
    list.push_back(std::move(one));
  }
  return list.dump(2) + "\n";
}

}  // namespace poe::bench
