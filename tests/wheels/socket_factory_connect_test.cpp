// SPDX-License-Identifier: MIT
//
// Clients: they connect, over every family, and end in one event whatever the peer does.
#include <future>
#include <optional>

#include "socket_factory_lab.hpp"

namespace poe::test {
namespace {

class SocketFactoryConnectTest : public OnEveryLoop {
 protected:
  /// A listener of the lab that keeps what it accepts.
  static SocketAddress listen(Lab& lab, SocketFactoryOptions options) {
    options = strict(std::move(options));
    options.on_success = [&lab](Accepted accepted) { lab.sockets.push_back(std::move(accepted.socket)); };
    lab.server = SocketFactory(lab, std::move(options));
    return lab.server.local_address().value_or(SocketAddress());
  }
  /// A port with nobody behind it.
  static std::uint16_t dead_port(Lab& lab) {
    const SocketFactory bound(lab, strict(SocketFactoryOptions::listen("127.0.0.1", 0)));
    return bound.local_address()->port();
  }
  /// A listener whose backlog is full: further connections get no answer.
  static SocketAddress silent(Lab& lab) {
    SocketFactoryOptions options = strict(SocketFactoryOptions::listen("127.0.0.1", 0));
    options.listen_queue = 0;
    lab.server = SocketFactory(lab, std::move(options));
    lab.server.pause_accept();
    const SocketAddress address = *lab.server.local_address();
    for (int i = 0; i < 4; ++i) {
      SocketFactoryOptions filler = strict(SocketFactoryOptions::connect(address.host(), address.port()));
      filler.on_success = [&lab](Accepted accepted) { lab.sockets.push_back(std::move(accepted.socket)); };
      filler.on_failure = [](const Error&) {};
      lab.make(std::move(filler));
    }
    return address;
  }
  static std::shared_ptr<Resolver> resolver(Resolver::Lookup lookup) {
    return std::make_shared<Resolver>(1, std::move(lookup));
  }
};
POE_ON_EVERY_LOOP(SocketFactoryConnectTest);

void meet(Lab& lab, SocketFactoryOptions options, const SocketAddress& server) {
  options = strict(std::move(options));
  options.on_success = [&lab, server](Accepted accepted) {
    EXPECT_TRUE(accepted.socket);
    EXPECT_EQ(accepted.peer, server);
    EXPECT_EQ(accepted.wheel, lab.wheels.front()->id());
    EXPECT_FALSE(lab.wheels.front()->local_address()) << "the socket belongs to its receiver";
    lab.finish();
  };
  lab.make(std::move(options));
}

TEST_P(SocketFactoryConnectTest, ConnectsOverIpv4) {
  run([](Lab& lab) {
    const SocketAddress server = listen(lab, SocketFactoryOptions::listen("127.0.0.1", 0));
    meet(lab, SocketFactoryOptions::connect("127.0.0.1", server.port()), server);
  });
}

TEST_P(SocketFactoryConnectTest, ConnectsOverIpv6) {
  run([](Lab& lab) {
    const SocketAddress server = listen(lab, SocketFactoryOptions::listen("::1", 0));
    EXPECT_EQ(server.family(), AF_INET6);
    meet(lab, SocketFactoryOptions::connect("::1", std::to_string(server.port())), server);
  });
}

TEST_P(SocketFactoryConnectTest, ConnectsToAUnixPath) {
  const std::string path = unix_path();
  run([&](Lab& lab) {
    const SocketAddress server = listen(lab, SocketFactoryOptions::listen_local(path));
    EXPECT_EQ(server.to_string(), path);
    meet(lab, SocketFactoryOptions::connect_local(path), server);
  });
}

TEST_P(SocketFactoryConnectTest, ConnectsToAnAbstractName) {
  const std::string name = "@poe-socket-test-" + GetParam() + '-' + std::to_string(getpid());
  run([&](Lab& lab) {
    const SocketAddress server = listen(lab, SocketFactoryOptions::listen_local(name));
    EXPECT_EQ(server.to_string(), name);
    meet(lab, SocketFactoryOptions::connect_local(name), server);
  });
}

TEST_P(SocketFactoryConnectTest, ConnectsToLocalhostByName) {
  run([](Lab& lab) {
    const SocketAddress server = listen(lab, SocketFactoryOptions::listen("127.0.0.1", 0));
    SocketFactoryOptions options = SocketFactoryOptions::connect("localhost", server.port());
    options.domain = SocketDomain::ipv4;
    meet(lab, std::move(options), server);
  });
}

TEST_P(SocketFactoryConnectTest, ClientMayChooseItsOwnAddress) {
  run([&](Lab& lab) {
    const std::uint16_t port = dead_port(lab);
    const SocketAddress server = listen(lab, SocketFactoryOptions::listen("127.0.0.1", 0));
    lab.server.on_success([&, port](Accepted accepted) {
      EXPECT_EQ(accepted.peer, SocketAddress::loopback(AF_INET, port));
      lab.finish();
    });
    SocketFactoryOptions options = strict(SocketFactoryOptions::connect("127.0.0.1", server.port()));
    options.bind_address = "127.0.0.1";
    options.bind_port = port;
    options.reuse = true;
    options.on_success = [&](Accepted accepted) { lab.sockets.push_back(std::move(accepted.socket)); };
    lab.make(std::move(options));
  });
}

TEST_P(SocketFactoryConnectTest, TriesAllAddressesInOrder) {
  run([](Lab& lab) {
    const SocketAddress dead = SocketAddress::loopback(AF_INET, dead_port(lab));
    const SocketAddress server = listen(lab, SocketFactoryOptions::listen("127.0.0.1", 0));
    SocketFactoryOptions options = SocketFactoryOptions::connect("several.test", 1);
    options.resolver = resolver([=](const ResolveQuery&) { return std::vector{dead, server}; });
    meet(lab, std::move(options), server);
  });
}

TEST_P(SocketFactoryConnectTest, FailureOfAllAddressesTellsOfEach) {
  run([](Lab& lab) {
    const SocketAddress first = SocketAddress::loopback(AF_INET, dead_port(lab));
    const SocketAddress last = SocketAddress::loopback(AF_INET6, first.port());
    SocketFactoryOptions options = strict(SocketFactoryOptions::connect("several.test", 1));
    options.resolver = resolver([=](const ResolveQuery&) { return std::vector{first, last}; });
    options.on_failure = [&lab, first, last](const Error& error) {
      EXPECT_EQ(error.operation(), "connect");
      EXPECT_EQ(error.subject(), first.to_string());
      EXPECT_NE(error.report().find(last.to_string()), std::string::npos) << error.report();
      lab.finish();
    };
    lab.make(std::move(options));
  });
}

TEST_P(SocketFactoryConnectTest, FailedLookUpIsTheStepGetaddrinfo) {
  run([](Lab& lab) {
    SocketFactoryOptions options = strict(SocketFactoryOptions::connect("nobody.test", 80));
    options.resolver = resolver([](const ResolveQuery& query) -> ResolveAnswer {
      return failure(Errc::system, "getaddrinfo", query.to_string(), "Name or service not known");
    });
    options.on_failure = [&lab](const Error& error) {
      EXPECT_EQ(error.message(), "cannot getaddrinfo nobody.test:80: Name or service not known");
      lab.finish();
    };
    lab.make(std::move(options));
  });
}

TEST_P(SocketFactoryConnectTest, NoAnswerWithinTheLimitIsATimeout) {
  run([](Lab& lab) {
    const SocketAddress address = silent(lab);
    lab.in(20ms, [&lab, address] {  // once the backlog is full
      SocketFactoryOptions options = strict(SocketFactoryOptions::connect(address.host(), address.port()));
      options.connect_timeout = 100ms;
      options.on_failure = [&lab, address](const Error& error) {
        EXPECT_EQ(error.code(), Errc::timed_out);
        EXPECT_EQ(error.operation(), "connect");
        EXPECT_EQ(error.subject(), address.to_string());
        EXPECT_NE(error.reason().find("0.1 s"), std::string::npos) << error.reason();
        lab.finish();
      };
      lab.make(std::move(options));
    });
  });
}

TEST_P(SocketFactoryConnectTest, SilentAddressLeavesTimeForTheNext) {
  run([this](Lab& lab) {
    const SocketAddress mute = silent(lab);
    lab.in(20ms, [this, &lab, mute] {
      auto answering = std::make_shared<SocketFactory>(lab, strict(SocketFactoryOptions::listen("127.0.0.1", 0)));
      const SocketAddress server = *answering->local_address();
      answering->on_success([&lab](Accepted accepted) { lab.sockets.push_back(std::move(accepted.socket)); });
      SocketFactoryOptions options = strict(SocketFactoryOptions::connect("several.test", 1));
      options.resolver = resolver([=](const ResolveQuery&) { return std::vector{mute, server}; });
      // Virtual time does not wait for the resolver's thread; there the whole limit must outlast one jump.
      options.connect_timeout = simulated() ? kForever : Duration(2s);
      options.on_success = [&lab, answering, server](Accepted accepted) mutable {
        EXPECT_EQ(accepted.peer, server);
        answering.reset();
        lab.finish();
      };
      lab.make(std::move(options));
    });
  });
}

TEST_P(SocketFactoryConnectTest, SlowLookUpIsCutByTheLimitR59) {
  std::promise<void> release;
  const auto released = release.get_future().share();
  run([&](Lab& lab) {
    SocketFactoryOptions options = strict(SocketFactoryOptions::connect("slow.test", 80));
    options.connect_timeout = 30ms;
    options.resolver = resolver([released](const ResolveQuery&) -> ResolveAnswer {
      released.wait();
      return std::vector{SocketAddress::loopback(AF_INET, 80)};
    });
    options.on_failure = [&lab](const Error& error) {
      EXPECT_EQ(error.code(), Errc::timed_out);
      EXPECT_EQ(error.operation(), "getaddrinfo");
      EXPECT_EQ(error.subject(), "slow.test:80");
      lab.finish();
    };
    lab.make(std::move(options));
  });
  release.set_value();
}

TEST_P(SocketFactoryConnectTest, DroppedInItsOwnCallbackP134) {
  run([](Lab& lab) {
    const SocketAddress server = listen(lab, SocketFactoryOptions::listen("127.0.0.1", 0));
    SocketFactoryOptions options = strict(SocketFactoryOptions::connect("127.0.0.1", server.port()));
    auto witness = std::make_shared<int>(42);
    options.on_success = [&lab, witness](Accepted accepted) {
      lab.wheels.clear();
      EXPECT_EQ(*witness, 42) << "what the callback holds outlives the wheel until it returns";
      // The wheel's watch is gone, so the receiver can have its own on the same descriptor at once.
      auto watch = lab.watch(accepted.socket.get(), POE_WRITE, [&lab](std::uint32_t) { lab.finish(); });
      ASSERT_TRUE(watch) << watch.error().report();
      lab.sockets.push_back(std::move(accepted.socket));
      lab.watches.push_back(std::move(*watch));
    };
    lab.make(std::move(options));
  });
}

TEST_P(SocketFactoryConnectTest, MovedAndReplacedInItsOwnCallback) {
  int sockets = 0;
  run([&](Lab& lab) {
    const SocketAddress server = listen(lab, SocketFactoryOptions::listen("127.0.0.1", 0));
    SocketFactoryOptions options = strict(SocketFactoryOptions::connect("127.0.0.1", server.port()));
    options.on_success = [&, server](Accepted) {
      ++sockets;
      SocketFactory moved = std::move(*lab.wheels.front());
      SocketFactoryOptions again = strict(SocketFactoryOptions::connect("127.0.0.1", server.port()));
      again.on_success = [&](Accepted) {
        ++sockets;
        lab.finish();
      };
      moved = SocketFactory(lab, std::move(again));
      *lab.wheels.front() = std::move(moved);
    };
    lab.make(std::move(options));
  });
  EXPECT_EQ(sockets, 2);
}

TEST_P(SocketFactoryConnectTest, DroppedInItsFailureCallback) {
  run([](Lab& lab) {
    SocketFactoryOptions options = strict(SocketFactoryOptions::connect("127.0.0.1", dead_port(lab)));
    options.on_failure = [&lab](const Error& error) {
      lab.finish();
      EXPECT_EQ(error.number(), ECONNREFUSED) << "the error is still there";
    };
    lab.make(std::move(options));
  });
}

TEST_P(SocketFactoryConnectTest, DroppedBeforeItsEventNothingComes) {
  run([](Lab& lab) {
    const SocketAddress server = listen(lab, SocketFactoryOptions::listen("127.0.0.1", 0));
    lab.make(strict(SocketFactoryOptions::connect("127.0.0.1", server.port())));
    lab.make(strict(SocketFactoryOptions::connect("127.0.0.1", 70000)));
    lab.make(strict(SocketFactoryOptions::connect("localhost", server.port())));
    lab.make(strict([] {
      SocketFactoryOptions datagram;
      datagram.protocol = "udp";
      return datagram;
    }()));
    lab.wheels.clear();
    lab.in(50ms, [&lab] { lab.finish(); });
  });
}

TEST_P(SocketFactoryConnectTest, StoppedSessionInItsOwnCallback) {
  run([](Lab& lab) {
    const SocketAddress server = listen(lab, SocketFactoryOptions::listen("127.0.0.1", 0));
    SocketFactoryOptions options = strict(SocketFactoryOptions::connect("127.0.0.1", server.port()));
    options.on_success = [&lab](Accepted) { lab.request_stop(); };
    lab.make(std::move(options));
  });
}

TEST_P(SocketFactoryConnectTest, PeerThatVanishesIsTheStepGetpeernameP135) {
  Faults faults(plugin());
  faults.on_getpeername = [] { return -ENOTCONN; };
  run_lab(faults.plugin(), [](Lab& lab) {
    const SocketAddress server = listen(lab, SocketFactoryOptions::listen("127.0.0.1", 0));
    SocketFactoryOptions options = strict(SocketFactoryOptions::connect("127.0.0.1", server.port()));
    options.on_failure = [&lab, server](const Error& error) {
      EXPECT_EQ(error.operation(), "getpeername");
      EXPECT_EQ(error.subject(), server.to_string());
      EXPECT_EQ(error.number(), ENOTCONN);
      lab.finish();
    };
    lab.make(std::move(options));
  });
}

TEST_P(SocketFactoryConnectTest, DatagramSocketsAreReadyAtOnceButTheEventIsPostedP132) {
  int events = 0;
  run([&](Lab& lab) {
    SocketFactoryOptions options = strict(SocketFactoryOptions::listen("127.0.0.1", 0));
    options.protocol = "udp";
    options.on_success = [&](Accepted accepted) {
      ++events;
      EXPECT_FALSE(accepted.peer);
      const poe_sys& system = lab.system();
      EXPECT_EQ(system.kind(system.ctx, accepted.socket.get()), POE_KIND_DGRAM);
      lab.finish();
    };
    EXPECT_NE(lab.make(std::move(options)).local_address()->port(), 0);
    EXPECT_EQ(events, 0);
  });
  EXPECT_EQ(events, 1);
}

TEST_P(SocketFactoryConnectTest, ConnectedDatagramSocketKnowsItsPeer) {
  run([](Lab& lab) {
    const SocketAddress peer = SocketAddress::loopback(AF_INET, 9);
    SocketFactoryOptions options = SocketFactoryOptions::connect("127.0.0.1", 9);
    options.protocol = "17";
    meet(lab, std::move(options), peer);
  });
}

TEST_P(SocketFactoryConnectTest, UnixDatagramSockets) {
  const std::string path = unix_path();
  run([&](Lab& lab) {
    SocketFactoryOptions receiver = strict(SocketFactoryOptions::listen_local(path));
    receiver.type = SocketType::datagram;
    receiver.on_success = [&](Accepted bound) {
      lab.sockets.push_back(std::move(bound.socket));
      SocketFactoryOptions sender = SocketFactoryOptions::connect_local(path);
      sender.type = SocketType::datagram;
      lab.wheels.clear();
      meet(lab, std::move(sender), *SocketAddress::unix_path(path));
    };
    lab.make(std::move(receiver));
  });
}

}  // namespace
}  // namespace poe::test
