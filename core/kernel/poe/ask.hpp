// SPDX-License-Identifier: MIT
//
// Request and reply between sessions: co_await self.ask<R>(to, event, arguments...). What the handler returns is the
// reply; if it returns a Task<R>, the reply comes when that has ended.
#pragma once

#include <cstddef>
#include <optional>
#include <utility>

#include "poe/ask_ticket.hpp"
#include "poe/task.hpp"

namespace poe {

namespace task {

template <class R>
Task<> reply_with(Task<R> work, AskTicket ticket) {
  try {
    if constexpr (std::is_void_v<R>) {
      co_await std::move(work);
      ticket.reply();
    } else {
      ticket.reply<R>(co_await std::move(work));
    }
  } catch (...) {
    ticket.fail_with_current();
    throw;
  }
}

}  // namespace task

template <class R, class... A>
class Ask final : public AwaitOf<Ask<R, A...>, R, AskAwait> {
 public:
  template <class... B>
  Ask(SessionId to, const Event<A...>& event, B&&... arguments) : AwaitOf<Ask<R, A...>, R, AskAwait>(to, event) {
    this->result_ = &this->value_;
    Payload<A...>::construct(arguments_, std::forward<B>(arguments)...);
  }
  ~Ask() {
    if (!sent_) destroy(arguments_);
  }

 private:
  static void destroy(void* arguments) noexcept {
    if (kEventOps<A...>.destroy != nullptr) kEventOps<A...>.destroy(arguments);
  }
  struct Arguments {
    alignas(8) std::byte bytes[Payload<A...>::kSize + 8];
    ~Arguments() { destroy(bytes); }
  };

  // The handler may end the asker, and this with it: nothing of *this is used once it has been called.
  void serve(void* object, const Handler& row, SessionId target, AskTicket& ticket) override {
    Arguments given;
    kEventOps<A...>.relocate(arguments_, given.bytes);
    sent_ = true;
    if (row.result == type_id<Task<R>>()) {
      KernelCore& kernel = this->core();
      std::optional<Task<R>> work;
      row.thunk(object, row, given.bytes, &work);
      start_task(kernel, target, task::reply_with<R>(std::move(*work), std::move(ticket)));
    } else if constexpr (std::is_void_v<R>) {
      row.thunk(object, row, given.bytes, nullptr);
      ticket.reply();
    } else if (row.result == type_id<R>()) {
      std::optional<R> value;
      row.thunk(object, row, given.bytes, &value);
      ticket.reply<R>(std::move(*value));
    } else {
      ticket.fail(Error(Errc::bad_arguments, "ask", "event \"" + std::string(row.key->name) + "\"",
                        "its handler returns another type",
                        "name the type R that the handler returns, or whose Task<R>: ask<R>(...)"));
    }
  }

  alignas(8) std::byte arguments_[Payload<A...>::kSize + 8];
  bool sent_ = false;
};

template <class R, class... A, class... B>
requires std::constructible_from<std::tuple<std::decay_t<A>...>, B...> Ask<R, A...> Self::ask(SessionId to,
                                                                                              const Event<A...>& event,
                                                                                              B&&... arguments) {
  return Ask<R, A...>(to, event, std::forward<B>(arguments)...);
}

}  // namespace poe
