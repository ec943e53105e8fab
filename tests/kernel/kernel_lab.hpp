// SPDX-License-Identifier: MIT
//
// What the kernel's tests share: sessions made of a few lambdas, and descriptors of the kernel's own world, so that the
// same test runs on real loops and on the simulated one.
#pragma once

#include <sys/socket.h>

#include <cerrno>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kernel_fixture.hpp"
#include "poe/fd.hpp"

namespace poe::test {

using namespace std::chrono_literals;

/// What happened, in order.
using Log = std::vector<std::string>;

struct Nothing {};
/// A session without state: actor().on(start, [&](auto&, Self& self) { ... })
inline Inline<Nothing> actor() { return Inline<Nothing>(Nothing{}); }

// Events for tests that need any.
inline constexpr Event<> ping{"ping"};
inline constexpr Event<> pong{"pong"};
inline constexpr Event<> go{"go"};
inline constexpr Event<int> number{"number"};
inline constexpr Event<std::string> text{"text"};

/// Two connected descriptors of the kernel's world.
struct Pair {
  Fd here;
  Fd there;
};

inline Pair stream_pair(Kernel& kernel) {
  const poe_sys& sys = **kernel.system();
  int pair[2] = {-1, -1};
  const int code = sys.socketpair(sys.ctx, AF_UNIX, SOCK_STREAM, 0, pair);
  EXPECT_EQ(code, 0);
  return {Fd(pair[0], &sys), Fd(pair[1], &sys)};
}

/// `here` reads what is written to `there`.
inline Pair pipe_pair(Kernel& kernel) {
  const poe_sys& sys = **kernel.system();
  int pair[2] = {-1, -1};
  const int code = sys.pipe(sys.ctx, pair);
  EXPECT_EQ(code, 0);
  return {Fd(pair[0], &sys), Fd(pair[1], &sys)};
}

inline void write_text(const Fd& fd, std::string_view bytes) {
  const poe_iovec part{const_cast<char*>(bytes.data()), bytes.size()};
  EXPECT_EQ(fd.system().writev(fd.system().ctx, fd.get(), &part, 1), static_cast<std::int64_t>(bytes.size()));
}

/// What can be read now, at most 64 KiB; "<end>" at the end of file, "" if there is nothing.
inline std::string read_text(const Fd& fd) {
  std::string buffer(std::size_t{1} << 16, '\0');
  const poe_iovec part{buffer.data(), buffer.size()};
  const std::int64_t got = fd.system().readv(fd.system().ctx, fd.get(), &part, 1);
  if (got == 0) return "<end>";
  if (got < 0) return "";
  buffer.resize(static_cast<std::size_t>(got));
  return buffer;
}

/// Takes warnings and errors instead of the terminal.
class KeptLog final : public LogSink {
 public:
  LogLevel threshold() const noexcept override { return LogLevel::warning; }
  void write(LogLevel, std::string_view line) noexcept override { lines.emplace_back(line); }
  std::vector<std::string> lines;
};

/// Counts its living copies; its copy constructor throws when `copies_left` reaches zero.
struct Counted {
  static inline int living = 0;
  static inline int copies_left = -1;  // -1: any number
  int value = 0;
  explicit Counted(int v = 0) : value(v) { ++living; }
  Counted(const Counted& other) : value(other.value) {
    if (copies_left == 0) throw std::runtime_error("no more copies");
    if (copies_left > 0) --copies_left;
    ++living;
  }
  Counted(Counted&& other) noexcept : value(other.value) { ++living; }
  Counted& operator=(const Counted&) = default;
  Counted& operator=(Counted&&) noexcept = default;
  ~Counted() { --living; }
};

}  // namespace poe::test
