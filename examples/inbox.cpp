// SPDX-License-Identifier: MIT
// Names the files that come to a folder once they are complete, as an import would take them. Try: inbox /tmp/in
// '*.csv'
#include <cstdio>

#include "poe/components/dir_watch_awaits.hpp"
#include "poe/open.hpp"

poe::Task<> inbox(poe::Self& self, poe::DirWatchOptions options) {
  poe::DirWatch watch(self, std::move(options));
  while (const auto change = co_await watch.next()) {
    switch (change->what) {
      case poe::DirEvent::found:
      case poe::DirEvent::created:
      case poe::DirEvent::changed:
        std::printf("take %s\n", change->path.c_str());
        break;
      case poe::DirEvent::folder_gone:
        std::fprintf(stderr, "inbox: there is no folder %s now\n", change->path.c_str());
        break;
      default:
        break;
    }
    std::fflush(stdout);
  }
}

int main(int argc, char** argv) {
  poe::fill_standard_descriptors();
  if (argc < 2) return std::fputs("usage: inbox FOLDER [PATTERN...]\n", stderr), 2;
  poe::DirWatchOptions options(argv[1]);
  options.patterns.assign(argv + 2, argv + argc);
  options.settled = true;
  options.on_error = [](const poe::Error& error) { std::fprintf(stderr, "inbox: %s\n", error.message().c_str()); };
  auto kernel = poe::open_kernel();
  if (kernel) kernel->spawn(inbox, std::move(options));
  const auto ran = kernel ? kernel->run() : poe::failure(kernel.error());
  return ran ? 0 : (std::fprintf(stderr, "inbox: %s\n", ran.error().report().c_str()), 1);
}
