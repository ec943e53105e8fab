// SPDX-License-Identifier: MIT
// Keeps a program running: starts it again a second after it ended, unless all was well. Try: keep ssh -N -R ... host
#include <iostream>

#include "poe/open.hpp"
#include "poe/wheels/run.hpp"

struct Keeper : poe::Session {
  Keeper(poe::Birth birth, std::vector<std::string> words, int* code)
      : Session(std::move(birth)), program(std::move(words)), exit_code(code) {}
  static void handlers(poe::Handlers<Keeper>& table) { table.on(poe::start, &Keeper::run); }

  void run() {
    poe::RunOptions options(program);
    options.no_stdin = true;
    options.signal_on_drop = SIGTERM;  // when we end, so does it, and all that it started
    options.on_stdout = [](std::string_view line) { std::cout << "out: " << line << std::endl; };
    options.on_stderr = [](std::string_view line) { std::cout << "err: " << line << std::endl; };
    options.on_error = [this](poe::ChildStream where, const poe::Error& error) {
      if (where != poe::ChildStream::none) return;  // of a stream, at its end
      std::cerr << "keep: " << error.message() << std::endl;
      *exit_code = 1;
    };
    options.on_exit = [this](const poe::ExitStatus& status) {
      std::cout << "keep: code " << status.code << ", signal " << status.signal << std::endl;
      if (!status.success()) again = after(std::chrono::seconds(1), [this] { run(); });
    };
    child = poe::Run(*this, std::move(options));
  }
  std::vector<std::string> program;
  int* exit_code;  // main's
  poe::Run child;
  poe::Timer again;
};

int main(int argc, char** argv) {
  poe::fill_standard_descriptors();
  if (argc < 2) return std::cerr << "usage: keep PROGRAM [ARGUMENT]...\n", 2;
  int exit_code = 0;
  auto kernel = poe::open_kernel();
  if (kernel) kernel->spawn<Keeper>(std::vector<std::string>(argv + 1, argv + argc), &exit_code);
  const auto ran = kernel ? kernel->run() : poe::failure(kernel.error());
  return ran ? exit_code : (std::cerr << "keep: " << ran.error().report() << std::endl, 1);
}
