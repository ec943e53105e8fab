// SPDX-License-Identifier: MIT
#include "tour.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <iostream>

#include "exit_codes.hpp"
#include "poe/open.hpp"
#include "poe/plugin.hpp"
#include "terminal.hpp"
#include "tour_stations.hpp"

namespace poe::tool {

namespace {

using Clock = std::chrono::steady_clock;

// Progress on standard error: one line that is written over on a terminal, otherwise a line for each station.
class Progress {
 public:
  explicit Progress(std::string loop) : loop_(std::move(loop)), live_(::isatty(STDERR_FILENO) == 1) {}
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress() {
    if (live_) std::fputs("\r\033[K", stderr);
  }
  void show(const std::string& what) {
    const std::string station = what.substr(0, what.find(':'));
    if (live_) {
      std::fprintf(stderr, "\r\033[K%s: %s", loop_.c_str(), what.c_str());
      std::fflush(stderr);
    } else if (station.substr(0, station.find(',')) != last_) {
      last_ = station.substr(0, station.find(','));
      std::fprintf(stderr, "%s: %s\n", loop_.c_str(), station.c_str());
    }
  }

 private:
  std::string loop_;
  std::string last_{};
  bool live_;
};

struct Line {
  std::string loop, library;
  TourResult result{};
  double seconds = 0;
};

Line visit(const LoopCandidate& loop, const TourText& text, const TourOptions& options) {
  Line line{loop.name, loop.library + " " + loop.library_version};
  Progress progress(loop.name);
  OpenOptions how;
  how.loop = loop.name;
  how.plugin_dirs = options.dirs;
  auto kernel = open_kernel(how);
  if (!kernel) {
    line.result.failed = kernel.error().report();
    return line;
  }
  const auto began = Clock::now();
  line.result = run_stations(*kernel, text, options.clients, std::chrono::seconds(options.limit_seconds),
                             [&](const std::string& what) { progress.show(what); });
  line.seconds = std::chrono::duration<double>(Clock::now() - began).count();
  return line;
}

using Row = std::array<std::string, 7>;

std::string fixed(double number, int digits) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.*f", digits, number);
  return text.data();
}

Row row_of(const Line& line) {
  const TourResult& r = line.result;
  const char* verdict = !r.failed.empty() ? "FAILED" : r.simulated ? "ok, simulated" : "ok";
  return {line.loop,
          line.library,
          std::to_string(r.events),
          std::to_string(r.lines),
          fixed(static_cast<double>(r.octets) / 1e6, 1),
          fixed(line.seconds, 2) + " s",
          verdict};
}

void print_table(const std::vector<Line>& lines) {
  const Terminal terminal(STDOUT_FILENO);
  std::vector<Row> rows{{"loop", "library", "events", "lines", "MB", "time", "result"}};
  for (const Line& line : lines) rows.push_back(row_of(line));
  std::array<std::size_t, 7> width{};
  for (const Row& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) width[i] = std::max(width[i], row[i].size());
  for (std::size_t r = 0; r < rows.size(); ++r) {
    for (std::size_t i = 0; i < rows[r].size(); ++i) {
      const std::string pad(width[i] - rows[r][i].size(), ' ');
      const bool number = i >= 2 && i <= 5;
      if (i == 6) {
        const Style style = r == 0 ? Style::bold : lines[r - 1].result.failed.empty() ? Style::good : Style::bad;
        std::cout << terminal.paint(style, rows[r][i]) << '\n';
      } else {
        const std::string cell = number ? pad + rows[r][i] : rows[r][i] + pad;
        std::cout << (r == 0 ? terminal.paint(Style::bold, cell) : cell) << "  ";
      }
    }
  }
}

// The loops asked for, in the order asked, or all that are usable. The list is empty, and a text was printed, if one of
// them cannot be had.
std::vector<LoopCandidate> chosen(const TourOptions& options) {
  std::vector<LoopCandidate> usable, list;
  const LoopRegistry registry(options.dirs);
  for (LoopCandidate& c : registry.inspect()) {
    if (c.status == LoopStatus::usable)
      usable.push_back(std::move(c));
    else if (c.status != LoopStatus::shadowed)
      std::cerr << "poe: loop " << c.name << " is left out: " << c.reason << '\n';
  }
  if (options.loops.empty()) return usable;
  for (const std::string& typed : options.loops) {
    const auto name = loop_name(typed);
    const auto found =
        std::find_if(usable.begin(), usable.end(), [&](const auto& c) { return name && c.name == *name; });
    if (found == usable.end()) {
      auto loaded = name ? registry.load(*name) : tl::make_unexpected(name.error());
      std::cerr << (loaded ? "poe: loop " + typed + " cannot be used\n" : loaded.error().report() + "\n");
      return {};
    }
    list.push_back(*found);
  }
  return list;
}

}  // namespace

int tour(const TourOptions& options) {
  const auto text = tour_text(options.file);
  if (!text) {
    std::cerr << text.error().report() << '\n';
    return kUsage;
  }
  const auto loops = chosen(options);
  if (loops.empty()) {
    if (options.loops.empty()) std::cerr << "poe: no usable loop was found; poe loops --explain tells why\n";
    return kNoLoop;
  }
  std::cout << "The same sessions on " << loops.size() << (loops.size() == 1 ? " loop" : " loops") << ": "
            << options.clients << " clients send " << text->path << " (" << text->lines << " lines, "
            << text->sent.size() << " octets)\n"
            << std::flush;
  std::vector<Line> lines;
  for (const LoopCandidate& loop : loops) lines.push_back(visit(loop, *text, options));
  print_table(lines);
  int failures = 0;
  for (const Line& line : lines) {
    if (line.result.failed.empty()) continue;
    ++failures;
    std::cout << '\n' << line.loop << " failed at " << line.result.failed << '\n';
  }
  return failures == 0 ? kDone : kFailed;
}

}  // namespace poe::tool
