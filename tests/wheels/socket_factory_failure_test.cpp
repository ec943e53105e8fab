// SPDX-License-Identifier: MIT
//
// What a SocketFactory refuses, when, and in which words.
#include <netdb.h>

#include <optional>

#include "socket_factory_lab.hpp"

namespace poe::test {
namespace {

class SocketFactoryFailureTest : public OnEveryLoop {
 protected:
  /// Makes the wheel, checks that nothing is called before its constructor has returned, gives the failure.
  Error failure_of(SocketFactoryOptions options, const poe_loop_plugin& plugin) {
    std::optional<Error> failure;
    int calls = 0;
    run_lab(plugin, [&](Lab& lab) {
      options = strict(std::move(options));
      options.on_failure = [&](const Error& error) {
        failure = error;
        ++calls;
        lab.finish();
      };
      lab.make(std::move(options));
      EXPECT_EQ(calls, 0) << "failures come as events (P132)";
    });
    EXPECT_EQ(calls, 1);
    return failure.value_or(Error(Errc::cancelled, "no failure came"));
  }
  Error failure_of(SocketFactoryOptions options) { return failure_of(std::move(options), plugin()); }
};
POE_ON_EVERY_LOOP(SocketFactoryFailureTest);

void expect(const Error& error, const char* step, const std::string& on, int number) {
  EXPECT_EQ(error.operation(), step) << error.report();
  EXPECT_EQ(error.subject(), on) << error.report();
  EXPECT_EQ(error.number(), number) << error.report();
  EXPECT_NE(error.reason(), "");
  EXPECT_NE(error.advice(), "") << "what to do next: " << error.report();
}

TEST_P(SocketFactoryFailureTest, MissingCallbackOrRemotePortThrowsP133) {
  run([](Lab& lab) {
    const auto complete = [] { return strict(SocketFactoryOptions::connect("127.0.0.1", 1)); };
    SocketFactoryOptions options = complete();
    options.on_success = nullptr;
    EXPECT_THROW(lab.make(std::move(options)), std::invalid_argument);
    options = complete();
    options.on_failure = nullptr;
    EXPECT_THROW(lab.make(std::move(options)), std::invalid_argument);
    options = complete();
    options.remote_port = Port();
    EXPECT_THROW(lab.make(std::move(options)), std::invalid_argument);
    options = complete();
    options.remote_address.clear();
    EXPECT_THROW(lab.make(std::move(options)), std::invalid_argument);
    lab.finish();
  });
}

TEST_P(SocketFactoryFailureTest, KnownButUnsupportedProtocolThrowsP133) {
  ASSERT_NE(getprotobyname("icmp"), nullptr) << "the test needs /etc/protocols (package netbase)";
  run([](Lab& lab) {
    for (const char* protocol : {"icmp", "1"}) {
      SocketFactoryOptions options = strict(SocketFactoryOptions::listen("127.0.0.1", 0));
      options.protocol = protocol;
      EXPECT_THROW(lab.make(std::move(options)), std::invalid_argument) << protocol;
    }
    lab.finish();
  });
}

TEST_P(SocketFactoryFailureTest, EmptyReplacementOfACallbackThrowsP140) {
  run([](Lab& lab) {
    SocketFactory& wheel = lab.make(strict(SocketFactoryOptions::listen("127.0.0.1", 0)));
    EXPECT_THROW(wheel.on_success({}), std::invalid_argument);
    EXPECT_THROW(wheel.on_failure({}), std::invalid_argument);
    lab.finish();
  });
}

TEST_P(SocketFactoryFailureTest, UnknownDomainP132) {
  SocketFactoryOptions options;
  options.domain = static_cast<SocketDomain>(99);
  expect(failure_of(std::move(options)), "domain", "99", 0);
}

TEST_P(SocketFactoryFailureTest, UnknownProtocols) {
  SocketFactoryOptions options;
  options.protocol = "no-such-protocol";
  expect(failure_of(std::move(options)), "getprotobyname", "\"no-such-protocol\"", 0);
  SocketFactoryOptions numbered;
  numbered.protocol = "250";
  expect(failure_of(std::move(numbered)), "getprotobynumber", "\"250\"", 0);
}

TEST_P(SocketFactoryFailureTest, TypeAndProtocolThatDoNotGoTogether) {
  SocketFactoryOptions options = SocketFactoryOptions::listen("127.0.0.1", 0);
  options.type = SocketType::datagram;
  options.protocol = "tcp";
  expect(failure_of(std::move(options)), "socket", "IPv4 datagram", EPROTONOSUPPORT);
}

TEST_P(SocketFactoryFailureTest, TextsThatAreNoAddressOfTheDomainP132) {
  SocketFactoryOptions six = SocketFactoryOptions::listen("1:2:zz", 7);
  six.domain = SocketDomain::ipv6;
  expect(failure_of(std::move(six)), "getaddrinfo", "[1:2:zz]:7", EADDRNOTAVAIL);
  SocketFactoryOptions four = SocketFactoryOptions::connect("::1", 7);
  four.domain = SocketDomain::ipv4;
  expect(failure_of(std::move(four)), "inet_aton", "[::1]:7", EADDRNOTAVAIL);
  SocketFactoryOptions crossed = SocketFactoryOptions::connect("127.0.0.1", 7);
  crossed.domain = SocketDomain::ipv6;
  expect(failure_of(std::move(crossed)), "getaddrinfo", "127.0.0.1:7", EADDRNOTAVAIL);
}

TEST_P(SocketFactoryFailureTest, PortsThatDoNotExist) {
  Error error = failure_of(SocketFactoryOptions::listen("127.0.0.1", 70000));
  EXPECT_EQ(error.operation(), "getservbyname");
  EXPECT_EQ(error.subject(), "70000");
  error = failure_of(SocketFactoryOptions::connect("127.0.0.1", "no-such-service"));
  EXPECT_EQ(error.operation(), "getservbyname") << error.report();
  EXPECT_EQ(error.subject().substr(0, 15), "no-such-service");
  EXPECT_NE(error.advice(), "");
}

TEST_P(SocketFactoryFailureTest, UnixPathsTooLongAreErrorsR62) {
  for (const std::size_t bytes : {std::size_t{108}, std::size_t{109}}) {
    const std::string path = '/' + std::string(bytes - 1, 'p');
    expect(failure_of(SocketFactoryOptions::listen_local(path)), "pack_sockaddr_un", path, ENAMETOOLONG);
    expect(failure_of(SocketFactoryOptions::connect_local(path)), "pack_sockaddr_un", path, ENAMETOOLONG);
  }
}

TEST_P(SocketFactoryFailureTest, ForeignAddressCannotBeBoundP132) {
  expect(failure_of(SocketFactoryOptions::listen("192.0.2.1", 7)), "bind", "192.0.2.1:7", EADDRNOTAVAIL);
  SocketFactoryOptions client = SocketFactoryOptions::connect("127.0.0.1", 7);
  client.bind_address = "192.0.2.1";
  expect(failure_of(std::move(client)), "bind", "192.0.2.1:0", EADDRNOTAVAIL);
}

TEST_P(SocketFactoryFailureTest, ClientCannotBindToTheOtherFamily) {
  SocketFactoryOptions client = SocketFactoryOptions::connect("127.0.0.1", 7);
  client.bind_address = "::1";
  expect(failure_of(std::move(client)), "bind", "[::1]:0", EAFNOSUPPORT);
}

TEST_P(SocketFactoryFailureTest, UnixListenerWithoutAPath) {
  SocketFactoryOptions options;
  options.domain = SocketDomain::local;
  expect(failure_of(std::move(options)), "listen", "(none)", EINVAL);
}

TEST_P(SocketFactoryFailureTest, RefusedConnectionP132) {
  std::uint16_t port = 0;  // bound and given back: nobody listens there
  run([&](Lab& lab) {
    SocketFactory& wheel = lab.make(strict(SocketFactoryOptions::listen("127.0.0.1", 0)));
    port = wheel.local_address()->port();
    lab.finish();
  });
  expect(failure_of(SocketFactoryOptions::connect("127.0.0.1", port)), "connect", "127.0.0.1:" + std::to_string(port),
         ECONNREFUSED);
}

TEST_P(SocketFactoryFailureTest, MissingUnixPathP132) {
  const std::string path = unix_path();
  expect(failure_of(SocketFactoryOptions::connect_local(path)), "connect", path, ENOENT);
}

TEST_P(SocketFactoryFailureTest, FaultsOfTheSystemNameTheirStep) {
  Faults faults(plugin());
  faults.on_setsockopt = [] { return -EPERM; };
  SocketFactoryOptions options = SocketFactoryOptions::listen("127.0.0.1", 0);
  options.reuse = true;
  expect(failure_of(std::move(options), faults.plugin()), "setsockopt", "SO_REUSEADDR", EPERM);
  faults.on_listen = [] { return -EADDRINUSE; };
  expect(failure_of(SocketFactoryOptions::listen("127.0.0.1", 0), faults.plugin()), "listen", "127.0.0.1:0",
         EADDRINUSE);
  faults.on_socket = [] { return -EMFILE; };
  expect(failure_of(SocketFactoryOptions::listen("::1", 0), faults.plugin()), "socket", "IPv6 stream", EMFILE);
}

}  // namespace
}  // namespace poe::test
