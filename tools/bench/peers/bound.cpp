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
  return {life, size};
}

}  // namespace poe::bench
