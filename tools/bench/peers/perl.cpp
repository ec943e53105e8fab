// SPDX-License-Identifier: MIT
//
// POE itself, in Perl: a session that yields to itself. The script measures its own CPU time, without start-up.
#include <array>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>

#include "peers.hpp"

namespace poe::bench {

namespace {

constexpr const char* kScript = R"(
use strict; use warnings;
use POE;
my $left = shift;
my $start;
POE::Session->create(inline_states => {
  _start => sub { $start = (times)[0] + (times)[1]; $_[KERNEL]->yield("hop") },
  hop => sub { $_[KERNEL]->yield("hop") if --$left },
});
POE::Kernel->run();
printf "%.0f\n", ((times)[0] + (times)[1] - $start) * 1e9;
)";

void perl_post(Run& run) {
  // At least as many as its clock can tell apart.
  const std::uint64_t hops = run.operations < 20'000 ? 20'000 : run.operations;
  const std::string command = "perl -e '" + std::string(kScript) + "' " + std::to_string(hops) + " 2>&1";
  const std::unique_ptr<FILE, int (*)(FILE*)> perl(popen(command.c_str(), "r"), pclose);
  if (!perl) throw std::runtime_error("cannot start perl");
  std::array<char, 512> line{};
  const bool told = std::fgets(line.data(), line.size(), perl.get()) != nullptr;
  double ns = 0;
  if (!told || std::sscanf(line.data(), "%lf", &ns) != 1)
    throw std::runtime_error("perl said: " + std::string(line.data()) + " (apt install libpoe-perl)");
  run.report(ns / static_cast<double>(hops) * static_cast<double>(run.operations));
}

}  // namespace

Subject perl_subject() {
  Subject subject{"perl-poe", "of this system", {}};
  subject.can(Kind::post, perl_post);
  subject.can_listen(Kind::line_strings, perl_lines);
  subject.can_listen(Kind::http, perl_http);
  return subject;
}

}  // namespace poe::bench
