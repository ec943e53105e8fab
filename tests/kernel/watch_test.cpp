// SPDX-License-Identifier: MIT
//
// Watches: what is told to whom, and what costs nothing (inventory 2.5; loop-abi rules 8-11).
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel_lab.hpp"

namespace poe::test {
namespace {

class Watches : public OnEveryLoop {
 protected:
  /// Runs slices, without waiting, until `condition` or a generous number of them.
  template <class P>
  bool slices_until(P condition) {
    for (int slice = 0; slice < 2000 && !condition(); ++slice) static_cast<void>(kernel.run_one_timeslice(1ms));
    return condition();
  }
  /// A session that stays until the test is over, and what it is asked to do.
  void as_session(Fn<void(Self&)> work) {
    if (!kernel.alive(session)) {
      session = kernel.spawn(actor()
                                 .on(start, [&](auto&, Self& self) { pin = self.keep_alive("test"); })
                                 .on(run_it, [](auto&, Self& self, Fn<void(Self&)> f) { f(self); }));
    }
    ASSERT_TRUE(succeeded(kernel.call(session, run_it, std::move(work))));
  }
  static constexpr Event<Fn<void(Self&)>> run_it{"run_it"};
  SessionId session;
  Log log;
  KeepAlive pin;
};
POE_ON_EVERY_LOOP(Watches);

TEST_P(Watches, ReadIsToldWhileThereIsSomethingToRead) {
  Pair pair = pipe_pair(kernel);
  Watch watch;
  std::string got;
  as_session([&](Self& self) {
    watch = *self.watch(pair.here.get(), POE_READ, [&](std::uint32_t ready) {
      EXPECT_NE(ready & POE_READ, 0u);
      got += read_text(pair.here);
    });
  });
  write_text(pair.there, "one");
  EXPECT_TRUE(slices_until([&] { return got == "one"; }));
  write_text(pair.there, "two");
  EXPECT_TRUE(slices_until([&] { return got == "onetwo"; }));
}

TEST_P(Watches, LevelTriggeredUntilTheReaderHasReadItPain26) {
  Pair pair = pipe_pair(kernel);
  write_text(pair.there, "x");
  Watch watch;
  int told = 0;
  as_session([&](Self& self) {
    watch = *self.watch(pair.here.get(), POE_READ, [&](std::uint32_t) {
      if (++told == 5) watch.cancel();
    });
  });
  EXPECT_TRUE(slices_until([&] { return told == 5; }));
}

TEST_P(Watches, SeveralSessionsShareADescriptorP099Pain39) {
  Pair pair = pipe_pair(kernel);
  Watch watches[2];
  int told[2] = {0, 0};
  for (int i : {0, 1}) {
    kernel.spawn(actor().on(start, [&, i](auto&, Self& self) {
      watches[i] = *self.watch(pair.here.get(), POE_READ, [&, i](std::uint32_t) { ++told[i]; });
    }));
  }
  write_text(pair.there, "x");
  EXPECT_TRUE(slices_until([&] { return told[0] > 0 && told[1] > 0; }));
  watches[0].cancel();
  const int before = told[0];
  const int other = told[1];
  EXPECT_TRUE(slices_until([&] { return told[1] > other + 2; }));
  EXPECT_EQ(told[0], before);
  watches[1].cancel();
  ASSERT_TRUE(succeeded(kernel.run()));
}

TEST_P(Watches, ReadAndWriteOfOneDescriptorAreSeparatePain39) {
  Pair pair = stream_pair(kernel);
  Watch reader, writer;
  int reads = 0, writes = 0;
  as_session([&](Self& self) {
    reader = *self.watch(pair.here.get(), POE_READ, [&](std::uint32_t ready) {
      if ((ready & POE_READ) != 0) ++reads;
    });
    writer = *self.watch(pair.here.get(), POE_WRITE, [&](std::uint32_t ready) {
      if ((ready & POE_WRITE) != 0) ++writes;
    });
  });
  EXPECT_TRUE(slices_until([&] { return writes > 2; }));
  EXPECT_EQ(reads, 0);
  writer.pause(POE_WRITE);
  const int before = writes;
  write_text(pair.there, "x");
  EXPECT_TRUE(slices_until([&] { return reads > 2; }));
  EXPECT_EQ(writes, before);
}

TEST_P(Watches, PausedOnesCostNoWakeUpsAndKeepTheirReferenceP100Pain27) {
  Pair pair = stream_pair(kernel);
  write_text(pair.there, "x");
  Watch watch;
  int told = 0;
  kernel.spawn(actor().on(start, [&](auto&, Self& self) {
    watch = *self.watch(pair.here.get(), POE_READ | POE_WRITE, [&](std::uint32_t) { ++told; });
  }));
  EXPECT_TRUE(slices_until([&] { return told > 0; }));
  watch.pause(POE_READ | POE_WRITE);
  pair.there.reset();  // a hang-up, which level-triggered loops report at interest 0 as well
  static_cast<void>(kernel.run_one_timeslice(0ns));
  const int before = told;
  const auto reports = kernel.counts().reports;
  for (int slice = 0; slice < 5; ++slice) static_cast<void>(kernel.run_one_timeslice(1ms));
  EXPECT_EQ(told, before);
  EXPECT_EQ(kernel.counts().reports, reports);
  EXPECT_EQ(kernel.session_count(), 1u);
  watch.resume(POE_READ);
  EXPECT_TRUE(slices_until([&] { return told > before; }));
}

TEST_P(Watches, AnIdleOneCostsNoWakeUpsPain05) {
  Pair pair = pipe_pair(kernel);
  Watch watch;
  Timer end;
  int told = 0;
  kernel.spawn(actor()
                   .on(start,
                       [&](auto&, Self& self) {
                         watch = *self.watch(pair.here.get(), POE_READ, [&](std::uint32_t) { ++told; });
                         end = self.after(20ms, ping);
                       })
                   .on(ping, [&](auto&, Self& self) { self.request_stop(); }));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(told, GetParam() == "sim" ? told : 0);
  EXPECT_LT(kernel.counts().turns, 10u);
}

TEST_P(Watches, UnwatchedInTheirOwnCallbackNothingFollowsPain35) {
  Pair pair = stream_pair(kernel);
  write_text(pair.there, "x");
  Watch watch;
  int told = 0;
  as_session([&](Self& self) {
    watch = *self.watch(pair.here.get(), POE_READ | POE_WRITE, [&, payload = std::string(100, 'p')](std::uint32_t) {
      ++told;
      watch.cancel();
      EXPECT_EQ(payload.size(), 100u);  // the callable outlives its call
    });
  });
  EXPECT_TRUE(slices_until([&] { return told > 0; }));
  for (int slice = 0; slice < 5; ++slice) static_cast<void>(kernel.run_one_timeslice(0ns));
  EXPECT_EQ(told, 1);
}

TEST_P(Watches, WatchedAgainInTheirOwnCallback) {
  Pair pair = pipe_pair(kernel);
  write_text(pair.there, "x");
  Watch watch;
  as_session([&](Self& self) {
    watch = *self.watch(pair.here.get(), POE_READ, [&](std::uint32_t) {
      log.push_back("first");
      watch = *self.watch(pair.here.get(), POE_READ, [&](std::uint32_t) {
        log.push_back("second");
        watch.cancel();
      });
    });
  });
  EXPECT_TRUE(slices_until([&] { return log.size() == 2; }));
  EXPECT_EQ(log, (Log{"first", "second"}));
}

TEST_P(Watches, HangUpShowsAsReadableP105Pain27) {
  Pair pair = stream_pair(kernel);
  Watch watch;
  bool ended = false;
  as_session([&](Self& self) {
    watch = *self.watch(pair.here.get(), POE_READ, [&](std::uint32_t ready) {
      if ((ready & POE_READ) != 0 && read_text(pair.here) == "<end>") {
        ended = true;
        watch.cancel();
      }
    });
  });
  pair.there.reset();
  EXPECT_TRUE(slices_until([&] { return ended; }));
}

TEST_P(Watches, AReaderGoneShowsAsWritableP105Pain27) {
  Pair pair = pipe_pair(kernel);
  const std::string full(std::size_t{1} << 20, 'x');
  const poe_iovec part{const_cast<char*>(full.data()), full.size()};
  while (pair.there.system().writev(pair.there.system().ctx, pair.there.get(), &part, 1) > 0) {
  }
  Watch watch;
  bool told = false;
  as_session([&](Self& self) {
    watch = *self.watch(pair.there.get(), POE_WRITE, [&](std::uint32_t ready) {
      EXPECT_NE(ready & POE_WRITE, 0u);
      told = true;
      watch.cancel();
    });
  });
  pair.here.reset();
  EXPECT_TRUE(slices_until([&] { return told; }));
}

TEST_P(Watches, GoWithTheirSessionTheDescriptorStaysOpenP104) {
  Pair pair = pipe_pair(kernel);
  write_text(pair.there, "x");
  Watch watch;
  int told = 0;
  const SessionId id =
      kernel.spawn(actor()
                       .on(start,
                           [&](auto&, Self& self) {
                             watch = *self.watch(pair.here.get(), POE_READ, [&](std::uint32_t) { ++told; });
                           })
                       .on(go, [](auto&, Self& self) { self.request_stop(); }));
  ASSERT_TRUE(kernel.post(id, go));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_FALSE(watch);
  EXPECT_LE(told, 2);
  EXPECT_EQ(read_text(pair.here), "x");
}

TEST_P(Watches, WrongInterestIsRefusedWithAReason) {
  Pair pair = pipe_pair(kernel);
  as_session([&](Self& self) {
    for (const std::uint32_t interest : {0u, POE_ERROR, POE_READ | POE_HANGUP, 1u << 30}) {
      const auto refused = self.watch(pair.here.get(), interest, [](std::uint32_t) {});
      ASSERT_FALSE(refused);
      EXPECT_EQ(refused.error().code(), Errc::invalid_argument);
    }
    EXPECT_FALSE(self.watch(pair.here.get(), POE_READ, {}));
  });
}

TEST_P(Watches, AClosedDescriptorIsAnError) {
  as_session([&](Self& self) {
    const auto refused = self.watch(999, POE_READ, [](std::uint32_t) {});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().number(), EBADF);
    EXPECT_NE(refused.error().message().find("descriptor 999"), std::string::npos);
  });
  pin.cancel();
  ASSERT_TRUE(succeeded(kernel.run()));  // the refused watch keeps nobody
}

TEST_P(Watches, AThousandCloseAndReuseTheSameNumberP098P102Pain10) {
  int told = 0;
  for (int round = 0; round < 1000; ++round) {
    Pair pair = pipe_pair(kernel);
    write_text(pair.there, "x");
    Watch watch;
    as_session([&](Self& self) { watch = *self.watch(pair.here.get(), POE_READ, [&](std::uint32_t) { ++told; }); });
    const int before = told;
    ASSERT_TRUE(slices_until([&] { return told > before; })) << "round " << round;
  }
}

// ---- what needs the operating system

class OsWatches : public Watches {};
POE_ON_REAL_LOOPS(OsWatches);

TEST_P(OsWatches, Dup2OverANumberMeansForgetAndWatchAgainPain11) {
  Pair first = pipe_pair(kernel);
  Pair second = pipe_pair(kernel);
  Watch watch;
  int told = 0;
  as_session([&](Self& self) {
    watch = *self.watch(first.here.get(), POE_READ, [](std::uint32_t) { FAIL() << "the old descriptor is gone"; });
    watch.cancel();
    ASSERT_GE(::dup2(second.here.get(), first.here.get()), 0);
    watch = *self.watch(first.here.get(), POE_READ, [&](std::uint32_t) {
      ++told;
      watch.cancel();
    });
  });
  write_text(second.there, "x");
  EXPECT_TRUE(slices_until([&] { return told == 1; }));
}

TEST_P(OsWatches, ClosedBeforeForgottenHarmsNobodyElsePain10) {
  Pair first = pipe_pair(kernel);
  Watch stale, fresh;
  int told = 0;
  as_session([&](Self& self) { stale = *self.watch(first.here.get(), POE_READ, [](std::uint32_t) {}); });
  const int its_number = first.here.get();
  first.here.reset();
  stale.cancel();
  Pair second = pipe_pair(kernel);
  EXPECT_EQ(second.here.get(), its_number);
  write_text(second.there, "x");
  as_session([&](Self& self) { fresh = *self.watch(second.here.get(), POE_READ, [&](std::uint32_t) { ++told; }); });
  EXPECT_TRUE(slices_until([&] { return told > 0; }));
}

TEST_P(OsWatches, RegularFilesAndNullAreAlwaysReadyP103Pain28) {
  const Fd file(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  const Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  ASSERT_TRUE(file);
  Watch watches[2];
  int told[2] = {0, 0};
  as_session([&](Self& self) {
    watches[0] = *self.watch(file.get(), POE_READ, [&](std::uint32_t ready) {
      EXPECT_EQ(ready, POE_READ);
      ++told[0];
    });
    watches[1] = *self.watch(null.get(), POE_WRITE, [&](std::uint32_t) { ++told[1]; });
  });
  EXPECT_TRUE(slices_until([&] { return told[0] > 10 && told[1] > 10; }));
  watches[0].pause(POE_READ);
  watches[1].pause(POE_WRITE);
  static_cast<void>(kernel.run_one_timeslice(0ns));
  const auto turns = kernel.counts().turns;
  const int before = told[0];
  static_cast<void>(kernel.run_one_timeslice(2ms));
  EXPECT_LE(kernel.counts().turns, turns + 1);
  EXPECT_EQ(told[0], before);
  watches[0].resume(POE_READ);
  EXPECT_TRUE(slices_until([&] { return told[0] > before; }));
}

TEST_P(OsWatches, ARegularFileStarvesNeitherSocketNorTimerPain24) {
  const Fd file(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  Pair pair = stream_pair(kernel);
  Watch file_watch, socket_watch;
  Timer timer;
  long file_told = 0;
  int socket_told = 0, ticks = 0;
  kernel.spawn(actor()
                   .on(start,
                       [&](auto&, Self& self) {
                         file_watch = *self.watch(file.get(), POE_READ, [&](std::uint32_t) { ++file_told; });
                         socket_watch = *self.watch(pair.here.get(), POE_READ, [&](std::uint32_t) {
                           static_cast<void>(read_text(pair.here));
                           ++socket_told;
                         });
                         timer = self.every(10ms, ping);
                       })
                   .on(ping, [&](auto&, Self& self) {
                     EXPECT_EQ(socket_told, ticks);
                     if (++ticks == 3) self.request_stop();
                     write_text(pair.there, "x");
                   }));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(ticks, 3);
  EXPECT_GT(file_told, 3);
}

TEST_P(OsWatches, UrgentBytesArriveAsPriorityAlsoWhereTheLoopHasNonePain44) {
#ifdef POE_PORTABLE
  if (GetParam() == "event" || GetParam() == "ev") {
    GTEST_SKIP() << "a loop without POE_PRIORITY, and nothing that could stand in for it";
  }
#endif
  const Fd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(listener.get(), 1), 0);
  ASSERT_EQ(::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  const Fd out(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::connect(out.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
  const Fd in(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  Watch watch;
  char urgent = 0;
  int ordinary = 0;
  as_session([&](Self& self) {
    watch = *self.watch(in.get(), POE_PRIORITY | POE_READ, [&](std::uint32_t ready) {
      if ((ready & POE_PRIORITY) != 0) {
        EXPECT_EQ(::recv(in.get(), &urgent, 1, MSG_OOB), 1);
        watch.pause(POE_PRIORITY);
      }
      if ((ready & POE_READ) != 0 && read_text(in) == "a") ++ordinary;
    });
  });
  ASSERT_EQ(::send(out.get(), "!", 1, MSG_OOB), 1);
  EXPECT_TRUE(slices_until([&] { return urgent == '!'; }));
  ASSERT_EQ(::send(out.get(), "a", 1, 0), 1);
  EXPECT_TRUE(slices_until([&] { return ordinary == 1; }));
  urgent = 0;
  watch.resume(POE_PRIORITY);
  ASSERT_EQ(::send(out.get(), "?", 1, MSG_OOB), 1);
  EXPECT_TRUE(slices_until([&] { return urgent == '?'; }));
}

TEST_P(OsWatches, AFailedConnectIsToldToTheWriterP105) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  {
    const Fd taken(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(::bind(taken.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    ASSERT_EQ(::getsockname(taken.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  }  // nobody listens there now
  const Fd out(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const bool not_yet = ::connect(out.get(), reinterpret_cast<sockaddr*>(&address), size) != 0;
  ASSERT_TRUE(not_yet && errno == EINPROGRESS);
  Watch watch;
  int error = 0;
  as_session([&](Self& self) {
    watch = *self.watch(out.get(), POE_WRITE, [&](std::uint32_t) {
      socklen_t length = sizeof error;
      ::getsockopt(out.get(), SOL_SOCKET, SO_ERROR, &error, &length);
      watch.cancel();
    });
  });
  EXPECT_TRUE(slices_until([&] { return error != 0; }));
  EXPECT_EQ(error, ECONNREFUSED);
}

// Where a loop keeps its list in the system, as epoll does, an entry lives as long as any copy of the descriptor.
TEST_P(OsWatches, ADescriptorThatAChildKeepsOpenWakesNobodyOnceClosedPain12) {
  Pair pair = stream_pair(kernel);
  Pair hold = pipe_pair(kernel);
  Watch watch;
  as_session([&](Self& self) {
    watch = *self.watch(pair.here.get(), POE_READ, [](std::uint32_t) { FAIL() << "it is closed here"; });
  });
  static_cast<void>(kernel.run_one_timeslice(0ns));
  const pid_t child = ::fork();
  if (child == 0) {
    hold.there.reset();
    pollfd parent{hold.here.get(), POLLIN, 0};
    ::poll(&parent, 1, 60'000);
    ::_exit(0);
  }
  watch.cancel();
  pair.here.reset();
  write_text(pair.there, "x");  // which makes the child's copy readable
  static_cast<void>(kernel.run_one_timeslice(0ns));
  const auto reports = kernel.counts().reports;
  for (int slice = 0; slice < 5; ++slice) static_cast<void>(kernel.run_one_timeslice(1ms));
  EXPECT_EQ(kernel.counts().reports, reports);
  hold.there.reset();
  EXPECT_EQ(::waitpid(child, nullptr, 0), child);
}

}  // namespace
}  // namespace poe::test
