// SPDX-License-Identifier: MIT
#include "sys_table.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <new>
#include <utility>

#include "datagram_socket.hpp"
#include "pipe_end.hpp"
#include "stream_socket.hpp"

namespace poe::sim {

namespace {

constexpr int kTypeFlags = SOCK_NONBLOCK | SOCK_CLOEXEC;  // always so here; may be asked for
constexpr int64_t kEpoch = 1'704'067'200'000'000'000;     // ns: virtual time 0 is 2024-01-01 00:00:00 UTC

// 0, or why there are no such sockets here.
int check_socket(int domain, int type, int protocol) {
  if (domain != AF_INET && domain != AF_INET6 && domain != AF_UNIX) return -EAFNOSUPPORT;
  if (type == SOCK_SEQPACKET || type == SOCK_RAW) return -EPROTONOSUPPORT;
  if (type != SOCK_STREAM && type != SOCK_DGRAM) return -EINVAL;
  const int natural = domain == AF_UNIX ? 0 : (type == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP);
  return protocol == 0 || protocol == natural ? 0 : -EPROTONOSUPPORT;
}

template <class Kind>
std::shared_ptr<Kind> make(World& world, int domain) {
  return std::make_shared<Kind>(world.environment(), world.names(), domain);
}

int sys_socket(World& world, int domain, int type, int protocol) {
  const int kind = type & ~kTypeFlags;
  if (const int error = check_socket(domain, kind, protocol); error != 0) return error;
  if (kind == SOCK_STREAM) return world.add(make<StreamSocket>(world, domain));
  return world.add(make<DatagramSocket>(world, domain));
}

template <class Kind>
int add_couple(World& world, int* ret_pair) {
  auto one = make<Kind>(world, AF_UNIX);
  auto other = make<Kind>(world, AF_UNIX);
  Kind::couple(*one, *other);
  return world.add_pair(std::move(one), std::move(other), ret_pair);
}

int sys_socketpair(World& world, int domain, int type, int protocol, int* ret_pair) {
  const int kind = type & ~kTypeFlags;
  if (const int error = check_socket(domain, kind, protocol); error != 0) return error;
  if (domain != AF_UNIX) return -EOPNOTSUPP;
  return kind == SOCK_STREAM ? add_couple<StreamSocket>(world, ret_pair) : add_couple<DatagramSocket>(world, ret_pair);
}

// Calls `act` on the socket behind `fd`, or says why it cannot be one.
template <class Act>
auto on_socket(World& world, int fd, Act act) -> decltype(act(std::declval<Socket&>())) {
  Node* const node = world.find(fd);
  if (node == nullptr) return -EBADF;
  Socket* const socket = node->as_socket();
  return socket == nullptr ? -ENOTSOCK : act(*socket);
}

int sys_bind(World& world, int fd, const void* address, uint32_t size) {
  return on_socket(world, fd, [&](Socket& socket) { return socket.bind(address, size); });
}

int sys_listen(World& world, int fd, int backlog) {
  return on_socket(world, fd, [&](Socket& socket) { return socket.listen(backlog); });
}

int sys_accept(World& world, int fd, void* ret_address, uint32_t* size) {
  return on_socket(world, fd, [&](Socket& listener) {
    if (!world.has_room(1)) return -EMFILE;
    std::shared_ptr<Socket> connection;
    if (const int error = listener.accept(&connection); error != 0) return error;
    connection->peer({ret_address, size});
    return world.add(std::move(connection));
  });
}

int sys_connect(World& world, int fd, const void* address, uint32_t size) {
  return on_socket(world, fd, [&](Socket& socket) { return socket.connect(address, size); });
}

int sys_getsockname(World& world, int fd, void* ret_address, uint32_t* size) {
  return on_socket(world, fd, [&](Socket& socket) { return socket.name({ret_address, size}); });
}

int sys_getpeername(World& world, int fd, void* ret_address, uint32_t* size) {
  return on_socket(world, fd, [&](Socket& socket) { return socket.peer({ret_address, size}); });
}

int sys_getsockopt(World& world, int fd, int level, int name, void* ret_value, uint32_t* size) {
  return on_socket(world, fd, [&](Socket& socket) { return socket.option(level, name, ret_value, size); });
}

int sys_setsockopt(World& world, int fd, int level, int name, const void* value, uint32_t size) {
  return on_socket(world, fd, [&](Socket& socket) { return socket.set_option(level, name, value, size); });
}

int64_t sys_readv(World& world, int fd, const poe_iovec* parts, int count) {
  Node* const node = world.find(fd);
  if (node == nullptr) return -EBADF;
  return count < 0 ? -EINVAL : node->read(Parts(parts, static_cast<uint64_t>(count)));
}

int64_t sys_writev(World& world, int fd, const poe_iovec* parts, int count) {
  Node* const node = world.find(fd);
  if (node == nullptr) return -EBADF;
  return count < 0 ? -EINVAL : node->write(Parts(parts, static_cast<uint64_t>(count)));
}

int64_t sys_recvmsg(World& world, int fd, poe_message* message) {
  if (message == nullptr) return -EFAULT;
  return on_socket(world, fd, [&](Socket& socket) { return socket.receive(*message); });
}

int64_t sys_sendmsg(World& world, int fd, const poe_message* message) {
  if (message == nullptr) return -EFAULT;
  return on_socket(world, fd, [&](Socket& socket) { return socket.send(*message); });
}

int sys_shutdown(World& world, int fd, int how) {
  return on_socket(world, fd, [&](Socket& socket) { return socket.shutdown(how); });
}

int sys_close(World& world, int fd) { return world.close(fd); }

int sys_pipe(World& world, int* ret_pair) {
  Environment& environment = world.environment();
  const size_t capacity = std::max(environment.settings.buffer, PipeWriter::kAtomic);
  const auto channel = std::make_shared<Channel>(environment, Travel::kAtOnce, capacity);
  return world.add_pair(std::make_shared<PipeReader>(environment, channel),
                        std::make_shared<PipeWriter>(environment, channel), ret_pair);
}

int sys_kind(World& world, int fd) {
  const Node* const node = world.find(fd);
  return node == nullptr ? -EBADF : node->kind();
}

// Everything here is non-blocking by birth.
int sys_prepare(World& world, int fd) { return world.find(fd) == nullptr ? -EBADF : 0; }

int sys_open(World& world, const char* path, int flags, int) {
  if (!world.has_room(1)) return -EMFILE;
  int error = 0;
  auto node = world.files().open(path, flags, &error);
  return node ? world.add(std::move(node)) : error;
}

int64_t sys_pread(World& world, int fd, void* ret_bytes, uint64_t size, int64_t offset) {
  Node* const node = world.find(fd);
  return node == nullptr ? -EBADF : node->read_at(static_cast<char*>(ret_bytes), size, offset);
}

int sys_spawn(World&, const poe_spawn*, int64_t*) { return -ENOSYS; }
int sys_wait(World&, int64_t, poe_exit*) { return -ENOSYS; }
int sys_child_fd(World&, int64_t) { return -ENOSYS; }

int64_t sys_clock(World& world, int which) {
  const int64_t now = world.environment().time.now();
  if (which == POE_CLOCK_MONOTONIC) return now;
  if (which != POE_CLOCK_REALTIME) return -EINVAL;
  return Timeline::later(now, kEpoch + world.environment().wall_step.load(std::memory_order_relaxed));
}

// Makes the C function of a table entry out of one of the above: finds the world, lets no exception out.
template <auto Function>
struct Entry;

template <class Result, class... Args, Result (*Function)(World&, Args...)>
struct Entry<Function> {
  static Result call(void* ctx, Args... args) noexcept {
    try {
      return Function(*static_cast<World*>(ctx), args...);
    } catch (const std::bad_alloc&) {
      return -ENOMEM;
    } catch (...) {
      return -EIO;
    }
  }
};

}  // namespace

poe_sys make_sys_table(World& world) {
  poe_sys t{};
  t.struct_size = sizeof t;
  t.ctx = &world;
  t.socket = Entry<sys_socket>::call;
  t.socketpair = Entry<sys_socketpair>::call;
  t.bind = Entry<sys_bind>::call;
  t.listen = Entry<sys_listen>::call;
  t.accept = Entry<sys_accept>::call;
  t.connect = Entry<sys_connect>::call;
  t.getsockname = Entry<sys_getsockname>::call;
  t.getpeername = Entry<sys_getpeername>::call;
  t.getsockopt = Entry<sys_getsockopt>::call;
  t.setsockopt = Entry<sys_setsockopt>::call;
  t.readv = Entry<sys_readv>::call;
  t.writev = Entry<sys_writev>::call;
  t.recvmsg = Entry<sys_recvmsg>::call;
  t.sendmsg = Entry<sys_sendmsg>::call;
  t.shutdown = Entry<sys_shutdown>::call;
  t.close = Entry<sys_close>::call;
  t.pipe = Entry<sys_pipe>::call;
  t.kind = Entry<sys_kind>::call;
  t.prepare = Entry<sys_prepare>::call;
  t.open = Entry<sys_open>::call;
  t.pread = Entry<sys_pread>::call;
  t.spawn = Entry<sys_spawn>::call;
  t.wait = Entry<sys_wait>::call;
  t.child_fd = Entry<sys_child_fd>::call;
  t.clock = Entry<sys_clock>::call;
  return t;
}

}  // namespace poe::sim
