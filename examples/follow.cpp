// SPDX-License-Identifier: MIT
// Shows what is appended to files, across rotations, as tail -F does. Try: follow /var/log/*.log
#include <cstdio>
#include <vector>

#include "poe/open.hpp"
#include "poe/wheels/follow_tail.hpp"

class Follower : public poe::Session {
 public:
  Follower(poe::Birth birth, const std::vector<std::string>& files, int* exit_code)
      : Session(std::move(birth)), exit_code_(exit_code) {
    for (const std::string& file : files) follow(file);
  }
  static void handlers(poe::Handlers<Follower>&) {}

 private:
  void follow(const std::string& file) {
    poe::FollowTailOptions options(file);
    options.on_record = [file](std::string_view line) {
      std::printf("%s: %.*s\n", file.c_str(), static_cast<int>(line.size()), line.data());
      std::fflush(stdout);
    };
    options.on_reset = [file] { std::fprintf(stderr, "follow: %s begins anew\n", file.c_str()); };
    options.on_error = [this](const poe::Error& error) {
      std::fprintf(stderr, "follow: %s\n", error.message().c_str());
      if (error.code() != poe::Errc::end_of_file) *exit_code_ = 1;
    };
    tails_.emplace_back(*this, std::move(options));
  }
  std::vector<poe::FollowTail> tails_;
  int* exit_code_;  // main's
};

int main(int argc, char** argv) {
  poe::fill_standard_descriptors();
  if (argc < 2) return std::fputs("usage: follow FILE...\n", stderr), 2;
  int exit_code = 0;
  auto kernel = poe::open_kernel();
  if (kernel) kernel->spawn<Follower>(std::vector<std::string>(argv + 1, argv + argc), &exit_code);
  const auto ran = kernel ? kernel->run() : poe::failure(kernel.error());
  return ran ? exit_code : (std::fprintf(stderr, "follow: %s\n", ran.error().report().c_str()), 1);
}
