// SPDX-License-Identifier: MIT
//
// Started by secure_test.cpp with raised privileges: prints what the loader makes of the environment it was given.
// Arguments: a folder the program itself names, or none.
#include <sys/auxv.h>

#include <cstdio>

#include "poe/plugin.hpp"

int main(int argc, char** argv) {
  std::printf("secure=%lu\n", getauxval(AT_SECURE));
  std::vector<std::string> given;
  if (argc > 1) given.emplace_back(argv[1]);
  const poe::LoopRegistry registry(given);
  for (const poe::LoopFolder& folder : registry.folders()) std::printf("folder=%s\n", folder.origin.c_str());
  const auto good = registry.load("good");
  std::printf("good=%s\n", good ? "loaded" : good.error().reason().c_str());
  const auto provider = poe::make_loop_provider({{}, given, nullptr});
  const auto choice = provider->choose();
  std::printf("chosen=%s\n", choice ? choice->plugin->name : choice.error().message().c_str());
  std::printf("%s", provider->explain().c_str());
}
