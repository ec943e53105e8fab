// SPDX-License-Identifier: MIT
//
// Numbers that stand for a peer where no library does the same work.
#include "peers.hpp"

namespace poe::bench {

namespace {

template <int kEach>
void report_bound(Run& run) {
  run.report(static_cast<double>(kEach) * static_cast<double>(run.operations));
}

}  // namespace

std::vector<Subject> bound_subjects() {
  Subject life{"bound-400ns", "", {}};
  life.can(Kind::session_life, report_bound<400>);
  Subject size{"bound-256b", "", {}};
  size.can(Kind::session_size, report_bound<256>);
  Subject one{"bound-1", "", {}};
  for (const Kind kind : {Kind::idle_steps, Kind::idle_switches, Kind::attach_leak_fds}) one.can(kind, report_bound<1>);
  Subject memory{"bound-4k", "", {}};
  memory.can(Kind::attach_leak_bytes, report_bound<4096>);
  Subject tenth{"bound-100us", "", {}};
  Subject milli{"bound-1ms", "", {}};
  for (const Kind kind : {Kind::wake_p50, Kind::wake_p99, Kind::attach_cycle}) {
    tenth.can(kind, report_bound<100'000>);
    milli.can(kind, report_bound<1'000'000>);
  }
  Subject connection{"bound-1126b", "", {}};
  connection.can(Kind::idle_bytes, report_bound<1126>);  // 1.1 KiB
  return {life, size, one, memory, tenth, milli, connection};
}

}  // namespace poe::bench
