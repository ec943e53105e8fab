// SPDX-License-Identifier: MIT
#include "poe/system.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <string_view>

#include "poe/fd.hpp"

namespace poe::test {
namespace {

const poe_sys& sys() { return real_system(); }

struct Pair {
  Fd reader, writer;
};

Pair make_pipe() {
  int ends[2] = {-1, -1};
  EXPECT_EQ(sys().pipe(sys().ctx, ends), 0);
  return {Fd(ends[0]), Fd(ends[1])};
}

Pair make_socketpair(int type = SOCK_STREAM) {
  int ends[2] = {-1, -1};
  EXPECT_EQ(sys().socketpair(sys().ctx, AF_UNIX, type, 0, ends), 0);
  return {Fd(ends[0]), Fd(ends[1])};
}

std::int64_t write_text(const Fd& fd, std::string_view text) {
  const poe_iovec part{const_cast<char*>(text.data()), text.size()};
  return sys().writev(sys().ctx, fd.get(), &part, 1);
}

std::string read_text(const Fd& fd) {
  std::array<char, 256> bytes{};
  const poe_iovec part{bytes.data(), bytes.size()};
  const std::int64_t got = sys().readv(sys().ctx, fd.get(), &part, 1);
  return got < 0 ? "error " + std::to_string(-got) : std::string(bytes.data(), static_cast<std::size_t>(got));
}

void wait_for(const Fd& fd, short events) {
  pollfd wanted{fd.get(), events, 0};
  ASSERT_EQ(::poll(&wanted, 1, 10'000), 1);
}

bool is_open(int number) { return ::fcntl(number, F_GETFD) >= 0; }

TEST(SystemTest, TableIsCompleteAndSaysItsSize) {
  EXPECT_EQ(sys().struct_size, sizeof(poe_sys));
  EXPECT_NE(sys().clock, nullptr);
  EXPECT_EQ(&real_system(), &real_system());
}

TEST(SystemTest, DescriptorsAreNonBlockingAndCloseOnExec) {
  const Pair pipe = make_pipe();
  const Pair pair = make_socketpair();
  const Fd socket(sys().socket(sys().ctx, AF_INET, SOCK_STREAM, 0));
  const Fd file(sys().open(sys().ctx, "/dev/null", O_RDONLY, 0));
  for (const Fd* fd : {&pipe.reader, &pipe.writer, &pair.reader, &pair.writer, &socket, &file}) {
    EXPECT_TRUE(::fcntl(fd->get(), F_GETFL) & O_NONBLOCK);
    EXPECT_TRUE(::fcntl(fd->get(), F_GETFD) & FD_CLOEXEC);
  }
}

TEST(SystemTest, PipeCarriesBytesThenSaysWouldBlockThenEndOfFile) {
  Pair pipe = make_pipe();
  EXPECT_EQ(read_text(pipe.reader), "error " + std::to_string(EAGAIN));
  EXPECT_EQ(write_text(pipe.writer, "hello"), 5);
  EXPECT_EQ(read_text(pipe.reader), "hello");
  pipe.writer.reset();
  EXPECT_EQ(read_text(pipe.reader), "");
}

TEST(SystemTest, VectoredWritesAndReadsKeepTheOrder) {
  const Pair pipe = make_pipe();
  std::string a = "ab", b = "cde";
  const poe_iovec out[2] = {{a.data(), a.size()}, {b.data(), b.size()}};
  EXPECT_EQ(sys().writev(sys().ctx, pipe.writer.get(), out, 2), 5);
  std::string c(3, '-'), d(9, '-');
  const poe_iovec in[2] = {{c.data(), c.size()}, {d.data(), d.size()}};
  EXPECT_EQ(sys().readv(sys().ctx, pipe.reader.get(), in, 2), 5);
  EXPECT_EQ(c + d.substr(0, 2), "abcde");
}

// The default action of SIGPIPE ends the process, so these survive only if the signal never comes.
TEST(SystemTest, WritingToAPipeWithoutReaderIsAnErrorNotASignalR55) {
  Pair pipe = make_pipe();
  pipe.reader.reset();
  EXPECT_EQ(write_text(pipe.writer, "x"), -EPIPE);
}

TEST(SystemTest, WritingToASocketWithoutPeerIsAnErrorNotASignalR55) {
  Pair pair = make_socketpair();
  pair.reader.reset();
  EXPECT_EQ(write_text(pair.writer, "x"), -EPIPE);
  const poe_iovec part{const_cast<char*>("y"), 1};
  poe_message message{sizeof(poe_message), 0, nullptr, 0, 1, &part};
  EXPECT_EQ(sys().sendmsg(sys().ctx, pair.writer.get(), &message), -EPIPE);
}

TEST(SystemTest, SigpipeTheProgramHadPendingStaysPending) {
  sigset_t pipe_signal, former, pending;
  sigemptyset(&pipe_signal);
  sigaddset(&pipe_signal, SIGPIPE);
  ASSERT_EQ(pthread_sigmask(SIG_BLOCK, &pipe_signal, &former), 0);
  ASSERT_EQ(::raise(SIGPIPE), 0);
  Pair pipe = make_pipe();
  pipe.reader.reset();
  EXPECT_EQ(write_text(pipe.writer, "x"), -EPIPE);
  sigpending(&pending);
  EXPECT_EQ(sigismember(&pending, SIGPIPE), 1) << "ours was eaten";
  const timespec none{};
  EXPECT_EQ(sigtimedwait(&pipe_signal, nullptr, &none), SIGPIPE);
  EXPECT_EQ(pthread_sigmask(SIG_SETMASK, &former, nullptr), 0);
}

TEST(SystemTest, KindsAreToldApart) {
  const Pair pipe = make_pipe();
  const Pair stream = make_socketpair();
  const Pair datagram = make_socketpair(SOCK_DGRAM);
  const Fd file(sys().open(sys().ctx, "/proc/self/exe", O_RDONLY, 0));
  const Fd folder(sys().open(sys().ctx, "/", O_RDONLY | O_DIRECTORY, 0));
  const Fd null(sys().open(sys().ctx, "/dev/null", O_RDONLY, 0));
  EXPECT_EQ(sys().kind(sys().ctx, pipe.reader.get()), POE_KIND_PIPE);
  EXPECT_EQ(sys().kind(sys().ctx, stream.reader.get()), POE_KIND_STREAM);
  EXPECT_EQ(sys().kind(sys().ctx, datagram.reader.get()), POE_KIND_DGRAM);
  EXPECT_EQ(sys().kind(sys().ctx, file.get()), POE_KIND_REGULAR);
  EXPECT_EQ(sys().kind(sys().ctx, folder.get()), POE_KIND_DIRECTORY);
  EXPECT_EQ(sys().kind(sys().ctx, null.get()), POE_KIND_OTHER);
  EXPECT_EQ(sys().kind(sys().ctx, -1), -EBADF);
}

TEST(SystemTest, TerminalIsATerminal) {
  const Fd master(::posix_openpt(O_RDWR | O_NOCTTY));
  ASSERT_TRUE(master);
  EXPECT_EQ(sys().kind(sys().ctx, master.get()), POE_KIND_TERMINAL);
}

TEST(SystemTest, PrepareMakesAnInheritedDescriptorNonBlocking) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const Fd reader(ends[0]), writer(ends[1]);
  EXPECT_EQ(sys().prepare(sys().ctx, reader.get()), 0);
  EXPECT_EQ(sys().prepare(sys().ctx, reader.get()), 0) << "twice is fine";
  EXPECT_EQ(read_text(reader), "error " + std::to_string(EAGAIN));
  EXPECT_EQ(sys().prepare(sys().ctx, -1), -EBADF);
}

TEST(SystemTest, FilesAreReadAtAnOffset) {
  const Fd file(sys().open(sys().ctx, "/proc/self/exe", O_RDONLY, 0));
  std::array<char, 3> bytes{};
  EXPECT_EQ(sys().pread(sys().ctx, file.get(), bytes.data(), bytes.size(), 1), 3);
  EXPECT_EQ(std::string_view(bytes.data(), 3), "ELF");
  EXPECT_EQ(sys().open(sys().ctx, "/no/such/file", O_RDONLY, 0), -ENOENT);
}

TEST(SystemTest, SocketsListenConnectAcceptAndTalk) {
  const Fd listener(sys().socket(sys().ctx, AF_INET, SOCK_STREAM, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(sys().bind(sys().ctx, listener.get(), &address, sizeof address), 0);
  ASSERT_EQ(sys().listen(sys().ctx, listener.get(), 4), 0);
  std::uint32_t size = sizeof address;
  ASSERT_EQ(sys().getsockname(sys().ctx, listener.get(), &address, &size), 0);
  ASSERT_NE(address.sin_port, 0);
  EXPECT_EQ(sys().accept(sys().ctx, listener.get(), nullptr, nullptr), -EAGAIN);

  const Fd client(sys().socket(sys().ctx, AF_INET, SOCK_STREAM, 0));
  const int connecting = sys().connect(sys().ctx, client.get(), &address, sizeof address);
  EXPECT_TRUE(connecting == 0 || connecting == -EINPROGRESS) << connecting;
  wait_for(listener, POLLIN);
  sockaddr_in peer{};
  size = sizeof peer;
  const Fd server(sys().accept(sys().ctx, listener.get(), &peer, &size));
  ASSERT_TRUE(server);
  sockaddr_in own{};
  size = sizeof own;
  ASSERT_EQ(sys().getsockname(sys().ctx, client.get(), &own, &size), 0);
  EXPECT_EQ(peer.sin_port, own.sin_port);
  size = sizeof peer;
  ASSERT_EQ(sys().getpeername(sys().ctx, client.get(), &peer, &size), 0);
  EXPECT_EQ(peer.sin_port, address.sin_port);
  int error = -1;
  size = sizeof error;
  ASSERT_EQ(sys().getsockopt(sys().ctx, client.get(), SOL_SOCKET, SO_ERROR, &error, &size), 0);
  EXPECT_EQ(error, 0);

  EXPECT_EQ(write_text(client, "question"), 8);
  wait_for(server, POLLIN);
  EXPECT_EQ(read_text(server), "question");
  EXPECT_EQ(sys().shutdown(sys().ctx, server.get(), SHUT_WR), 0);
  wait_for(client, POLLIN);
  EXPECT_EQ(read_text(client), "");
}

TEST(SystemTest, ConnectingWhereNobodyListensIsRefused) {
  const Fd client(sys().socket(sys().ctx, AF_UNIX, SOCK_STREAM, 0));
  sockaddr_un nobody{};
  nobody.sun_family = AF_UNIX;
  std::string_view("\0poe-test-nobody-listens-here", 29).copy(nobody.sun_path, 29);
  EXPECT_EQ(sys().connect(sys().ctx, client.get(), &nobody, sizeof nobody), -ECONNREFUSED);
}

TEST(SystemTest, DatagramsKeepTheirEdgesAndSayWhenCut) {
  const Pair pair = make_socketpair(SOCK_DGRAM);
  std::string head = "he", tail = "llo";
  const poe_iovec out[2] = {{head.data(), head.size()}, {tail.data(), tail.size()}};
  poe_message message{sizeof(poe_message), 0, nullptr, 0, 2, out};
  EXPECT_EQ(sys().sendmsg(sys().ctx, pair.writer.get(), &message), 5);
  EXPECT_EQ(sys().sendmsg(sys().ctx, pair.writer.get(), &message), 5);
  std::array<char, 4> bytes{};
  const poe_iovec in{bytes.data(), bytes.size()};
  poe_message got{sizeof(poe_message), 0, nullptr, 0, 1, &in};
  EXPECT_EQ(sys().recvmsg(sys().ctx, pair.reader.get(), &got), 4);
  EXPECT_EQ(std::string_view(bytes.data(), 4), "hell");
  EXPECT_TRUE(got.flags & MSG_TRUNC);
}

TEST(SystemTest, ClocksRun) {
  const std::int64_t before = sys().clock(sys().ctx, POE_CLOCK_MONOTONIC);
  EXPECT_GE(sys().clock(sys().ctx, POE_CLOCK_MONOTONIC), before);
  EXPECT_GT(sys().clock(sys().ctx, POE_CLOCK_REALTIME), 1'500'000'000LL * 1'000'000'000LL);
}

TEST(FdTest, ClosesWhenItGoes) {
  int number = -1;
  {
    const Pair pipe = make_pipe();
    number = pipe.writer.get();
    EXPECT_TRUE(is_open(number));
  }
  EXPECT_FALSE(is_open(number));
}

TEST(FdTest, MovingLeavesNothingBehindAndAssigningClosesTheFormer) {
  Pair pipe = make_pipe();
  const int reader = pipe.reader.get(), writer = pipe.writer.get();
  Fd moved = std::move(pipe.reader);
  EXPECT_FALSE(pipe.reader);  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(moved.get(), reader);
  moved = std::move(pipe.writer);
  EXPECT_FALSE(is_open(reader));
  EXPECT_EQ(moved.get(), writer);
  Fd& same = moved;
  moved = std::move(same);
  EXPECT_TRUE(is_open(writer));
}

TEST(FdTest, ReleasedDescriptorStaysOpen) {
  Pair pipe = make_pipe();
  const int number = pipe.reader.release();
  EXPECT_FALSE(pipe.reader);
  EXPECT_TRUE(is_open(number));
  EXPECT_EQ(::close(number), 0);
}

TEST(FdTest, IsClosedThroughTheTableItCameFrom) {
  poe_sys table = real_system();
  int closed = -1;
  table.ctx = &closed;
  table.close = [](void* ctx, int number) { return *static_cast<int*>(ctx) = number, 0; };
  { const Fd fd(1234, &table); }
  EXPECT_EQ(closed, 1234);
  EXPECT_EQ(&Fd(-1).system(), &real_system());
}

}  // namespace
}  // namespace poe::test
