// SPDX-License-Identifier: MIT
//
// Drives a libFuzzer target without libFuzzer: over the files named, or over a generated corpus that is the same each
// time. Usage: <target> [--count N] [file...]
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

void feed(std::string_view input) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}

// Half of the octets come from a few that mean something to filters, so that near misses are common.
std::string generated(unsigned seed) {
  constexpr std::string_view kMeaning = "\r\n\r\nab";
  std::mt19937 random(seed);
  std::string input(4 + random() % 300, '\0');
  const auto meaning = random() % 100;
  for (char& c : input)
    c = random() % 100 < meaning ? kMeaning[random() % kMeaning.size()] : static_cast<char>(random());
  for (std::size_t i = 0; i < 4; ++i) input[i] = static_cast<char>(random());
  return input;
}

}  // namespace

int main(int argc, char** argv) {
  unsigned count = 20'000;
  int files = 0;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--count") == 0 && i + 1 < argc) {
      count = static_cast<unsigned>(std::strtoul(argv[++i], nullptr, 10));
      continue;
    }
    std::ifstream file(argv[i], std::ios::binary);
    if (!file) {
      std::fprintf(stderr, "%s: cannot read %s\n", argv[0], argv[i]);
      return 2;
    }
    feed(std::string(std::istreambuf_iterator<char>(file), {}));
    ++files;
  }
  for (unsigned seed = 1; files == 0 && seed <= count; ++seed) feed(generated(seed));
  std::printf("%u inputs, no fault\n", files > 0 ? static_cast<unsigned>(files) : count);
  return 0;
}
