// SPDX-License-Identifier: MIT
// Timers: prints each text when its time has come. Try: alarm 1.5 tea 3 eggs
#include <cstdio>
#include <cstdlib>

#include "poe/open.hpp"

inline constexpr poe::Event<std::string> ring{"ring"};
inline constexpr poe::Event<> tick{"tick"};

class Alarm : public poe::Session {
 public:
  struct Entry {
    poe::Duration delay;
    std::string text;
  };
  Alarm(poe::Birth birth, const std::vector<Entry>& entries) : Session(std::move(birth)) {
    for (const Entry& entry : entries) pending_.push_back(after(entry.delay, ring, entry.text));
    clock_ = every(std::chrono::seconds(1), tick);
  }
  static void handlers(poe::Handlers<Alarm>& table) {
    table.on(ring, &Alarm::speak).on(tick, &Alarm::count).on(poe::stop, &Alarm::end);
  }

 private:
  void speak(const std::string& text) {
    std::printf("%s\n", text.c_str());
    std::fflush(stdout);
    std::erase_if(pending_, [](const poe::Timer& timer) { return !timer; });  // a timer that has fired is false
    if (pending_.empty()) clock_.cancel();  // nothing is left to wait for: the session ends, and with it the program
  }
  void count() { std::fprintf(stderr, "%zu to come\n", pending_.size()); }
  void end() { std::puts("done"); }

  std::vector<poe::Timer> pending_;
  poe::Timer clock_;
};

int main(int argc, char** argv) {
  poe::fill_standard_descriptors();
  std::vector<Alarm::Entry> entries;
  for (int i = 1; i + 1 < argc; i += 2) {
    char* end = nullptr;
    const double seconds = std::strtod(argv[i], &end);
    if (*end != '\0' || !(seconds >= 0 && seconds < 1e6)) break;
    entries.push_back({poe::Duration(static_cast<std::int64_t>(seconds * 1e9)), argv[i + 1]});
  }
  if (argc < 3 || static_cast<int>(entries.size()) * 2 + 1 != argc) {
    return std::fputs("usage: alarm SECONDS TEXT [SECONDS TEXT]...    (0 to 999999 seconds)\n", stderr), 2;
  }
  auto kernel = poe::open_kernel();
  if (kernel) kernel->spawn<Alarm>(entries);
  const auto ran = kernel ? kernel->run() : poe::failure(kernel.error());
  return ran ? 0 : (std::fprintf(stderr, "alarm: %s\n", ran.error().report().c_str()), 1);
}
