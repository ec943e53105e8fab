// SPDX-License-Identifier: MIT
// Files of the simulated world.
#include <fcntl.h>

#include "sim_fixture.hpp"

namespace poe::test {
namespace {

int open(Sim& sim, const char* path, int flags) { return sim.sys->open(sim.sys->ctx, path, flags, 0644); }

TEST(SimFileTest, AWorldBeginsWithoutFiles) {
  Sim sim;
  EXPECT_EQ(open(sim, "/etc/passwd", O_RDONLY), -ENOENT);
  EXPECT_EQ(open(sim, "", O_RDWR | O_CREAT), -ENOENT);
}

TEST(SimFileTest, WhatIsWrittenIsRead) {
  Sim sim;
  const int out = open(sim, "/log", O_WRONLY | O_CREAT);
  EXPECT_EQ(sim.send(out, "one "), 4);
  EXPECT_EQ(sim.send(out, "two"), 3);
  sim.receive(out);
  EXPECT_EQ(sim.result, -EBADF) << "opened for writing only";
  const int in = open(sim, "/log", O_RDONLY);
  EXPECT_EQ(sim.receive(in, 4), "one ");
  EXPECT_EQ(sim.receive(in), "two");
  sim.receive(in);
  EXPECT_EQ(sim.result, 0);
  char bytes[8] = {};
  EXPECT_EQ(sim.sys->pread(sim.sys->ctx, in, bytes, 8, 4), 3);
  EXPECT_STREQ(bytes, "two");
  EXPECT_EQ(sim.sys->pread(sim.sys->ctx, in, bytes, 8, 100), 0);
  EXPECT_EQ(sim.send(in, "x"), -EBADF);
}

TEST(SimFileTest, FlagsMeanWhatTheyMean) {
  Sim sim;
  EXPECT_EQ(sim.send(open(sim, "/f", O_WRONLY | O_CREAT | O_EXCL), "abc"), 3);
  EXPECT_EQ(open(sim, "/f", O_WRONLY | O_CREAT | O_EXCL), -EEXIST);
  EXPECT_EQ(sim.send(open(sim, "/f", O_WRONLY | O_APPEND), "d"), 1);
  EXPECT_EQ(sim.send(open(sim, "/f", O_RDWR), "X"), 1);
  EXPECT_EQ(sim.receive(open(sim, "/f", O_RDONLY)), "Xbcd");
  EXPECT_GE(open(sim, "/f", O_WRONLY | O_TRUNC), 0);
  EXPECT_EQ(sim.receive(open(sim, "/f", O_RDONLY)), "");
}

TEST(SimFileTest, AFileCannotBeWatched) {
  Sim sim;
  const int fd = open(sim, "/f", O_RDWR | O_CREAT);
  EXPECT_EQ(sim.sys->kind(sim.sys->ctx, fd), POE_KIND_REGULAR);
  EXPECT_EQ(sim.watch(fd, POE_READ), -EPERM);
  EXPECT_EQ(sim.error_text,
            "cannot watch descriptor 268435456: it is a file, which is always ready; read it without waiting");
  int pair[2];
  sim.sys->pipe(sim.sys->ctx, pair);
  EXPECT_EQ(sim.sys->pread(sim.sys->ctx, pair[0], nullptr, 0, 0), -ESPIPE);
}

}  // namespace
}  // namespace poe::test
