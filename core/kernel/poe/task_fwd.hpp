// SPDX-License-Identifier: MIT
//
// Names of poe/coroutine.hpp, for headers that must not pay for it.
#pragma once

namespace poe {

template <class T = void>
class Task;
template <class T>
inline constexpr bool kIsTask = false;
template <class T>
inline constexpr bool kIsTask<Task<T>> = true;

template <class F, class... B>
class TaskSession;
struct TaskRun;
class Sleep;
class ChildExit;
class NextSignal;
class Readiness;
template <class... A>
class NextEvent;
template <class R, class... A>
class Ask;
template <class... A>
class Send;

}  // namespace poe
