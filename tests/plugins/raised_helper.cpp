// SPDX-License-Identifier: MIT
//
// Started by secure_test.cpp, set_uid_test.cpp and planted_test.cpp in surroundings they prepared, often with raised
// privileges: prints what the loader makes of them. Arguments: a folder the program itself names, "-" for none, and
// "drop" to give up raised privileges first.
#include <sys/auxv.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "poe/plugin.hpp"

namespace {

bool drop_privileges() {
  return setresgid(getgid(), getgid(), getgid()) == 0 && setresuid(getuid(), getuid(), getuid()) == 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> given;
  if (argc > 1 && std::strcmp(argv[1], "-") != 0) given.emplace_back(argv[1]);
  if (argc > 2 && !drop_privileges()) return std::perror("drop"), 1;
  std::printf("user=%d effective=%d\n", static_cast<int>(getuid()), static_cast<int>(geteuid()));
  std::printf("secure=%lu\n", getauxval(AT_SECURE));
  const poe::LoopRegistry registry(given);
  for (const poe::LoopFolder& folder : registry.folders()) std::printf("folder=%s\n", folder.origin.c_str());
  const auto good = registry.load("good");
  std::printf("good=%s\n", good ? "loaded" : good.error().reason().c_str());
  const auto provider = poe::make_loop_provider({{}, given, nullptr});
  const auto choice = provider->choose();
  std::printf("chosen=%s\n", choice ? choice->plugin->name : choice.error().message().c_str());
  std::printf("%s", provider->explain().c_str());
  if (!good) std::printf("%s\n", good.error().report().c_str());
  const char* ran = std::getenv("POE_TEST_CONSTRUCTED");
  std::printf("ran=%s\n", ran ? ran : "nothing");
}
