// SPDX-License-Identifier: MIT
//
// Listeners: they accept everybody, can pause, and outlive every error of accept().
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "socket_factory_lab.hpp"

namespace poe::test {
namespace {

class SocketFactoryListenTest : public OnEveryLoop {
 protected:
  static void connect_many(Lab& lab, const SocketAddress& server, int count) {
    for (int i = 0; i < count; ++i) {
      SocketFactoryOptions options = strict(SocketFactoryOptions::connect(server.host(), server.port()));
      options.on_success = [&lab](Accepted accepted) { lab.sockets.push_back(std::move(accepted.socket)); };
      lab.make(std::move(options));
    }
  }
  static SocketAddress serve(Lab& lab, Fn<void(Accepted)> on_success) {
    SocketFactoryOptions options = strict(SocketFactoryOptions::listen("127.0.0.1", 0));
    options.on_success = std::move(on_success);
    lab.server = SocketFactory(lab, std::move(options));
    return *lab.server.local_address();
  }
};
POE_ON_EVERY_LOOP(SocketFactoryListenTest);

TEST_P(SocketFactoryListenTest, AcceptsMoreThanOneBatch) {
  constexpr int kClients = 3 * 16 + 2;
  int accepted = 0;
  run([&](Lab& lab) {
    const SocketAddress server = serve(lab, [&](Accepted one) {
      EXPECT_EQ(one.wheel, lab.server.id());
      EXPECT_EQ(one.peer.family(), AF_INET);
      EXPECT_NE(one.peer.port(), 0);
      lab.sockets.push_back(std::move(one.socket));
      if (++accepted == kClients) lab.in(10ms, [&lab] { lab.finish(); });
    });
    connect_many(lab, server, kClients);
  });
  EXPECT_EQ(accepted, kClients);
}

TEST_P(SocketFactoryListenTest, PausedConnectionsWaitInTheBacklogP139) {
  int accepted = 0;
  run([&](Lab& lab) {
    const SocketAddress server = serve(lab, [&](Accepted one) {
      lab.sockets.push_back(std::move(one.socket));
      lab.server.pause_accept();
      lab.server.resume_accept();
      if (++accepted == 3) lab.finish();
    });
    lab.server.pause_accept();
    connect_many(lab, server, 3);
    lab.in(50ms, [&] {
      EXPECT_EQ(accepted, 0);
      lab.server.resume_accept();
    });
  });
  EXPECT_EQ(accepted, 3);
}

TEST_P(SocketFactoryListenTest, PausedInsideTheBatchTakesNoMore) {
  int accepted = 0;
  run([&](Lab& lab) {
    const SocketAddress server = serve(lab, [&](Accepted one) {
      lab.sockets.push_back(std::move(one.socket));
      ++accepted;
      lab.server.pause_accept();
      lab.in(50ms, [&] { lab.finish(); });
    });
    lab.server.pause_accept();
    connect_many(lab, server, 5);
    lab.in(50ms, [&] { lab.server.resume_accept(); });  // five wait now
  });
  EXPECT_EQ(accepted, 1);
}

TEST_P(SocketFactoryListenTest, DroppedInItsOwnCallback) {
  int accepted = 0;
  run([&](Lab& lab) {
    auto witness = std::make_shared<int>(42);
    const SocketAddress server = serve(lab, [&, witness](Accepted) {
      ++accepted;
      lab.server = SocketFactory();
      EXPECT_EQ(*witness, 42) << "what the callback holds outlives the wheel until it returns";
      lab.in(50ms, [&] { lab.finish(); });
    });
    lab.server.pause_accept();
    connect_many(lab, server, 3);
    lab.in(50ms, [&] { lab.server.resume_accept(); });
  });
  EXPECT_EQ(accepted, 1);
}

TEST_P(SocketFactoryListenTest, CallbackReplacedWhileItRuns) {
  std::string calls;
  run([&](Lab& lab) {
    const SocketAddress server = serve(lab, [&](Accepted) {
      std::string name = "first ";
      lab.server.on_success([&](Accepted) {
        calls += "second";
        lab.finish();
      });
      calls += name;
    });
    connect_many(lab, server, 2);
  });
  EXPECT_EQ(calls, "first second");
}

TEST_P(SocketFactoryListenTest, StoppedSessionInItsOwnCallback) {
  run([&](Lab& lab) {
    const SocketAddress server = serve(lab, [&](Accepted) { lab.request_stop(); });
    connect_many(lab, server, 1);
  });
}

TEST_P(SocketFactoryListenTest, TimesliceInItsOwnCallbackDoesNotReenter) {
  int depth = 0;
  int accepted = 0;
  run([&](Lab& lab) {
    const SocketAddress server = serve(lab, [&](Accepted one) {
      EXPECT_EQ(++depth, 1);
      lab.sockets.push_back(std::move(one.socket));
      EXPECT_TRUE(lab.kernel().run_one_timeslice(0ms));
      --depth;
      if (++accepted == 3) lab.in(10ms, [&lab] { lab.finish(); });
    });
    connect_many(lab, server, 3);
  });
  EXPECT_EQ(accepted, 3);
}

TEST_P(SocketFactoryListenTest, AddressInUseSaysSo) {
  run([&](Lab& lab) {
    const SocketAddress server = serve(lab, [](Accepted) {});
    SocketFactoryOptions second = strict(SocketFactoryOptions::listen("127.0.0.1", server.port()));
    second.on_failure = [&lab, server](const Error& error) {
      EXPECT_EQ(error.message(), "cannot bind " + server.to_string() + ": Address already in use");
      EXPECT_NE(error.advice(), "");
      lab.finish();
    };
    lab.make(std::move(second));
  });
}

TEST_P(SocketFactoryListenTest, SharedPortHasSeveralListeners) {
  if (simulated()) return;  // no SO_REUSEPORT there
  int accepted = 0;
  run([&](Lab& lab) {
    std::uint16_t port = 0;
    for (int i = 0; i < 2; ++i) {
      SocketFactoryOptions options = strict(SocketFactoryOptions::listen("127.0.0.1", port));
      options.share_port = true;
      options.on_success = [&](Accepted one) {
        lab.sockets.push_back(std::move(one.socket));
        if (++accepted == 10) lab.in(10ms, [&lab] { lab.finish(); });
      };
      port = lab.make(std::move(options)).local_address()->port();
    }
    connect_many(lab, SocketAddress::loopback(AF_INET, port), 10);
  });
  EXPECT_EQ(accepted, 10);
}

TEST_P(SocketFactoryListenTest, ExistingUnixSocketIsInUseAndItsFileStaysP138) {
  const std::string path = unix_path();
  run([&](Lab& lab) {
    lab.server = SocketFactory(lab, strict(SocketFactoryOptions::listen_local(path)));
    SocketFactoryOptions second = strict(SocketFactoryOptions::listen_local(path));
    second.on_failure = [&](const Error& error) {
      EXPECT_EQ(error.operation(), "bind");
      EXPECT_EQ(error.subject(), path);
      EXPECT_EQ(error.number(), EADDRINUSE);
      EXPECT_NE(error.advice().find("remove it"), std::string::npos);
      lab.finish();
    };
    lab.make(std::move(second));
  });
  struct stat facts {};
  if (!simulated()) {
    EXPECT_EQ(stat(path.c_str(), &facts), 0) << "a stale file stays";
  }
}

TEST_P(SocketFactoryListenTest, StaleUnixSocketFileIsInUseR62) {
  if (simulated()) return;  // names of that world go with their socket: there are no stale ones
  const std::string path = unix_path();
  run([&](Lab& lab) {
    lab.server = SocketFactory(lab, strict(SocketFactoryOptions::listen_local(path)));
    lab.server = SocketFactory();
    SocketFactoryOptions again = strict(SocketFactoryOptions::listen_local(path));
    again.on_failure = [&lab](const Error& error) {
      EXPECT_EQ(error.number(), EADDRINUSE) << error.report();
      lab.finish();
    };
    lab.make(std::move(again));
  });
}

TEST_P(SocketFactoryListenTest, UnixPathOf107BytesListensR62) {
  std::string path = unix_path();
  path.append(SocketAddress::kMaxUnixPath - path.size(), 'x');
  run([&](Lab& lab) {
    SocketFactoryOptions server = strict(SocketFactoryOptions::listen_local(path));
    server.on_success = [&lab](Accepted accepted) { lab.sockets.push_back(std::move(accepted.socket)); };
    lab.server = SocketFactory(lab, std::move(server));
    SocketFactoryOptions client = strict(SocketFactoryOptions::connect_local(path));
    client.on_success = [&](Accepted accepted) {
      EXPECT_EQ(accepted.peer.path(), path);
      lab.finish();
    };
    lab.make(std::move(client));
  });
}

TEST_P(SocketFactoryListenTest, AbortedConnectionsAreSilentP136) {
  Faults faults(plugin());
  int calls = 0;
  faults.on_accept = [&] { return ++calls <= 3 ? -ECONNABORTED : 0; };
  int accepted = 0;
  run_lab(faults.plugin(), [&](Lab& lab) {
    const SocketAddress server = serve(lab, [&](Accepted) {
      ++accepted;
      lab.finish();
    });
    connect_many(lab, server, 1);
  });
  EXPECT_EQ(accepted, 1);
  EXPECT_GE(calls, 4);
}

class SocketFactoryShortageTest : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(, SocketFactoryShortageTest, testing::Values(EMFILE, ENFILE, ENOBUFS, ENOMEM, EPROTO),
                         [](const auto& info) { return std::string(strerrorname_np(info.param)); });

// On the simulated loop, whose clock makes the counts exact.
TEST_P(SocketFactoryShortageTest, IsToldOncePerIntervalWithoutSpinningAndEndsByItselfR53R54) {
  Faults faults(loop_plugin("sim"));
  int refused = 0;
  int errors = 0;
  int accepted = 0;
  bool short_of_it = true;
  faults.on_accept = [&] {
    if (short_of_it) ++refused;
    return short_of_it ? -GetParam() : 0;
  };
  const Kernel::Counts counts = run_lab(faults.plugin(), [&](Lab& lab) {
    SocketFactoryOptions options = strict(SocketFactoryOptions::listen("127.0.0.1", 0));
    options.on_success = [&](Accepted one) {
      lab.sockets.push_back(std::move(one.socket));
      if (++accepted == 3) lab.finish();
    };
    options.on_failure = [&](const Error& error) {
      ++errors;
      EXPECT_EQ(error.operation(), "accept");
      EXPECT_EQ(error.number(), GetParam());
      EXPECT_EQ(error.subject(), lab.server.local_address()->to_string());
    };
    lab.server = SocketFactory(lab, std::move(options));
    for (int i = 0; i < 3; ++i) {
      SocketFactoryOptions client =
          strict(SocketFactoryOptions::connect("127.0.0.1", lab.server.local_address()->port()));
      client.on_success = [&lab](Accepted one) { lab.sockets.push_back(std::move(one.socket)); };
      lab.make(std::move(client));
    }
    lab.in(3500ms, [&] { short_of_it = false; });
  });
  EXPECT_EQ(accepted, 3);
  EXPECT_EQ(errors, 4) << "at 0, 1, 2 and 3 seconds";
  EXPECT_LE(refused, 36) << "ten tries a second";
  EXPECT_GE(refused, 30);
  EXPECT_LT(counts.turns, 200u) << "nothing spins in between";
}

TEST(SocketFactoryAbortTest, EndlessAbortedConnectionsDoNotSpinR54) {
  Faults faults(loop_plugin("sim"));
  int calls = 0;
  faults.on_accept = [&] {
    ++calls;
    return -ECONNABORTED;
  };
  run_lab(faults.plugin(), [&](Lab& lab) {
    lab.server = SocketFactory(lab, strict(SocketFactoryOptions::listen("127.0.0.1", 0)));
    SocketFactoryOptions client =
        strict(SocketFactoryOptions::connect("127.0.0.1", lab.server.local_address()->port()));
    client.on_success = [&lab](Accepted one) { lab.sockets.push_back(std::move(one.socket)); };
    lab.make(std::move(client));
    lab.in(1s, [&lab] { lab.finish(); });
  });
  EXPECT_GT(calls, 0);
  EXPECT_LE(calls, 16 * 11);
}

Duration cpu_time() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto of = [](const timeval& time) {
    return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
  };
  return of(used.ru_utime) + of(used.ru_stime);
}

/// In a child process, which may lower its limits: uses all descriptors up while clients wait, frees them, and counts.
/// 0: all as it should be; other numbers say which line was not.
int starve_listener(const poe_loop_plugin& plugin) {
  int errors = 0;
  int accepted = 0;
  std::uint64_t turns_while_starving = 0;
  Duration cpu_while_starving{};
  TimePoint freed{};
  Duration recovery{};
  std::vector<int> hoard;
  KernelOptions options;
  options.os_signals = false;
  Kernel kernel(std::make_unique<OneLoop>(plugin), options);
  kernel.spawn<Lab>([&](Lab& lab) {
    SocketFactoryOptions server = SocketFactoryOptions::listen("127.0.0.1", 0);
    server.on_success = [&](Accepted one) {
      lab.sockets.push_back(std::move(one.socket));
      if (++accepted < 5) return;
      recovery = lab.now() - freed;
      lab.finish();
    };
    server.on_failure = [&](const Error& error) { errors += error.number() == EMFILE ? 1 : 100; };
    lab.server = SocketFactory(lab, std::move(server));
    lab.server.pause_accept();
    for (int i = 0; i < 5; ++i) {
      SocketFactoryOptions client = SocketFactoryOptions::connect("127.0.0.1", lab.server.local_address()->port());
      client.on_success = [&](Accepted one) { lab.sockets.push_back(std::move(one.socket)); };
      client.on_failure = [&](const Error&) { errors += 1000; };
      lab.make(std::move(client));
    }
    lab.in(50ms, [&] {
      for (int fd = dup(0); fd >= 0; fd = dup(0)) hoard.push_back(fd);
      turns_while_starving = kernel.counts().turns;
      cpu_while_starving = cpu_time();
      lab.server.resume_accept();
    });
    lab.in(400ms, [&] {
      turns_while_starving = kernel.counts().turns - turns_while_starving;
      cpu_while_starving = cpu_time() - cpu_while_starving;
      freed = lab.now();
      for (const int fd : hoard) close(fd);
    });
  });
  if (!kernel.run()) return 1;
  if (accepted != 5) return 2;
  if (errors != 1) return 3;
  if (turns_while_starving >= 50) return 4;
  if (cpu_while_starving > 350ms / 5) return 5;
  return recovery < 1s ? 0 : 6;
}

TEST_P(SocketFactoryListenTest, RealShortageOfDescriptorsEndsByItselfR53) {
  if (simulated()) return;  // SocketFactoryShortageTest
#ifdef POE_TEST_UBSAN
  GTEST_SKIP() << "UBSan looks at an object's type through a pipe of its own";
#endif
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const rlimit limit{64, 64};
    setrlimit(RLIMIT_NOFILE, &limit);
    _exit(starve_listener(plugin()));
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status)) << "signal " << WTERMSIG(status);
  EXPECT_EQ(WEXITSTATUS(status), 0) << "1: run failed, 2: not all accepted, 3: not one EMFILE error, 4: it spun, "
                                    << "5: over 20 % CPU, 6: not back within a second";
}

}  // namespace
}  // namespace poe::test
