// SPDX-License-Identifier: MIT
#include "measure.hpp"

#include <algorithm>
#include <cmath>

#include "net.hpp"
#include "ours.hpp"
#include "process.hpp"

namespace poe::bench {

namespace {

/// A run that failed; becomes the row's error.
struct Failed {
  std::string text;
};

Run run_of(const Pair& pair, std::uint64_t operations) {
  Run run;
  run.operations = operations;
  run.size = pair.work.size;
  run.active = pair.work.active;
  run.takes = pair.work.kind != Kind::ready;
  run.loop = pair.loop;
  run.mode = pair.work.mode;
  return run;
}

Outcome run_side(const Pair& pair, const Subject& side, std::uint64_t operations, Trace trace = Trace::no) {
  const Kind kind = pair.work.kind;
  Run run = run_of(pair, operations);
  run.listens = side.listens[static_cast<std::size_t>(kind)];
  const bool served = is_server(kind) && !side.name.starts_with("bound-");
  const Outcome outcome =
      served ? run_server(kind, side.body(kind), run, trace) : run_apart(kind, side.body(kind), run, trace);
  if (!outcome.error.empty()) throw Failed{side.name + ": " + outcome.error};
  return outcome;
}

double per_operation(const Pair& pair, const Subject& side, std::uint64_t operations) {
  return run_side(pair, side, operations).cpu_ns / static_cast<double>(operations);
}

/// A multiple of the size, so that rings come out even.
std::uint64_t rounded(const Case& work, double operations) {
  const auto whole = static_cast<std::uint64_t>(operations);
  constexpr std::uint64_t kFewest = 20;  // hops
  if (work.suite == "hosts") return std::max(whole, work.count == Count::fixed ? 1 : kFewest);
  return std::max<std::uint64_t>(whole / work.size, 1) * work.size;
}

/// How often the case is done in one run of that side.
std::uint64_t operations_for(const Pair& pair, const Subject& side, const Effort& effort) {
  if (pair.work.count == Count::fixed)
    return rounded(pair.work, static_cast<double>(fixed_operations(pair.work, pair.loop) / effort.part));
  const double estimate = std::max(per_operation(pair, side, pair.work.operations), 0.5);
  return rounded(pair.work, effort.run_ns / estimate);
}

/// How often a run does each operation, together with what it does to warm up.
double times_done(Kind kind) {
  switch (kind) {
    case Kind::timer_add:
    case Kind::timer_rearm:
    case Kind::timer_set:
    case Kind::timer_move:
      return 2.0;
    case Kind::timer_cancel:
    case Kind::timer_fire:
    case Kind::session_size:
      return 1.0;
    default:
      return 1.125;
  }
}

/// System calls from two short traced runs, one with twice the operations: what both do to begin and end cancels out.
void count(const Pair& pair, std::uint64_t operations, Row& row) {
  const Subject& ours = pair.ours;
  const std::uint64_t few = rounded(pair.work, static_cast<double>(std::min<std::uint64_t>(operations, 16'000)));
  const Outcome once = run_side(pair, ours, few, Trace::yes);
  const Outcome twice = run_side(pair, ours, 2 * few, Trace::yes);
  const double more = static_cast<double>(few) * times_done(pair.work.kind);
  row.syscalls = std::max(0.0, static_cast<double>(twice.calls) - static_cast<double>(once.calls)) / more;
  if (is_server(pair.work.kind))
    row.allocations =
        std::max(0.0, static_cast<double>(twice.allocations) - static_cast<double>(once.allocations)) / more;
  else
    row.allocations = static_cast<double>(twice.allocations) / static_cast<double>(2 * few);
}

}  // namespace

double median(std::vector<double> values) {
  if (values.empty()) return NAN;
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

namespace {

double typical(const std::vector<double>& values, bool best) {
  return best && !values.empty() ? *std::min_element(values.begin(), values.end()) : median(values);
}

}  // namespace

double Row::ours_typical() const { return typical(ours, best); }
double Row::peer_typical() const { return typical(peers, best); }

double Row::ratio() const {
  if (best) return ours_typical() / peer_typical();
  std::vector<double> ratios;
  for (std::size_t i = 0; i < ours.size() && i < peers.size(); ++i) {
    ratios.push_back(aim.difference ? ours[i] - peers[i] : ours[i] / peers[i]);
  }
  return median(ratios);
}

Row measure(const Pair& pair, const Effort& effort, const std::function<void(const std::string&)>& progress) {
  const Subject& ours = pair.ours;
  Row row;
  row.work = pair.work.name;
  row.loop = pair.loop;
  row.peer = pair.peer.name;
  row.unit = unit_of(pair.work.kind);
  row.aim = pair.aim;
  row.best = pair.work.suite == "net" || pair.work.kernel;
  try {
    progress("estimate");
    const std::uint64_t our_count = operations_for(pair, ours, effort);
    const std::uint64_t peer_count = operations_for(pair, pair.peer, effort);
    for (unsigned round = 0; round < effort.rounds; ++round) {
      progress("round " + std::to_string(round + 1) + "/" + std::to_string(effort.rounds));
      const bool we_first = round % 2 == 0;
      if (we_first) row.ours.push_back(per_operation(pair, ours, our_count));
      row.peers.push_back(per_operation(pair, pair.peer, peer_count));
      if (!we_first) row.ours.push_back(per_operation(pair, ours, our_count));
    }
    if (!is_counted(pair.work.kind)) return row;
    progress("count calls");
    count(pair, our_count, row);
  } catch (const Failed& failed) {
    row.error = failed.text;
  }
  return row;
}

std::optional<std::string> cannot_run_on(const std::string& loop) {
  Run run;
  run.loop = loop;
  const Outcome outcome = run_apart(
      Kind::post, [](Run& r) { static_cast<void>(open_for(r)); }, run);
  if (outcome.error.empty()) return std::nullopt;
  return outcome.error;
}

}  // namespace poe::bench
