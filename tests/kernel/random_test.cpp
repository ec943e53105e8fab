// SPDX-License-Identifier: MIT
//
// A thousand programs made of chance on the simulated loop: each seed twice gives the same trace, and what holds for
// every program holds: first in, first out for each pair; each timer once and never early; no event for an ended
// session; no session, event, argument or name left at the end.
//
//     POE_RANDOM_SEED=<first seed>  POE_RANDOM_COUNT=<how many>   choose other seeds than 1 to 1000
#include <cerrno>
#include <cstdlib>

#include "poe/sim_abi.h"
#include "random_program.hpp"

namespace poe::test {
namespace {

/// The loop of the fixture's plug-in, with a seed.
class Seeded final : public LoopProvider {
 public:
  Seeded(const poe_loop_plugin* plugin, std::uint64_t seed) : plugin_(plugin), seed_(seed) {}
  Result<LoopChoice> choose() override {
    LoopChoice choice;
    choice.plugin = plugin_;
    choice.options = {{"seed", std::to_string(seed_)}};
    choice.why = "the test asked for it";
    return choice;
  }
  Result<LoopChoice> join(const Host&) override { return failure(Errc::not_supported, "join"); }
  std::string explain() const override { return "seeded"; }

 private:
  const poe_loop_plugin* plugin_;
  std::uint64_t seed_;
};

/// Takes everybody's reasons to live away after a while, and looks whether they end.
class Reaper : public Session {
 public:
  Reaper(Birth birth, RandomProgram& program) : Session(std::move(birth)), program_(program) {}
  static void handlers(Handlers<Reaper>& h) { h.on(start, &Reaper::begin).on(kTick, &Reaper::tick); }

 private:
  static constexpr Event<> kTick{"tick"};
  void begin() { timer_ = every(5ms, kTick); }
  void tick() {
    ++ticks_;
    if (ticks_ == 20) {
      program_.actions_left = 0;
      program_.postbacks.clear();
      for (const auto& [number, player] : program_.living) player->release();
    }
    if (ticks_ < 40) return;
    if (!program_.living.empty()) {
      program_.broken("sessions do not end:\n" + kernel().why_running());
      kernel().stop();
    }
    timer_.cancel();
  }
  RandomProgram& program_;
  Timer timer_;
  int ticks_ = 0;
};

struct Outcome {
  Log trace;
  Log failures;
  std::uint64_t loop_hash = 0;
};

Outcome play(const poe_loop_plugin* plugin, std::uint64_t seed) {
  KeptLog quiet;
  KernelOptions options;
  options.log = &quiet;
  Kernel kernel(std::make_unique<Seeded>(plugin, seed), options);
  RandomProgram program(kernel, seed);
  kernel.spawn<Reaper>(program);
  for (int n = 0; n < 3; ++n) kernel.spawn<Player>(program);
  const auto ran = kernel.run();
  if (!ran) program.broken("run: " + ran.error().report());
  if (kernel.session_count() != 0 || !program.living.empty()) program.broken("sessions are left");
  kernel.stop();  // while what they write to exists
  if (kernel.counts().queued != 0) program.broken("events are left");
  if (program.living_tokens != 0) program.broken(std::to_string(program.living_tokens) + " arguments are left");
  for (int n = 0; n < 6; ++n) {
    if (kernel.resolve("name " + std::to_string(n))) program.broken("a name is left");
  }
  const auto* sim = static_cast<const poe_sim*>(kernel.loop_extension(POE_SIM_NAME));
  return {program.trace, program.failures, sim->hash(sim->ctx)};
}

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

/// What to type to see it again.
std::string repeat(std::uint64_t seed) {
  return "repeat with: POE_RANDOM_SEED=" + std::to_string(seed) + " POE_RANDOM_COUNT=1 " +
         program_invocation_short_name + " --gtest_filter='RandomPrograms*'";
}

TEST(RandomPrograms, OfAThousandSeedsRepeatThemselvesAndKeepEveryPromisePain35) {
  Kernel any = open_on("sim");
  ASSERT_TRUE(any.system());
  const poe_loop_plugin* plugin = any.loop_plugin();
  const std::uint64_t first = number_from("POE_RANDOM_SEED", 1);
  const std::uint64_t count = number_from("POE_RANDOM_COUNT", 1000);
  std::size_t events = 0;
  int failed = 0;
  for (std::uint64_t seed = first; seed < first + count && failed < 5; ++seed) {
    const Outcome once = play(plugin, seed);
    const Outcome again = play(plugin, seed);
    events += once.trace.size();
    const auto differs = std::mismatch(once.trace.begin(), once.trace.end(), again.trace.begin(), again.trace.end());
    const bool same = differs.first == once.trace.end() && differs.second == again.trace.end();
    if (same && once.loop_hash == again.loop_hash && once.failures.empty()) continue;
    ++failed;
    ADD_FAILURE() << "seed " << seed << ": "
                  << (!once.failures.empty() ? once.failures.front()
                      : same                 ? "the loop chose otherwise the second time"
                             : "another trace from line " + std::to_string(differs.first - once.trace.begin()))
                  << "\n"
                  << repeat(seed);
    if (count == 1) {
      for (const std::string& line : once.trace) std::puts(line.c_str());
    }
  }
  if (count >= 100) {
    EXPECT_GT(events, count * 50) << "programs too short to show anything";
  }
}

}  // namespace
}  // namespace poe::test
