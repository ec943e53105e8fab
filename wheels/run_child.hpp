// SPDX-License-Identifier: MIT
//
// The child's side of Run. Everything is worked out before the fork, because between fork and exec only what is safe in
// a signal handler may be called: no memory is allocated, no lock taken. A program is started by vfork: the child works
// in our memory while we wait, so it costs the same however large we are.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>

#include "poe/fn.hpp"

namespace poe {

/// What the child was doing when it failed. step_name() knows their names.
enum class ChildStep : std::int32_t { session, group, terminal, handles, priority, groups, gid, uid, directory, exec };

const char* step_name(ChildStep step) noexcept;

/// Orders for the child. All pointers are the parent's, which outlive the exec.
struct ChildPlan {
  static constexpr int kInherit = -1;
  std::array<int, 3> stdio{kInherit, kInherit, kInherit};  // sources, 3 and up
  bool new_session = false;
  bool new_group = false;
  bool terminal = false;  // stdio[0] becomes the controlling one
  int priority = 0;
  const gid_t* groups = nullptr;  // null: keep them
  std::size_t group_count = 0;
  const gid_t* gid = nullptr;
  const uid_t* uid = nullptr;
  const char* directory = nullptr;
  const int* keep = nullptr;  // sorted, 3 and up
  std::size_t keep_count = 0;
  bool close_others = true;
  const char* const* candidates = nullptr;  // paths to try in turn, null-terminated
  char* const* argv = nullptr;
  char* const* envp = nullptr;
  Fn<int()>* function = nullptr;  // instead of a program
  int report = -1;                // 3 and up; gets a ChildReport if something fails
  // Set by a child that worked in our memory: it was a real vfork, which returns when the child has exec'd or ended.
  volatile bool* in_our_memory = nullptr;
};

/// Through a close-on-exec pipe: nothing comes if all went well.
struct ChildReport {
  ChildStep step;
  std::int32_t number;  // errno
};

/// Forks. @return  the child's id, or -errno. In the child it does not return.
std::int64_t start_child(const ChildPlan& plan) noexcept;

}  // namespace poe
