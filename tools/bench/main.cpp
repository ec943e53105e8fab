// SPDX-License-Identifier: MIT
//
// poe-bench: measures our side and the libraries used directly, one beside the other. This is the only file that
// includes CLI11, which is slow to compile.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <fstream>
#include <iostream>
#include <map>

#include "hosts.hpp"
#include "peers/peers.hpp"
#include "plan.hpp"
#include "report.hpp"

namespace {

using namespace poe::bench;

enum ExitCode : int { kDone = 0, kFailed = 1, kUsage = 2, kNoLoop = 3 };

constexpr const char* kFooter =
    "A row compares one of our loops with a library used directly; ratio is ours / theirs, so smaller is better.\n"
    "Exit codes: 0 done (a ratio that misses `must` fails nothing), 1 something could not be measured or written, or\n"
    "with --check a ratio missed `must`, 2 wrong command line, 3 no usable event loop.";

struct Options {
  Wanted wanted{};
  std::string json{};
  Effort effort{};
  bool list = false;
  bool quick = false;
  bool check = false;
};

void define(CLI::App& app, Options& options) {
  app.add_option("suite", options.wanted.suite, "What to measure")
      ->required()
      ->check(CLI::IsMember(suite_names()))
      ->type_name("SUITE");
  app.add_flag("--list", options.list, "Print the rows that would be measured, and measure nothing");
  app.add_option("--json", options.json, "Write the rows to this file too; - is standard output, without the table")
      ->type_name("FILE");
  app.add_option("--rounds", options.effort.rounds, "Rounds per row, 5 to 1000")
      ->check(CLI::Range(5u, 1000u))
      ->type_name("N")
      ->capture_default_str();
  app.add_option("--loop", options.wanted.loops, "Only these of our loops; may be given more than once")
      ->check(CLI::IsMember(loop_names()))
      ->type_name("NAME");
  app.add_option("--case", options.wanted.cases, "Only these cases; may be given more than once")
      ->check(CLI::IsMember(case_names()))
      ->type_name("NAME");
  app.add_flag("--limits", options.wanted.limits,
               "Also compare messages and timers with bare code: a ring buffer, a heap");
  app.add_flag("--quick", options.quick, "Shorter runs: a tenth of the operations, for a first impression");
  app.add_flag("--check", options.check, "Exit with 1 if a ratio misses `must`");
  app.footer(kFooter);
}

/// Leaves out the loops that cannot be had here, and what this machine does not allow, with a line for each.
std::vector<Pair> usable(std::vector<Pair> pairs) {
  std::erase_if(pairs, [](const Pair& pair) {
    const auto why_not = cannot_measure(pair.work, pair.loop);
    if (why_not) std::cerr << "poe-bench: " << pair.work.name << ' ' << pair.loop << " skipped: " << *why_not << '\n';
    return why_not.has_value();
  });
  std::map<std::string, bool> works;
  for (const Pair& pair : pairs) {
    if (works.contains(pair.loop)) continue;
    const auto why_not = cannot_run_on(pair.loop);
    works[pair.loop] = !why_not;
    if (why_not) std::cerr << "poe-bench: loop " << pair.loop << " skipped: " << *why_not << '\n';
  }
  std::erase_if(pairs, [&](const Pair& pair) { return !works[pair.loop]; });
  return pairs;
}

/// The line on standard error that tells how far we are; only on a terminal it is overwritten.
class Progress {
 public:
  Progress(std::size_t total, bool terminal) : total_(total), terminal_(terminal) {}
  void row(const Pair& pair) {
    ++done_;
    what_ = "[" + std::to_string(done_) + "/" + std::to_string(total_) + "] " + pair.work.name + " " + pair.loop +
            " beside " + pair.peer.name;
    if (!terminal_) std::cerr << what_ << '\n';
  }
  void step(const std::string& word) const {
    if (terminal_) std::cerr << "\r\033[K" << what_ << ": " << word << std::flush;
  }
  void clear() const {
    if (terminal_) std::cerr << "\r\033[K" << std::flush;
  }

 private:
  std::size_t total_;
  bool terminal_;
  std::size_t done_ = 0;
  std::string what_{};
};

std::vector<Row> measure_all(const std::vector<Pair>& pairs, const Effort& effort, bool table) {
  Progress progress(pairs.size(), isatty(STDERR_FILENO) == 1);
  std::vector<Row> rows;
  for (const Pair& pair : pairs) {
    progress.row(pair);
    rows.push_back(measure(pair, effort, [&](const std::string& word) { progress.step(word); }));
    progress.clear();
    if (table) std::cout << table_line(rows.back()) << std::flush;
  }
  return rows;
}

std::vector<Subject> peers_of(const std::vector<Pair>& pairs) {
  std::vector<Subject> peers;
  for (const Pair& pair : pairs) {
    const bool known =
        std::any_of(peers.begin(), peers.end(), [&](const Subject& s) { return s.name == pair.peer.name; });
    if (!known) peers.push_back(pair.peer);
  }
  return peers;
}

int print_list(const std::vector<Pair>& pairs) {
  for (const Pair& pair : pairs) std::cout << pair.work.name << ' ' << pair.loop << ' ' << pair.peer.name << '\n';
  return kDone;
}

bool write_json(const std::string& path, const std::vector<Row>& rows) {
  if (path == "-") {
    std::cout << to_json(rows) << std::flush;
    return static_cast<bool>(std::cout);
  }
  std::ofstream file(path);
  file << to_json(rows) << std::flush;
  if (file) return true;
  std::cerr << "poe-bench: cannot write \"" << path << "\"\n  do: name a file in a folder that exists and is yours\n";
  return false;
}

int run(const Options& options) {
  for (const std::string_view peer : missing_peers())
    std::cerr << "poe-bench: " << peer << " skipped: it was not found when poe-bench was configured\n";
  std::vector<Pair> pairs = plan(options.wanted);
  if (options.list) return print_list(pairs);
  pairs = usable(std::move(pairs));
  if (pairs.empty()) {
    std::cerr << "poe-bench: nothing to measure\n  do: poe-bench " << options.wanted.suite
              << " --list shows what there is, poe loops --explain why a loop is missing\n";
    return kNoLoop;
  }
  Effort effort = options.effort;
  if (options.quick) {
    effort.run_ns /= 10;
    effort.part = 10;
  }
  const bool table = options.json != "-";
  if (table) std::cout << conditions(effort, peers_of(pairs)) << table_head() << std::flush;
  const std::vector<Row> rows = measure_all(pairs, effort, table);
  if (table) std::cout << verdict(rows);
  if (!options.json.empty() && !write_json(options.json, rows)) return kFailed;
  const bool all_measured = std::all_of(rows.begin(), rows.end(), [](const Row& r) { return r.error.empty(); });
  const bool all_met = std::all_of(rows.begin(), rows.end(), [](const Row& r) { return r.met(); });
  return all_measured && (all_met || !options.check) ? kDone : kFailed;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    CLI::App app("Measures POE beside the same work written directly on event loop libraries", "poe-bench");
    Options options;
    define(app, options);
    try {
      app.parse(argc, argv);
    } catch (const CLI::Success& wanted) {  // --help
      return app.exit(wanted);
    } catch (const CLI::ParseError& error) {
      std::cerr << "poe-bench: " << error.what() << "\n  do: poe-bench --help tells how to use it\n";
      return kUsage;
    }
    return run(options);
  } catch (const std::exception& problem) {
    std::cerr << "poe-bench: " << problem.what() << '\n';
    return kFailed;
  }
}
