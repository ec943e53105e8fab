// SPDX-License-Identifier: MIT
//
// Task<T>: a coroutine of a session. It does nothing until it is awaited, launched, or spawned as a session:
//
//     poe::Task<> counter(poe::Self& self, int to) {
//       for (int n = 1; n <= to; ++n) {
//         if (!co_await self.sleep(10ms)) co_return;      // `cancelled`: the session stops
//       }
//     }
//     kernel.spawn(counter, 10);          // a session of its own: lives until the body returns
//     self.launch(counter(self, 10));     // beside the handlers of a class or inline session, as part of it
//     co_await counter(self, 10);         // inside another Task, as a call: its result and its exceptions come through
//
// g++ 12.2 miscompiles a coroutine whose body has no local variable at its outermost level and a co_await in the
// condition of an `if` or `while` there: it never begins, or traps. Keep the result in a variable, as above in a loop
// or as in `const auto slept = co_await self.sleep(10ms);`. clang is not concerned.
//
// A Task resumes on the kernel's queue, one at a time like any handler. There is no nesting: a loop may await as many
// Tasks as it likes, a chain of Tasks may be as deep as memory goes, the stack stays as it is.
#pragma once

#include <coroutine>
#include <exception>
#include <functional>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

#include "poe/awaits.hpp"
#include "poe/kernel.hpp"

namespace poe {

/// What all promises share.
class POE_API TaskPromise {
 public:
  TaskRun& run() const noexcept { return *run_; }
  void set_run(TaskRun& run) noexcept { run_ = &run; }
  /// `parent` goes on when this has ended.
  void continue_with(TaskRun& run, void* parent) noexcept {
    run_ = &run;
    parent_ = parent;
  }
  std::exception_ptr take_exception() noexcept { return std::exchange(thrown_, nullptr); }
  void rethrow() {
    if (thrown_) std::rethrow_exception(take_exception());
  }

  static std::suspend_always initial_suspend() noexcept { return {}; }
  struct Final {
    static constexpr bool await_ready() noexcept { return false; }
    template <class P>
    void await_suspend(std::coroutine_handle<P> ended) const noexcept {
      TaskPromise& promise = ended.promise();
      promise.run_->next = promise.parent_;
      promise.run_->finished = promise.parent_ == nullptr;
    }
    static void await_resume() noexcept {}
  };
  static Final final_suspend() noexcept { return {}; }
  void unhandled_exception();

 private:
  TaskRun* run_ = nullptr;
  void* parent_ = nullptr;
  std::exception_ptr thrown_;
};

/// Awaits a Task: it becomes the one that runs.
template <class T>
class TaskAwait;

template <class T>
concept KernelAwait = std::derived_from<std::remove_cvref_t<T>, Await>;

/// Awaits what lies elsewhere in the frame: g++ 12 copies an awaiter that comes as a reference.
template <KernelAwait A>
class AwaitThere {
 public:
  explicit AwaitThere(A& await) noexcept : await_(&await) {}
  static constexpr bool await_ready() noexcept { return false; }
  template <class Coroutine>
  bool await_suspend(Coroutine coroutine) const {
    return await_->await_suspend(coroutine);
  }
  auto await_resume() const { return await_->await_resume(); }

 private:
  A* await_;
};

template <class T>
class [[nodiscard]] Task {
  static_assert(!std::is_reference_v<T>, "a Task gives a value: return a pointer instead");

 public:
  class Promise;
  using promise_type = Promise;
  using Handle = std::coroutine_handle<Promise>;

  Task() noexcept = default;
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      if (handle_) handle_.destroy();
      handle_ = std::exchange(other.handle_, nullptr);
    }
    return *this;
  }
  /// Destroys the frame, and with it all that the body has on its way.
  ~Task() {
    if (handle_) handle_.destroy();
  }

  explicit operator bool() const noexcept { return handle_ != nullptr; }
  /// For the kernel: gives the frame away.
  Handle release() && noexcept { return std::exchange(handle_, nullptr); }

 private:
  friend class TaskAwait<T>;
  explicit Task(Handle handle) noexcept : handle_(handle) {}
  Handle handle_ = nullptr;
};

/// What promises of any T do with co_await.
class TaskTransform : public TaskPromise {
 public:
  template <KernelAwait A>
  AwaitThere<std::remove_reference_t<A>> await_transform(A&& await) noexcept {
    return AwaitThere<std::remove_reference_t<A>>(await);
  }
  template <class U>
  TaskAwait<U> await_transform(Task<U>&& task) noexcept {
    return TaskAwait<U>(task);
  }
};

template <class T>
class Task<T>::Promise : public TaskTransform {
 public:
  Task get_return_object() noexcept { return Task(Handle::from_promise(*this)); }
  template <class U>
  requires std::constructible_from<T, U>
  void return_value(U&& value) { value_.emplace(std::forward<U>(value)); }
  T result() {
    rethrow();
    return std::move(*value_);
  }

 private:
  std::optional<T> value_;
};

template <>
class Task<void>::Promise : public TaskTransform {
 public:
  Task get_return_object() noexcept { return Task(Handle::from_promise(*this)); }
  static void return_void() noexcept {}
  void result() { rethrow(); }
};

template <class T>
class TaskAwait {
 public:
  explicit TaskAwait(Task<T>& task) noexcept : handle_(task.handle_) {}
  static constexpr bool await_ready() noexcept { return false; }
  template <class P>
  void await_suspend(std::coroutine_handle<P> parent) const noexcept {
    TaskRun& run = parent.promise().run();
    handle_.promise().continue_with(run, parent.address());
    run.next = handle_.address();
  }
  T await_resume() const { return handle_.promise().result(); }

 private:
  typename Task<T>::Handle handle_;
};

/// Starts a Task as part of a session; the session is left to itself if it has ended. What it throws is a DIE.
POE_API void start_task(KernelCore& core, SessionId session, Task<> task);

namespace task {

template <class T>
Task<> drop_result(Task<T> task) {
  static_cast<void>(co_await std::move(task));
}

}  // namespace task

/// For handlers that return a Task: an event that was posted starts it.
template <class T>
void start_task(Self& self, Task<T> task) {
  if constexpr (std::is_void_v<T>) {
    self.launch(std::move(task));
  } else {
    self.launch(task::drop_result(std::move(task)));
  }
}

/// Form 3: the session a Kernel::spawn(function, arguments...) makes. Function and arguments are kept here, beside the
/// frame, so a lambda's captures and what the body takes by reference live as long as it does.
template <class F, class... B>
class TaskSession final : public Session {
 public:
  template <class G, class... C>
  explicit TaskSession(Birth&& birth, G&& function, C&&... arguments)
      : Session(std::move(birth)), function_(std::forward<G>(function)), arguments_(std::forward<C>(arguments)...) {}
  static void handlers(Handlers<TaskSession>& table) { table.on(poe::start, &TaskSession::begin); }

 private:
  void begin() {
    launch_body(std::apply(
        [this](B&... argument) { return std::invoke(function_, static_cast<Self&>(*this), std::move(argument)...); },
        arguments_));
  }
  F function_;
  std::tuple<B...> arguments_;
};

}  // namespace poe
