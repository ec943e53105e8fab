// SPDX-License-Identifier: MIT
#include "socket_factory_lab.hpp"

namespace poe::test {
namespace {

class ListenAcceptTest : public OnEveryLoop {
 protected:
  static ListenAcceptOptions strict(Fd socket) {
    ListenAcceptOptions options(std::move(socket));
    options.on_accept = [](Fd, SocketAddress) { ADD_FAILURE() << "unexpected connection"; };
    options.on_error = [](const Error& error) { ADD_FAILURE() << error.report(); };
    return options;
  }
  static void connect(Lab& lab, int count) {
    for (int i = 0; i < count; ++i) {
      SocketFactoryOptions options =
          test::strict(SocketFactoryOptions::connect("127.0.0.1", lab.listener.local_address()->port()));
      options.on_success = [&lab](Accepted one) { lab.sockets.push_back(std::move(one.socket)); };
      lab.make(std::move(options));
    }
  }
};
POE_ON_EVERY_LOOP(ListenAcceptTest);

TEST_P(ListenAcceptTest, AcceptsFromASocketMadeElsewhere) {
  int accepted = 0;
  run([&](Lab& lab) {
    ListenAcceptOptions options = strict(listening(lab));
    options.on_accept = [&](Fd socket, SocketAddress peer) {
      EXPECT_EQ(peer.host(), "127.0.0.1");
      lab.sockets.push_back(std::move(socket));
      if (++accepted == 20) lab.in(10ms, [&lab] { lab.finish(); });
    };
    lab.listener = ListenAccept(lab, std::move(options));
    EXPECT_NE(lab.listener.id(), 0u);
    connect(lab, 20);
  });
  EXPECT_EQ(accepted, 20);
}

TEST_P(ListenAcceptTest, ASessionThatStopsIsGivenNoMoreOfTheBatchR68) {
  int accepted = 0;
  run([&](Lab& lab) {
    ListenAcceptOptions options = strict(listening(lab));
    options.on_accept = [&](Fd, SocketAddress) {
      ++accepted;
      lab.request_stop();
    };
    lab.listener = ListenAccept(lab, std::move(options));
    lab.listener.pause_accept();
    connect(lab, 5);
    lab.in(20ms, [&lab] { lab.listener.resume_accept(); });  // all five wait by then
  });
  EXPECT_EQ(accepted, 1);
}

TEST_P(ListenAcceptTest, PausesAndResumesP139) {
  int accepted = 0;
  run([&](Lab& lab) {
    ListenAcceptOptions options = strict(listening(lab));
    options.on_accept = [&](Fd, SocketAddress) {
      ++accepted;
      lab.finish();
    };
    lab.listener = ListenAccept(lab, std::move(options));
    lab.listener.pause_accept();
    connect(lab, 1);
    lab.in(50ms, [&] {
      EXPECT_EQ(accepted, 0);
      lab.listener.resume_accept();
    });
  });
  EXPECT_EQ(accepted, 1);
}

TEST_P(ListenAcceptTest, DroppedInItsOwnCallback) {
  int accepted = 0;
  run([&](Lab& lab) {
    ListenAcceptOptions options = strict(listening(lab));
    auto witness = std::make_shared<int>(42);
    options.on_accept = [&, witness](Fd, SocketAddress) {
      ++accepted;
      lab.listener = ListenAccept();
      EXPECT_EQ(*witness, 42);
      lab.in(50ms, [&] { lab.finish(); });
    };
    lab.listener = ListenAccept(lab, std::move(options));
    lab.listener.pause_accept();
    connect(lab, 3);
    lab.in(50ms, [&] { lab.listener.resume_accept(); });
  });
  EXPECT_EQ(accepted, 1);
}

TEST_P(ListenAcceptTest, MovedInItsOwnCallbackGoesOn) {
  int accepted = 0;
  run([&](Lab& lab) {
    auto elsewhere = std::make_shared<ListenAccept>();
    ListenAcceptOptions options = strict(listening(lab));
    options.on_accept = [&, elsewhere](Fd, SocketAddress) {
      if (++accepted == 1) *elsewhere = std::move(lab.listener);
      if (accepted < 3) return;
      *elsewhere = ListenAccept();
      lab.finish();
    };
    lab.listener = ListenAccept(lab, std::move(options));
    connect(lab, 3);
  });
  EXPECT_EQ(accepted, 3);
}

TEST_P(ListenAcceptTest, SocketThatDoesNotListenIsReportedOnceAnInterval) {
  int errors = 0, most = 0;
  run([&](Lab& lab) {
    const poe_sys& system = lab.system();
    ListenAcceptOptions options = strict(Fd(system.socket(system.ctx, AF_INET, SOCK_STREAM, 0), &system));
    options.on_error = [&](const Error& error) {
      ++errors;
      EXPECT_EQ(error.operation(), "accept");
      EXPECT_EQ(error.number(), EINVAL);
    };
    lab.listener = ListenAccept(lab, std::move(options));
    lab.in(300ms, [&, begun = lab.now()] {
      most = 1 + static_cast<int>((lab.now() - begun) / 1s);
      lab.finish();
    });
  });
  // A loop may or may not report such a socket as ready; in no case more than once a second.
  EXPECT_LE(errors, most);
}

TEST_P(ListenAcceptTest, WrongDescriptorIsAnEventNotAnException) {
  int errors = 0;
  run([&](Lab& lab) {
    ListenAcceptOptions options = strict(Fd(1023, &lab.system()));
    options.on_error = [&](const Error& error) {
      ++errors;
      EXPECT_EQ(error.number(), EBADF) << error.report();
      lab.finish();
    };
    lab.listener = ListenAccept(lab, std::move(options));
    EXPECT_EQ(errors, 0);
  });
  EXPECT_EQ(errors, 1);
}

TEST_P(ListenAcceptTest, WithoutCallbackOrSocketThrowsP140) {
  run([](Lab& lab) {
    ListenAcceptOptions half(listening(lab));
    half.on_error = [](const Error&) {};
    EXPECT_THROW(ListenAccept(lab, std::move(half)), std::invalid_argument);
    EXPECT_THROW(ListenAccept(lab, strict(Fd())), std::invalid_argument);
    lab.listener = ListenAccept(lab, strict(listening(lab)));
    EXPECT_THROW(lab.listener.on_accept({}), std::invalid_argument);
    lab.finish();
  });
}

}  // namespace
}  // namespace poe::test
