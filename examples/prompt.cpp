// SPDX-License-Identifier: MIT
// A prompt with history and completion (Tab) while a timer prints lines above it. ^D or "quit" ends it. Try: prompt
#include <chrono>
#include <cstdio>

#include "poe/open.hpp"
#include "poe/wheels/read_line_awaits.hpp"

static std::vector<std::string> words(const poe::LineCompletion& asked) {
  std::vector<std::string> fit{"help", "quit", "say"};
  std::erase_if(fit, [&](const std::string& word) { return !word.starts_with(asked.word); });
  return fit;
}

static poe::Task<> tick(poe::Self& self, poe::ReadLine& prompt) {
  for (int n = 1; co_await self.sleep(std::chrono::seconds(1)); ++n) prompt.put("tick " + std::to_string(n));
}

static poe::Task<> talk(poe::Self& self) {
  poe::ReadLine prompt(self);
  prompt.on_complete(words);
  poe::Scope ticking(self);
  if (prompt.is_terminal()) ticking.launch(tick(self, prompt));
  for (;;) {
    const auto line = co_await prompt.read("\1\033[1m\1poe> \1\033[m\1");
    if (!line && poe::was_interrupted(line.error())) continue;  // ^C: another line
    if (!line || *line == "quit") break;
    prompt.add_history(*line);
    prompt.put(line->starts_with("say ") ? "you said: " + line->substr(4) : "commands: help quit say");
  }
}

int main() {
  poe::fill_standard_descriptors();
  auto kernel = poe::open_kernel();
  if (kernel) kernel->spawn(talk);
  const auto ran = kernel ? kernel->run() : poe::failure(kernel.error());
  return ran ? 0 : (std::fprintf(stderr, "prompt: %s\n", ran.error().report().c_str()), 1);
}
