// SPDX-License-Identifier: MIT
//
// Every callback of every wheel, with each thing that could pull the ground from under it.
#include <algorithm>
#include <stdexcept>
#include <tuple>

#include "callback_stage.hpp"

namespace poe::test {
namespace {

struct Scene {
  const char* name;
  bool simulated;  // also in the simulated world
  Log all;         // what happens when all goes well, in this order
  std::unique_ptr<Stage> (*open)(const std::string& loop);
};

template <class S>
std::unique_ptr<Stage> open(const std::string& loop) {
  return std::make_unique<S>(loop);
}

const std::vector<Scene>& scenes() {
  static const std::vector<Scene> all{
      {"read_write",
       true,
       {"high", "low", "flushed", "record one", "record two", "error read 0 end_of_file"},
       open<ReadWriteStage>},
      {"datagram", true, {"datagram one", "error receive limit", "datagram two", "flushed"}, open<DatagramStage>},
      {"run",
       false,
       {"high", "low", "flushed", "flushed", "out first", "flushed", "err b", "flushed", "error out read 0", "flushed",
        "error err read 0", "close", "exit 3"},
       open<RunStage>},
      {"follow_tail_told", false, {"reset", "line", "idle", "error open 21"}, open<FollowTailStage<true>>},
      {"follow_tail_looking", false, {"reset", "line", "idle", "error open 21"}, open<FollowTailStage<false>>},
      {"listen_accept", true, {"accept", "accept", "accept"}, open<ListenAcceptStage>},
      {"listen_accept_deaf", true, {"error accept"}, open<DeafListenAcceptStage>},
      {"socket_server", true, {"success", "success", "success"}, open<SocketServerStage>},
      {"socket_client", true, {"success"}, open<SocketClientStage>},
      {"socket_client_refused", true, {"failure connect"}, open<RefusedClientStage>},
  };
  return all;
}

class Callbacks : public testing::TestWithParam<std::tuple<std::string, std::size_t>> {
 protected:
  const Scene& scene() const { return scenes()[std::get<1>(GetParam())]; }
  void SetUp() override {
    if (std::get<0>(GetParam()) == "sim" && !scene().simulated) GTEST_SKIP() << "the simulated world has none";
  }

  /// Plays the scene once for each thing that is told, and does `deed` when it is told first.
  void in_each(const std::function<void(Stage&)>& deed, const std::function<void(Stage&, const std::string&)>& check) {
    Log places;
    for (const std::string& what : scene().all) {
      if (std::find(places.begin(), places.end(), what) == places.end()) places.push_back(what);
    }
    for (const std::string& place : places) {
      SCOPED_TRACE("inside \"" + place + "\"");
      const auto stage = scene().open(std::get<0>(GetParam()));
      stage->tell([&, done = false](const std::string& what) mutable {
        if (what == place && !std::exchange(done, true)) deed(*stage);
      });
      stage->play();
      check(*stage, place);
      stage->tell({});
    }
  }
  Log up_to(const std::string& place) const {
    const Log& all = scene().all;
    return {all.begin(), std::find(all.begin(), all.end(), place) + 1};
  }
  void expect_all(Stage& stage) const { EXPECT_EQ(stage.the_log(), scene().all); }
};
INSTANTIATE_TEST_SUITE_P(
    , Callbacks, testing::Combine(testing::ValuesIn(built_loops()), testing::Range(std::size_t{0}, scenes().size())),
    [](const auto& info) { return std::get<0>(info.param) + "_" + scenes()[std::get<1>(info.param)].name; });

TEST_P(Callbacks, LeftAloneAllIsTold) {
  in_each([](Stage&) {}, [this](Stage& stage, const std::string&) { expect_all(stage); });
}

TEST_P(Callbacks, OfADroppedWheelNothingMoreIsToldP111R68) {
  in_each([](Stage& stage) { stage.drop(); },
          [this](Stage& stage, const std::string& place) {
            EXPECT_EQ(stage.the_log(), up_to(place));
            EXPECT_TRUE(stage.the_kernel().alive(stage.the_session()));
          });
}

TEST_P(Callbacks, AMovedWheelGoesOn) {
  in_each([](Stage& stage) { stage.move_away(); }, [this](Stage& stage, const std::string&) { expect_all(stage); });
}

TEST_P(Callbacks, WithItsFilterSwappedItGoesOnP106) {
  bool has_filter = false;
  in_each([&](Stage& stage) { has_filter = stage.swap_filter(); },
          [this](Stage& stage, const std::string&) { expect_all(stage); });
  if (!has_filter) GTEST_SKIP() << "this wheel has no filter";
}

TEST_P(Callbacks, OfAStoppedSessionNothingMoreIsToldR68) {
  const auto stop = [](Stage& stage) { stage.as_session([](Self& self) { self.request_stop(); }); };
  in_each(stop, [this](Stage& stage, const std::string& place) {
    EXPECT_FALSE(stage.the_kernel().alive(stage.the_session()));
    EXPECT_EQ(stage.the_log(), up_to(place)) << "nothing of what came in the same turn may be told any more";
  });
}

TEST_P(Callbacks, OfAStoppedKernelNothingMoreIsToldR68) {
  in_each([](Stage& stage) { stage.the_kernel().stop(); },
          [this](Stage& stage, const std::string& place) {
            EXPECT_FALSE(stage.the_kernel().alive(stage.the_session()));
            EXPECT_EQ(stage.the_log(), up_to(place));
          });
}

TEST_P(Callbacks, ANestedTimesliceChangesNothing) {
  in_each([](Stage& stage) { ASSERT_TRUE(stage.the_kernel().run_one_timeslice(Duration::zero())); },
          [this](Stage& stage, const std::string&) { expect_all(stage); });
}

TEST_P(Callbacks, AnExceptionIsTheSessionsMatter) {
  int deaths = 0;
  SignalWatch watch;
  const auto fail = [&](Stage& stage) {
    stage.as_session([&](Self& self) {
      watch = *self.on_signal("DIE", [&](const Signal& signal) {
        ++deaths;
        signal.handled();
      });
    });
    throw std::runtime_error("the callback's own");
  };
  in_each(fail, [&](Stage& stage, const std::string&) {
    EXPECT_EQ(std::exchange(deaths, 0), 1);
    EXPECT_EQ(stage.the_log(), scene().all) << "it must go on with what comes next";
    watch = SignalWatch();
  });
}

}  // namespace
}  // namespace poe::test
