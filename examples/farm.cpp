// SPDX-License-Identifier: MIT
// Answers lines of stdin with several copies of a program that are kept running; in the lines' order. Try:
//   seq 1 9 | sed 's/$/^20/' | farm 4 bc -q
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <vector>

#include "poe/components/process_pool_awaits.hpp"
#include "poe/open.hpp"

poe::Task<> farm(poe::Self& self, poe::ProcessPoolOptions options, std::vector<std::string> lines, int* exit_code) {
  std::vector<poe::ProcessJob> jobs(lines.size());
  poe::AwaitQueue<std::size_t> done("answers");
  options.queue_limit = lines.size();
  poe::ProcessPool pool(self, std::move(options));
  for (std::size_t i = 0; i < lines.size(); ++i) {
    auto job = pool.run(lines[i], [&lines, &done, exit_code, i](poe::ProcessPool::Answer answer) {
      if (!answer) *exit_code = 1;
      lines[i] = answer ? *answer : answer.error().message();
      done.push(i);
    });
    if (job) jobs[i] = std::move(*job);
  }
  for (std::size_t i = 0; i < lines.size(); ++i) co_await done.next();
  for (const std::string& line : lines) std::puts(line.c_str());
}
int main(int argc, char** argv) {
  poe::fill_standard_descriptors();
  if (argc < 3) return std::fputs("usage: farm COPIES PROGRAM [ARGUMENT...]\n", stderr), 2;
  std::vector<std::string> lines;
  for (std::string line; std::getline(std::cin, line);) lines.push_back(line);
  poe::ProcessPoolOptions options({argv + 2, argv + argc}, static_cast<unsigned>(std::atoi(argv[1])));
  int exit_code = 0;
  auto kernel = poe::open_kernel();
  if (kernel) kernel->spawn(farm, std::move(options), std::move(lines), &exit_code);
  const auto ran = kernel ? kernel->run() : poe::failure(kernel.error());
  return ran ? exit_code : (std::fprintf(stderr, "farm: %s\n", ran.error().report().c_str()), 1);
}
