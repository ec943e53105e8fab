// SPDX-License-Identifier: MIT
// What the Loop ABI asks of every bridge, where the simulated one could get it wrong.
#include "sim_fixture.hpp"

namespace poe::test {
namespace {

std::pair<int, int> make_pipe(Sim& sim) {
  int pair[2] = {-1, -1};
  EXPECT_EQ(sim.sys->pipe(sim.sys->ctx, pair), 0);
  return {pair[0], pair[1]};
}

TEST(SimContractTest, ItSaysWhatItIs) {
  const poe_loop_plugin& plugin = sim_plugin();
  EXPECT_EQ(plugin.magic, POE_LOOP_MAGIC);
  EXPECT_STREQ(plugin.name, "sim");
  const uint64_t can = plugin.capabilities[0];
  for (const unsigned bit : {POE_CAP_OWN_CLOCK, POE_CAP_NESTED_STEP, POE_CAP_HANGUP_BIT, POE_CAP_ERROR_BIT,
                             POE_CAP_SUB_MS, POE_CAP_FORK_ABANDON, POE_CAP_RUN}) {
    EXPECT_TRUE(can >> bit & 1U) << bit;
  }
  for (const unsigned bit : {POE_CAP_FOREIGN, POE_CAP_PRIORITY, POE_CAP_POLLABLE, POE_CAP_REGULAR_FILES}) {
    EXPECT_FALSE(can >> bit & 1U) << bit;
  }
}

TEST(SimContractTest, ARealDescriptorIsRefusedWithAWayOut) {
  Sim sim;
  EXPECT_EQ(sim.watch(5, POE_READ), -EBADF);
  EXPECT_EQ(sim.error_text,
            "cannot watch descriptor 5: it is a real one; the simulated loop has its own world: make it through the "
            "kernel's system table (poe.sys/1), or use a real loop (POE_EVENT_LOOP=epoll)");
  EXPECT_EQ(sim.watch(POE_SIM_FIRST_FD, POE_READ), -EBADF);
  EXPECT_EQ(sim.error_text,
            "cannot watch descriptor 268435456: it is not open in the simulated world; watch it before closing it");
}

TEST(SimContractTest, OtherExtensionsAreUnknown) {
  Sim sim;
  EXPECT_EQ(sim.ops.extension(sim.loop, "poe.sim/2"), nullptr);
  EXPECT_EQ(sim.sys->struct_size, sizeof(poe_sys));
  EXPECT_EQ(sim.sim->struct_size, sizeof(poe_sim));
}

TEST(SimContractTest, ReadinessIsALevel) {
  Sim sim(plain());
  const auto [reader, writer] = make_pipe(sim);
  sim.watch(reader, POE_READ);
  EXPECT_EQ(sim.step(0), 0);
  EXPECT_EQ(sim.send(writer, "x"), 1);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(sim.step(0), 2) << "ready() and turn(), as long as the byte is there";
  EXPECT_EQ(sim.receive(reader), "x");
  EXPECT_EQ(sim.step(0), 0);
}

TEST(SimContractTest, AWatchIsReplacedAndForgotten) {
  Sim sim(plain());
  const auto [reader, writer] = make_pipe(sim);
  sim.send(writer, "x");
  sim.ops.watch(sim.loop, reader, POE_READ, 1);
  sim.ops.watch(sim.loop, reader, POE_READ, 2);
  sim.step(0);
  ASSERT_EQ(sim.reports.size(), 1U);
  EXPECT_EQ(sim.reports[0].first, 2U);
  EXPECT_EQ(sim.watch(reader, 0), 0);
  EXPECT_EQ(sim.watch(reader, 0), 0) << "forgetting twice does no harm";
  EXPECT_EQ(sim.step(0), 0);
}

TEST(SimContractTest, AClosedDescriptorsWatchDoesNotPassToItsSuccessor) {
  Sim sim(plain());
  const auto [reader, writer] = make_pipe(sim);
  sim.watch(writer, POE_WRITE);
  sim.close(writer);
  const auto [next_writer, other] = std::pair(sim.socket(AF_INET), 0);
  ASSERT_EQ(next_writer, writer) << "the lowest free number is used again";
  EXPECT_EQ(sim.step(0), 0);
  EXPECT_EQ(sim.watch(writer, 0), 0);
  EXPECT_EQ(sim.watch(reader, 0), 0);
  EXPECT_EQ(other, 0);
}

TEST(SimContractTest, WhatIsForgottenDuringABatchIsNotReported) {
  Sim sim(plain());
  for (int i = 0; i < 5; ++i) sim.watch(make_pipe(sim).second, POE_WRITE);
  sim.in_ready = [&] {
    for (int fd = POE_SIM_FIRST_FD; fd < POE_SIM_FIRST_FD + 10; ++fd) sim.watch(fd, 0);
  };
  EXPECT_EQ(sim.step(0), 2) << "the first one and its turn";
  EXPECT_EQ(sim.step(0), 0);
}

TEST(SimContractTest, AStepInsideATurnWorks) {
  Sim sim(plain());
  const auto [reader, writer] = make_pipe(sim);
  sim.watch(reader, POE_READ);
  sim.ops.arm(sim.loop, POE_NOW_NS);
  int depth = 0;
  sim.in_turn = [&, reader = reader, writer = writer] {
    if (++depth > 1) return void(sim.receive(reader));
    sim.send(writer, "x");
    EXPECT_EQ(sim.step(POE_NEVER_NS), 2);
  };
  EXPECT_EQ(sim.step(0), 3) << "the calls of the step inside count too";
  EXPECT_EQ(depth, 2);
}

TEST(SimContractTest, CloseInATurnEndsDelivery) {
  Sim sim(plain());
  sim.ops.arm(sim.loop, POE_NOW_NS);
  sim.in_turn = [&] {
    EXPECT_EQ(sim.ops.close(sim.loop), 0);
    EXPECT_EQ(sim.ops.close(sim.loop), 0);
    EXPECT_EQ(sim.ops.arm(sim.loop, POE_NOW_NS), POE_ECLOSED);
    EXPECT_EQ(sim.closed, 0);
  };
  EXPECT_EQ(sim.step(0), 2) << "turn() and closed()";
  EXPECT_EQ(sim.closed, 1);
  sim.loop = nullptr;
}

TEST(SimContractTest, RunGoesOnUntilStop) {
  Sim sim;
  int turns = 0;
  sim.in_turn = [&] {
    if (++turns == 5)
      sim.ops.stop(sim.loop);
    else
      sim.ops.arm(sim.loop, sim.now() + Sim::kSecond);
  };
  sim.ops.arm(sim.loop, POE_NOW_NS);
  EXPECT_EQ(sim.ops.run(sim.loop), 0);
  EXPECT_EQ(turns, 5);
  sim.ops.stop(sim.loop);
  EXPECT_EQ(sim.ops.run(sim.loop), 0) << "a stop before the run ends it at once";
}

TEST(SimContractTest, AbandonIsSilent) {
  Sim sim;
  make_pipe(sim);
  sim.ops.abandon(sim.loop);
  EXPECT_EQ(sim.closed, 0);
  sim.loop = nullptr;
}

TEST(SimContractTest, TwoLoopsAreTwoWorlds) {
  Sim one(plain()), other(plain());
  EXPECT_EQ(one.listener(7000), other.listener(7000)) << "same number, same port, no conflict";
  const int client = one.socket(AF_INET);
  EXPECT_EQ(other.send(client, "x"), -EBADF);
  EXPECT_EQ(one.close(client), 0);
}

TEST(SimContractTest, DescriptorsRunOut) {
  Sim sim(Options{{"descriptors", "3"}});
  const int first = sim.socket(AF_INET);
  sim.socket(AF_INET);
  int pair[2];
  EXPECT_EQ(sim.sys->pipe(sim.sys->ctx, pair), -EMFILE) << "both ends or none";
  EXPECT_GE(sim.socket(AF_INET), POE_SIM_FIRST_FD);
  EXPECT_EQ(sim.socket(AF_INET), -EMFILE);
  sim.close(first);
  EXPECT_EQ(sim.socket(AF_INET), first);
}

TEST(SimContractTest, ChildrenAreNotSimulatedYet) {
  Sim sim;
  poe_spawn what{};
  int64_t pid = 0;
  poe_exit ended{};
  EXPECT_EQ(sim.sys->spawn(sim.sys->ctx, &what, &pid), -ENOSYS);
  EXPECT_EQ(sim.sys->wait(sim.sys->ctx, 1, &ended), -ENOSYS);
  EXPECT_EQ(sim.sys->child_fd(sim.sys->ctx, 1), -ENOSYS);
}

TEST(SimContractTest, CallsOnTheWrongKindFailAsOnLinux) {
  Sim sim;
  const auto [reader, writer] = make_pipe(sim);
  EXPECT_EQ(sim.listen(reader, 1), -ENOTSOCK);
  EXPECT_EQ(sim.send(reader, "x"), -EBADF);
  sim.receive(writer);
  EXPECT_EQ(sim.result, -EBADF);
  EXPECT_EQ(sim.close(1), -EBADF);
  EXPECT_EQ(sim.sys->kind(sim.sys->ctx, reader), POE_KIND_PIPE);
  EXPECT_EQ(sim.sys->kind(sim.sys->ctx, 1), -EBADF);
  EXPECT_EQ(sim.sys->prepare(sim.sys->ctx, reader), 0);
  EXPECT_EQ(sim.socket(AF_PACKET), -EAFNOSUPPORT);
  EXPECT_EQ(sim.socket(AF_UNIX, SOCK_SEQPACKET), -EPROTONOSUPPORT);
  EXPECT_EQ(sim.sys->socket(sim.sys->ctx, AF_INET, SOCK_STREAM, IPPROTO_UDP), -EPROTONOSUPPORT);
  EXPECT_EQ(sim.accept(sim.socket(AF_INET)), -EINVAL);
}

}  // namespace
}  // namespace poe::test
