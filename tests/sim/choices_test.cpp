// SPDX-License-Identifier: MIT
// The seed: what it decides, and that it decides all of it (R108).
#include <set>

#include "sim_fixture.hpp"

namespace poe::test {
namespace {

struct Outcome {
  uint64_t hash;
  std::vector<std::pair<uint64_t, uint32_t>> reports;
  std::string bytes;
};

// Ten connections, each of which sends a text in pieces to one server; everything is read as it comes.
Outcome play(const char* seed, const Options& more = {}) {
  Options options{{"seed", seed}};
  options.insert(options.end(), more.begin(), more.end());
  Sim sim(options);
  const int door = sim.listener(7000);
  sim.watch(door, POE_READ);
  std::map<int, size_t> left;
  for (int i = 0; i < 10; ++i) {
    const int client = sim.caller(7000);
    left[client] = 5000;
    sim.watch(client, POE_WRITE);
  }
  Outcome outcome{};
  size_t handled = 0;
  sim.in_turn = [&] {
    for (; handled < sim.reports.size(); ++handled) {
      const int fd = static_cast<int>(sim.reports[handled].first);
      if (fd == door) {
        for (int server = sim.accept(door); server >= 0; server = sim.accept(door)) sim.watch(server, POE_READ);
      } else if (auto client = left.find(fd); client != left.end()) {
        const int64_t sent = sim.send(fd, std::string(client->second, static_cast<char>('a' + fd % 10)));
        if (sent > 0) client->second -= static_cast<size_t>(sent);
        if (client->second == 0) sim.watch(fd, 0);
      } else {
        outcome.bytes += sim.receive(fd, 700);
      }
    }
  };
  while (outcome.bytes.size() < 50'000 && sim.sim->steps(sim.sim->ctx) < 10'000) sim.step(Sim::kSecond);
  outcome.hash = sim.sim->hash(sim.sim->ctx);
  outcome.reports = sim.reports;
  return outcome;
}

TEST(SimChoicesTest, OneSeedTwiceIsOneRunR108) {
  const Outcome first = play("42");
  const Outcome second = play("42");
  EXPECT_EQ(first.hash, second.hash);
  EXPECT_EQ(first.reports, second.reports);
  EXPECT_EQ(first.bytes, second.bytes);
  EXPECT_EQ(first.bytes.size(), 50'000U);
}

TEST(SimChoicesTest, SeedsDifferInHashAndOrderR108) {
  std::set<uint64_t> hashes;
  std::set<std::vector<std::pair<uint64_t, uint32_t>>> orders;
  for (const char* seed : {"1", "2", "3", "4", "5", "6", "7", "8"}) {
    const Outcome outcome = play(seed);
    EXPECT_EQ(outcome.bytes.size(), 50'000U) << "no seed loses bytes: seed " << seed;
    hashes.insert(outcome.hash);
    orders.insert(outcome.reports);
  }
  EXPECT_EQ(hashes.size(), 8U);
  EXPECT_EQ(orders.size(), 8U);
}

TEST(SimChoicesTest, TheSeedOrdersEvenWithoutFaultsOrLatency) {
  EXPECT_NE(play("1", plain()).reports, play("2", plain()).reports);
  EXPECT_EQ(play("1", plain()).bytes.size(), 50'000U);
}

TEST(SimChoicesTest, SpuriousReadinessLosesNothing) {
  const Outcome outcome = play("9", {{"faults", "short,split,spurious"}});
  EXPECT_EQ(outcome.bytes.size(), 50'000U);
}

TEST(SimChoicesTest, WithoutASeedItIsOne) {
  Sim sim;
  EXPECT_EQ(sim.sim->seed, 1U);
  ASSERT_EQ(sim.log.size(), 1U);
  EXPECT_EQ(sim.log[0], "simulated loop with seed 1");
}

TEST(SimChoicesTest, TheHashFollowsEveryStep) {
  Sim sim;
  std::set<uint64_t> hashes;
  for (int i = 0; i < 10; ++i) {
    sim.step(Sim::kSecond);
    hashes.insert(sim.sim->hash(sim.sim->ctx));
  }
  EXPECT_EQ(hashes.size(), 10U);
  EXPECT_EQ(sim.sim->steps(sim.sim->ctx), 10U);
}

TEST(SimChoicesTest, ABatchMayComeInParts) {
  bool whole = false, parted = false;
  for (int seed = 1; seed < 40; ++seed) {
    const std::string text = std::to_string(seed);
    Sim sim(Options{{"seed", text.c_str()}});
    for (int i = 0; i < 4; ++i) {
      int pair[2];
      sim.sys->pipe(sim.sys->ctx, pair);
      sim.watch(pair[1], POE_WRITE);
    }
    const int calls = sim.step(0);
    ASSERT_GE(calls, 2);
    whole = whole || calls == 5;
    parted = parted || calls < 5;
  }
  EXPECT_TRUE(whole && parted);
}

TEST(SimChoicesTest, AnOptionThatMakesNoSenseIsRefusedWithItsMeaning) {
  const std::vector<poe_option> wrong{{"seed", "-1"},        {"seed", "1x"},       {"faults", "often"},
                                      {"latency_us", "9-1"}, {"buffer", "0"},      {"descriptors", ""},
                                      {"faults", "none,"},   {"latency_us", "1-"}, {"step_cost_ns", "fast"}};
  for (const poe_option& option : wrong) {
    Sim sim(Options{option});
    EXPECT_EQ(sim.result, -EINVAL) << option.name << "=" << option.value;
    EXPECT_EQ(sim.loop, nullptr);
  }
  EXPECT_EQ(Sim(Options{{"latency_us", "9-1"}}).error_text,
            "the simulated loop's option «latency_us» cannot be «9-1»; it means how long bytes and connections travel "
            "over the network; MOST or LEAST-MOST; 1-200");
}

}  // namespace
}  // namespace poe::test
