// SPDX-License-Identifier: MIT
//
// A program that reads lines and ends in the way that is named before Tab. To be looked at from outside.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

#include "poe/open.hpp"
#include "poe/wheels/read_line_awaits.hpp"

namespace {

// A crash reporter as many libraries have one: it gives the signal on to who had it before.
struct sigaction before_reporter {};  // static, as the handler gets no argument of ours

void report(int number, siginfo_t*, void*) { ::sigaction(number, &before_reporter, nullptr); }

void install_reporter() {
  struct sigaction reporter {};
  reporter.sa_sigaction = report;
  reporter.sa_flags = SA_SIGINFO;
  ::sigaction(SIGSEGV, &reporter, &before_reporter);
}

std::vector<std::string> end_in_some_way(const poe::LineCompletion& asked) {
  if (asked.word == "segv") ::raise(SIGSEGV);
  if (asked.word == "fault")
    *reinterpret_cast<volatile int*>(4096) = 1;  // nothing is there, and UBSan looks for null alone
#if defined(__x86_64__) || defined(__i386__)
  if (asked.word == "trap") __asm__ volatile("int3");
#endif
  if (asked.word == "chain") install_reporter();
  if (asked.word == "abort") std::abort();
  if (asked.word == "exit") std::exit(3);
  if (asked.word == "throw") throw std::runtime_error("from the completion");
  return {};
}

poe::Task<> ask(poe::Self& self) {
  poe::ReadLineOptions options;
  options.use_init_file = false;
  options.complete = end_in_some_way;
  poe::ReadLine prompt(self, std::move(options));
  while (const auto line = co_await prompt.read("probe> ")) prompt.put("got " + *line);
}

}  // namespace

int main() {
  auto kernel = poe::open_kernel();
  if (!kernel) return 1;
  kernel->spawn(ask);
  return kernel->run() ? 0 : 1;
}
