// SPDX-License-Identifier: MIT
#include "poe/system.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#ifdef __linux__
#include <sys/sendfile.h>
#endif
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>

#include "poe/fd.hpp"
#include "poe/send_file.hpp"

namespace poe {
namespace {

static_assert(sizeof(poe_iovec) == sizeof(iovec) && offsetof(poe_iovec, size) == offsetof(iovec, iov_len));

template <class T>
T answer(T result) {
  return result < 0 ? static_cast<T>(-errno) : result;
}

const iovec* as_iovec(const poe_iovec* parts) { return reinterpret_cast<const iovec*>(parts); }

int sys_socket(void*, int domain, int type, int protocol) {
  return answer(::socket(domain, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol));
}
int sys_socketpair(void*, int domain, int type, int protocol, int* ret_pair) {
  return answer(::socketpair(domain, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol, ret_pair));
}
int sys_bind(void*, int fd, const void* address, uint32_t size) {
  return answer(::bind(fd, static_cast<const sockaddr*>(address), size));
}
int sys_listen(void*, int fd, int backlog) { return answer(::listen(fd, backlog)); }
int sys_accept(void*, int fd, void* ret_address, uint32_t* size) {
  return answer(::accept4(fd, static_cast<sockaddr*>(ret_address), size, SOCK_NONBLOCK | SOCK_CLOEXEC));
}
int sys_connect(void*, int fd, const void* address, uint32_t size) {
  return answer(::connect(fd, static_cast<const sockaddr*>(address), size));
}
int sys_getsockname(void*, int fd, void* ret_address, uint32_t* size) {
  return answer(::getsockname(fd, static_cast<sockaddr*>(ret_address), size));
}
int sys_getpeername(void*, int fd, void* ret_address, uint32_t* size) {
  return answer(::getpeername(fd, static_cast<sockaddr*>(ret_address), size));
}
int sys_getsockopt(void*, int fd, int level, int name, void* ret_value, uint32_t* size) {
  return answer(::getsockopt(fd, level, name, ret_value, size));
}
int sys_setsockopt(void*, int fd, int level, int name, const void* value, uint32_t size) {
  return answer(::setsockopt(fd, level, name, value, size));
}
int64_t sys_readv(void*, int fd, const poe_iovec* parts, int count) {
  if (count == 1) return answer<int64_t>(::read(fd, parts->base, parts->size));
  return answer<int64_t>(::readv(fd, as_iovec(parts), count));
}

// Keeps SIGPIPE from this thread while it writes, and eats the one our write raised. A guest must not change the
// process's disposition, and pipes have no MSG_NOSIGNAL.
class SigpipeGuard {
 public:
  SigpipeGuard() {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    sigset_t pending;
    sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGPIPE) == 1;
    if (!was_pending_) pthread_sigmask(SIG_BLOCK, &pipe_, &former_);
  }
  SigpipeGuard(const SigpipeGuard&) = delete;
  SigpipeGuard& operator=(const SigpipeGuard&) = delete;
  void broken() {
    const timespec none{};
    while (!was_pending_ && sigtimedwait(&pipe_, nullptr, &none) < 0 && errno == EINTR) {
    }
  }
  ~SigpipeGuard() {
    if (!was_pending_) pthread_sigmask(SIG_SETMASK, &former_, nullptr);
  }

 private:
  sigset_t pipe_{};
  sigset_t former_{};
  bool was_pending_ = false;
};

int64_t guarded_writev(int fd, const poe_iovec* parts, int count) {
  SigpipeGuard guard;
  const int64_t written = answer<int64_t>(::writev(fd, as_iovec(parts), count));
  if (written == -EPIPE) guard.broken();
  return written;
}

// RWF_NOSIGNAL (Linux 6.18): one system call where the guard needs four. glibc 2.36 does not know the flag yet.
constexpr int kNoSignal = 0x100;

bool kernel_has_nosignal() {
  int pair[2];
  if (::pipe2(pair, O_CLOEXEC | O_NONBLOCK) != 0) return false;
  char byte = 0;
  const iovec part{&byte, 1};
  const bool works = ::pwritev2(pair[1], &part, 1, -1, kNoSignal) == 1;
  ::close(pair[0]);
  ::close(pair[1]);
  return works;
}

int64_t sys_writev(void*, int fd, const poe_iovec* parts, int count) {
  static const bool kHasNoSignal = kernel_has_nosignal();
  if (!kHasNoSignal) return guarded_writev(fd, parts, count);
  const int64_t written = answer<int64_t>(::pwritev2(fd, as_iovec(parts), count, -1, kNoSignal));
  return written == -EOPNOTSUPP ? guarded_writev(fd, parts, count) : written;  // a file system without the flag
}

int64_t sys_recvmsg(void*, int fd, poe_message* message) {
  msghdr header{};
  header.msg_name = message->address;
  header.msg_namelen = message->address_size;
  header.msg_iov = const_cast<iovec*>(as_iovec(message->parts));
  header.msg_iovlen = message->part_count;
  const int64_t got = answer<int64_t>(::recvmsg(fd, &header, static_cast<int>(message->flags) | MSG_CMSG_CLOEXEC));
  if (got >= 0) {
    message->address_size = header.msg_namelen;
    message->flags = static_cast<uint32_t>(header.msg_flags);
  }
  return got;
}
int64_t sys_sendmsg(void*, int fd, const poe_message* message) {
  const int flags = static_cast<int>(message->flags) | MSG_NOSIGNAL;
  if (message->part_count == 1 && message->address == nullptr) {
    return answer<int64_t>(::send(fd, message->parts->base, message->parts->size, flags));
  }
  msghdr header{};
  header.msg_name = message->address;
  header.msg_namelen = message->address_size;
  header.msg_iov = const_cast<iovec*>(as_iovec(message->parts));
  header.msg_iovlen = message->part_count;
  return answer<int64_t>(::sendmsg(fd, &header, flags));
}
int sys_shutdown(void*, int fd, int how) { return answer(::shutdown(fd, how)); }
int sys_close(void*, int fd) { return answer(::close(fd)); }
int sys_pipe(void*, int* ret_pair) { return answer(::pipe2(ret_pair, O_NONBLOCK | O_CLOEXEC)); }

int socket_kind(int fd) {
  int type = 0;
  socklen_t size = sizeof type;
  if (::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0) return POE_KIND_OTHER;
  return type == SOCK_STREAM ? POE_KIND_STREAM : POE_KIND_DGRAM;
}
int sys_kind(void*, int fd) {
  struct stat facts {};
  if (::fstat(fd, &facts) != 0) return -errno;
  if (S_ISREG(facts.st_mode)) return POE_KIND_REGULAR;
  if (S_ISDIR(facts.st_mode)) return POE_KIND_DIRECTORY;
  if (S_ISFIFO(facts.st_mode)) return POE_KIND_PIPE;
  if (S_ISSOCK(facts.st_mode)) return socket_kind(fd);
  if (S_ISCHR(facts.st_mode) && ::isatty(fd) == 1) return POE_KIND_TERMINAL;
  return POE_KIND_OTHER;
}
int sys_prepare(void*, int fd) {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0) return -errno;
  return (flags & O_NONBLOCK) != 0 ? 0 : answer(::fcntl(fd, F_SETFL, flags | O_NONBLOCK));
}
int sys_open(void*, const char* path, int flags, int mode) {
  return answer(::open(path, flags | O_NONBLOCK | O_CLOEXEC | O_NOCTTY, mode));
}
int64_t sys_pread(void*, int fd, void* ret_bytes, uint64_t size, int64_t offset) {
  return answer<int64_t>(::pread(fd, ret_bytes, size, offset));
}

class SpawnActions {
 public:
  SpawnActions() { posix_spawn_file_actions_init(&actions_); }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;
  ~SpawnActions() { posix_spawn_file_actions_destroy(&actions_); }
  const posix_spawn_file_actions_t* get() const { return &actions_; }

  int redirect(int target, int source) {
    if (source == -2) return 0;
    if (source == -1) {
      return posix_spawn_file_actions_addopen(&actions_, target, "/dev/null", target == 0 ? O_RDONLY : O_WRONLY, 0);
    }
    return posix_spawn_file_actions_adddup2(&actions_, source, target);
  }
  int directory(const char* path) {
    return path == nullptr ? 0 : posix_spawn_file_actions_addchdir_np(&actions_, path);
  }

 private:
  posix_spawn_file_actions_t actions_{};
};

// The child starts with default signal handling and nothing blocked, whatever this process does (P157).
class SpawnAttributes {
 public:
  SpawnAttributes() {
    posix_spawnattr_init(&attributes_);
    sigset_t set;
    sigfillset(&set);
    posix_spawnattr_setsigdefault(&attributes_, &set);
    sigemptyset(&set);
    posix_spawnattr_setsigmask(&attributes_, &set);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  }
  SpawnAttributes(const SpawnAttributes&) = delete;
  SpawnAttributes& operator=(const SpawnAttributes&) = delete;
  ~SpawnAttributes() { posix_spawnattr_destroy(&attributes_); }
  const posix_spawnattr_t* get() const { return &attributes_; }

 private:
  posix_spawnattr_t attributes_{};
};

int sys_spawn(void*, const poe_spawn* what, int64_t* ret_pid) {
  SpawnActions actions;
  SpawnAttributes attributes;
  int error = actions.directory(what->directory);
  std::array<Fd, 3> lifted;
  for (int target = 0; error == 0 && what->stdio != nullptr && target < 3; ++target) {
    int source = what->stdio[target];
    if (source >= 0 && source < 3 && source != target) {  // an earlier redirection may replace it: use a copy
      lifted[static_cast<std::size_t>(target)] = Fd(::fcntl(source, F_DUPFD_CLOEXEC, 3));
      source = lifted[static_cast<std::size_t>(target)].get();
      if (source < 0) return -errno;
    }
    error = actions.redirect(target, source);
  }
  if (error != 0) return -error;
  char* const* environment = what->envp != nullptr ? const_cast<char* const*>(what->envp) : environ;
  pid_t pid = 0;
  error = ::posix_spawnp(&pid, what->path, actions.get(), attributes.get(), const_cast<char* const*>(what->argv),
                         environment);
  if (error != 0) return -error;
  *ret_pid = pid;
  return 0;
}
int sys_wait(void*, int64_t pid, poe_exit* ret_exit) {
  int status = 0;
  const pid_t got = ::waitpid(static_cast<pid_t>(pid), &status, WNOHANG);
  if (got <= 0) return got < 0 ? -errno : 0;
  ret_exit->code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
  ret_exit->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  ret_exit->core = WIFSIGNALED(status) && WCOREDUMP(status) ? 1 : 0;
  return WIFEXITED(status) || WIFSIGNALED(status) ? 1 : 0;  // a stopped child has not ended (P087)
}
int sys_child_fd([[maybe_unused]] void*, [[maybe_unused]] int64_t pid) {
#if defined(SYS_pidfd_open) && !defined(POE_PORTABLE)
  return answer(static_cast<int>(::syscall(SYS_pidfd_open, static_cast<pid_t>(pid), 0)));
#else
  return -ENOSYS;
#endif
}
int64_t sys_clock(void*, int which) {
  timespec now{};
  ::clock_gettime(which == POE_CLOCK_REALTIME ? CLOCK_REALTIME : CLOCK_MONOTONIC, &now);
  return static_cast<int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

constexpr poe_sys kReal = {
    sizeof(poe_sys), 0,           nullptr,         sys_socket,      sys_socketpair, sys_bind,       sys_listen,
    sys_accept,      sys_connect, sys_getsockname, sys_getpeername, sys_getsockopt, sys_setsockopt, sys_readv,
    sys_writev,      sys_recvmsg, sys_sendmsg,     sys_shutdown,    sys_close,      sys_pipe,       sys_kind,
    sys_prepare,     sys_open,    sys_pread,       sys_spawn,       sys_wait,       sys_child_fd,   sys_clock,
};

}  // namespace

const poe_sys& real_system() noexcept { return kReal; }

#ifdef __linux__
// Linux takes no more at once; it says so by taking less.
std::int64_t send_file(const Fd& to, const Fd& from, std::uint64_t offset, std::uint64_t size) noexcept {
  const poe_sys& sys = to.system();
  const bool watched = sys.writev != kReal.writev || sys.sendmsg != kReal.sendmsg;
  if (watched || !is_real(from.system())) return -ENOSYS;
  SigpipeGuard guard;
  auto at = static_cast<off_t>(offset);
  const auto sent = answer<std::int64_t>(::sendfile(to.get(), from.get(), &at, size));
  if (sent == -EPIPE) guard.broken();
  return sent;
}
#else
std::int64_t send_file(const Fd&, const Fd&, std::uint64_t, std::uint64_t) noexcept { return -ENOSYS; }
#endif

// Processes are what no simulated world has, and what nobody wraps.
bool is_real(const poe_sys& system) noexcept { return system.spawn == kReal.spawn; }

}  // namespace poe
