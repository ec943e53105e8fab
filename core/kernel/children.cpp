// SPDX-License-Identifier: MIT
//
// Child processes, each awaited by its own id: through a descriptor where the system has one, otherwise by asking for
// exactly that id on SIGCHLD. Never a wait for any child: the host's are the host's.
#include <signal.h>
#include <sys/wait.h>

#include <cerrno>
#include <utility>

#include "internal_events.hpp"
#include "kernel_core.hpp"
#include "poe/system.hpp"

namespace poe {

Result<ChildWatch> KernelCore::add_child(SessionId id, std::int64_t pid, Fn<void(const ExitStatus&)> handler) {
  const std::string what = "child " + std::to_string(pid);
  if (!alive(id)) return failure(Errc::no_session, "await", what, "the session has ended");
  if (auto usable = check_usable("await a child"); !usable) return failure(usable.error());
  if (auto loop = ensure_loop(); !loop) return failure(loop.error());
  if (pid <= 0) return failure(Errc::invalid_argument, "await", what, "process ids are positive");
  // One that is only to be reaped: if the program did that, the number may be another child's by now.
  if (pids_.contains(pid) && !is_awaited(pid)) forget_pid(pid);
  if (!pids_.contains(pid)) {
    if (auto started = await_pid(pid); !started) return failure(started.error());
  }
  const std::uint32_t index = children_.add(ChildNode{id.bits, pid, std::move(handler), {}, {}});
  link(children_, &Cold::children, index);
  add_reference(id.slot());
  auto handle = make_handle<ChildWatch>(Handle::Kind::child, index, children_.generation(index));
  if (pids_.at(pid).polled) {  // it may have ended before we listened; not at once: others may await it, too (P085)
    defer_to(id_of(0), [this, pid] {  // of the kernel's own: no session's limit or end may drop it
      if (pids_.contains(pid)) reap(pid);
    });
  }
  return handle;
}

Result<void> KernelCore::await_pid(std::int64_t pid) {
  Pid entry;
  siginfo_t unused{};  // a process descriptor can be had for strangers too: ask whose child it is, reaping nothing
  if (is_real(*system_) && ::waitid(P_PID, static_cast<id_t>(pid), &unused, WEXITED | WNOHANG | WNOWAIT) != 0) {
    return system_failure(errno, "await", "child " + std::to_string(pid), "await it in the handler that starts it");
  }
  const int fd = system_->child_fd(system_->ctx, pid);
  if (fd >= 0) {
    entry.exit_fd = Fd(fd, system_);
    auto watch = add_watch(
        id_of(0), fd, POE_READ, [this, pid](std::uint32_t) { reap(pid); }, true);
    if (!watch) return failure(watch.error());
    entry.exit_watch = std::move(*watch);
  } else if (fd == -ENOSYS || fd == -EPERM) {
    auto watched = watch_os_signal(SIGCHLD);
    if (!watched) return failure(watched.error());
    if (!*watched) {
      return failure(Errc::not_supported, "await", "child " + std::to_string(pid), "this loop's world has no children");
    }
    entry.polled = true;
  } else {
    return system_failure(-fd, "await", "child " + std::to_string(pid), "await it in the handler that starts it");
  }
  pids_.emplace(pid, std::move(entry));
  return {};
}

void KernelCore::forget_pid(std::int64_t pid) noexcept {
  const auto found = pids_.find(pid);
  if (found == pids_.end()) return;
  if (found->second.polled) unwatch_os_signal(SIGCHLD);
  pids_.erase(found);
}

void KernelCore::drop_child(std::uint32_t index) noexcept {
  const std::int64_t pid = children_[index].pid;
  const std::uint32_t slot = SessionId{children_[index].session}.slot();
  unlink(children_, &Cold::children, index);
  children_.remove(index);
  drop_reference(slot);
  if (is_awaited(pid)) return;  // by another session (P085)
  if (const auto found = pids_.find(pid); found == pids_.end() || !found->second.reap_always) forget_pid(pid);
}

bool KernelCore::is_awaited(std::int64_t pid) const noexcept {
  for (std::uint32_t i = 0; i < children_.size(); ++i) {
    if (children_.used(i) && children_[i].pid == pid && !children_[i].status) return true;
  }
  return false;
}

// Asks for that one child; if it has ended, everyone who waits is told, after what is queued already (P083).
void KernelCore::reap(std::int64_t pid) {
  poe_exit exit{};
  exit.struct_size = sizeof exit;
  const int code = system_->wait(system_->ctx, pid, &exit);
  if (code == 0) return;
  ExitStatus status{pid, exit.code, exit.signal, exit.core != 0};
  if (code < 0) {
    status.code = -1;
    if (is_awaited(pid)) {
      log(LogLevel::warning, "cannot tell how child " + std::to_string(pid) +
                                 " ended: somebody else waited for it, or it is no child of this process");
    }
  }
  forget_pid(pid);
  for (std::uint32_t i = 0; i < children_.size(); ++i) {
    if (!children_.used(i) || children_[i].pid != pid || children_[i].status) continue;
    children_[i].status = status;
    const SessionId id{children_[i].session};
    sent(*queue_.push(internal::child_ended, id.bits, id.slot(), [&](void* at) {
      Payload<std::uint32_t, std::uint32_t>::construct(at, i, children_.generation(i));
    }));
  }
}

// Once, without waiting: those that are to be reaped and that nobody awaits any more.
void KernelCore::reap_left() noexcept {
  for (auto at = pids_.begin(); at != pids_.end();) {
    const std::int64_t pid = at++->first;
    if (!is_awaited(pid)) reap(pid);
  }
}

void KernelCore::reap_polled() {
  std::vector<std::int64_t> asked;
  for (const auto& [pid, entry] : pids_) {
    if (entry.polled) asked.push_back(pid);
  }
  for (const std::int64_t pid : asked) reap(pid);
}

}  // namespace poe
