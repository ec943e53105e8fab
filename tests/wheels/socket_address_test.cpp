// SPDX-License-Identifier: MIT
#include "poe/wheels/socket_address.hpp"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <string>

namespace poe {
namespace {

std::string printed(std::string_view text) {
  const auto address = SocketAddress::parse(text);
  return address ? address->to_string() : "error: " + address.error().reason();
}

TEST(SocketAddressTest, PrintsWhatItParsed) {
  for (const char* text : {"127.0.0.1:80", "0.0.0.0:0", "255.255.255.255:65535", "[::1]:80", "[::]:0",
                           "[fe80::1%7]:443", "[::ffff:1.2.3.4]:5", "/run/x", "./x", "a/b", "@name"}) {
    EXPECT_EQ(printed(text), text);
  }
}

TEST(SocketAddressTest, PartsOfAnIpv4Address) {
  const auto address = SocketAddress::parse("10.1.2.3:8080");
  ASSERT_TRUE(address);
  EXPECT_EQ(address->family(), AF_INET);
  EXPECT_EQ(address->host(), "10.1.2.3");
  EXPECT_EQ(address->port(), 8080);
  ASSERT_EQ(address->size(), sizeof(sockaddr_in));
  EXPECT_EQ(reinterpret_cast<const sockaddr_in*>(address->data())->sin_port, htons(8080));
  EXPECT_EQ(address->with_port(9).to_string(), "10.1.2.3:9");
  EXPECT_EQ(address->path(), "");
}

TEST(SocketAddressTest, AnIpv6ScopeIsANumberOrAnInterface) {
  const auto number = SocketAddress::parse("[fe80::1%3]:1");
  ASSERT_TRUE(number);
  EXPECT_EQ(number->scope(), 3u);
  const auto name = SocketAddress::ip("fe80::1%lo", 1);
  ASSERT_TRUE(name) << name.error().message();
  EXPECT_NE(name->scope(), 0u);
  EXPECT_FALSE(SocketAddress::ip("fe80::1%no-such-interface", 1));
  EXPECT_FALSE(SocketAddress::ip("fe80::1%", 1));
}

TEST(SocketAddressTest, RefusesWhatIsNoAddressAndSaysHowToWriteOne) {
  for (const char* text : {"", "80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:8o",
                           "::1:80", "[::1]", "[127.0.0.1]:80", "localhost:80", "1.2.3:80", "[::1:80"}) {
    const auto address = SocketAddress::parse(text);
    ASSERT_FALSE(address) << text;
    EXPECT_EQ(address.error().code(), Errc::invalid_argument) << text;
    EXPECT_NE(address.error().advice(), "") << text;
  }
  EXPECT_FALSE(SocketAddress::ip(std::string_view("127.0.0.1\0x", 11), 1)) << "a NUL must not hide the rest";
}

TEST(SocketAddressTest, UnixPathOf107BytesFitsAndLongerOnesAreErrors) {
  const auto fits = SocketAddress::unix_path(std::string(107, 'x'));
  ASSERT_TRUE(fits);
  EXPECT_EQ(fits->path().size(), 107u);
  EXPECT_EQ(fits->size(), offsetof(sockaddr_un, sun_path) + 108);
  for (const std::size_t bytes : {std::size_t{108}, std::size_t{109}}) {
    const auto refused = SocketAddress::unix_path(std::string(bytes, 'x'));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().operation(), "pack_sockaddr_un");
    EXPECT_EQ(refused.error().number(), ENAMETOOLONG);
    EXPECT_EQ(refused.error().subject(), std::string(bytes, 'x'));
    EXPECT_NE(refused.error().advice().find("at most 107"), std::string::npos);
  }
}

TEST(SocketAddressTest, AbstractNameCountsItsLeadingNul) {
  for (const std::size_t bytes : {std::size_t{107}, std::size_t{108}}) {
    const auto fits = SocketAddress::unix_path('\0' + std::string(bytes - 1, 'n'));
    ASSERT_TRUE(fits) << bytes;
    EXPECT_TRUE(fits->is_abstract());
    EXPECT_EQ(fits->path().size(), bytes);
    EXPECT_EQ(fits->size(), offsetof(sockaddr_un, sun_path) + bytes) << "no terminating NUL: it would be a byte of it";
  }
  const auto refused = SocketAddress::unix_path('\0' + std::string(108, 'n'));
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().advice().find("at most 108"), std::string::npos);
}

TEST(SocketAddressTest, ANulInsideAPathIsAnErrorInsteadOfItsEnd) {
  EXPECT_FALSE(SocketAddress::unix_path(std::string_view("/tmp/a\0b", 8)));
  EXPECT_FALSE(SocketAddress::unix_path(""));
  const auto abstract = SocketAddress::unix_path(std::string_view("\0a\0b", 4));
  ASSERT_TRUE(abstract);
  EXPECT_EQ(abstract->to_string(), "@a\\x00b");
}

TEST(SocketAddressTest, ControlCharactersOfAPathAreEscaped) {
  const auto address = SocketAddress::unix_path("/tmp/\x1b[2J");
  ASSERT_TRUE(address);
  EXPECT_EQ(address->to_string(), "/tmp/\\x1b[2J");
}

TEST(SocketAddressTest, TakesWhatTheSystemGives) {
  sockaddr_un raw{};
  raw.sun_family = AF_UNIX;
  EXPECT_EQ(SocketAddress::from_raw(&raw, sizeof raw.sun_family).to_string(), "(unnamed)");
  std::string(108, 'p').copy(raw.sun_path, 108);
  EXPECT_EQ(SocketAddress::from_raw(&raw, sizeof raw).path().size(), 108u) << "Linux may leave the NUL out";
  EXPECT_EQ(SocketAddress::from_raw(&raw, 200).to_string(), "(none)");
  EXPECT_EQ(SocketAddress::from_raw(nullptr, 0).to_string(), "(none)");
  EXPECT_FALSE(SocketAddress());
}

TEST(SocketAddressTest, FourOctetsAreIpv4SixteenIpv6AndOthersNothing) {
  EXPECT_EQ(SocketAddress::from_octets("\x7F\x01\x02\x03", 53).to_string(), "127.1.2.3:53");
  EXPECT_EQ(SocketAddress::from_octets("\x20\x01\x0D\xB8" + std::string(11, '\0') + '\x01', 7).to_string(),
            "[2001:db8::1]:7");
  EXPECT_FALSE(SocketAddress::from_octets("\x7F\x01\x02", 53));
  EXPECT_FALSE(SocketAddress::from_octets({}, 53));
}

TEST(SocketAddressTest, ComparesByValue) {
  EXPECT_EQ(SocketAddress::loopback(AF_INET, 7), *SocketAddress::parse("127.0.0.1:7"));
  EXPECT_EQ(SocketAddress::loopback(AF_INET6, 7), *SocketAddress::parse("[::1]:7"));
  EXPECT_EQ(SocketAddress::any(AF_INET6, 7), *SocketAddress::parse("[::]:7"));
  EXPECT_NE(*SocketAddress::parse("127.0.0.1:7"), *SocketAddress::parse("127.0.0.1:8"));
  EXPECT_NE(*SocketAddress::parse("[fe80::1%1]:7"), *SocketAddress::parse("[fe80::1%2]:7"));
}

}  // namespace
}  // namespace poe
