// SPDX-License-Identifier: MIT
//
// Address: the one way into a session from another thread. It holds a mailbox, not the session: it keeps nobody alive,
// and may outlive session and kernel.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "poe/error.hpp"
#include "poe/event.hpp"
#include "poe/export.hpp"
#include "poe/fn.hpp"
#include "poe/session_id.hpp"

namespace poe {

class Mailbox;

/// Any thread. Not usable in a signal handler: it locks and allocates.
class POE_API Address {
 public:
  Address(SessionId id, std::shared_ptr<Mailbox> mailbox) noexcept;
  Address(const Address&) noexcept;
  Address(Address&&) noexcept;
  Address& operator=(const Address&) noexcept;
  Address& operator=(Address&&) noexcept;
  ~Address();

  SessionId id() const noexcept { return id_; }

  /// Queues an event from any thread; posts of one thread keep their order. Error `closed` once the kernel is gone. A
  /// session that has ended meanwhile is not noticed here: the event is dropped on arrival.
  template <class... A, class... B>
  requires std::constructible_from<std::tuple<std::decay_t<A>...>, B...> Result<void> post(const Event<A...>& event,
                                                                                           B&&... arguments)
  const {
    alignas(8) std::byte payload[Payload<A...>::kSize + 8];
    Payload<A...>::construct(payload, std::forward<B>(arguments)...);
    return send(event, payload);
  }

  /// Runs `work` on the loop thread, as this session; dropped, on the loop thread, if the session has ended.
  Result<void> defer(Fn<void()> work) const;

 private:
  Result<void> send(const EventKey& event, void* payload) const;

  SessionId id_;
  std::shared_ptr<Mailbox> mailbox_;
};

/// A callable that posts one event to its session and keeps that session alive as long as it exists (P058). Loop
/// thread; the one exception is its destructor, which may run anywhere.
template <class... A>
class Postback;

/// What Postback<A...> shares for all A.
class POE_API PostbackBase {
 public:
  PostbackBase(PostbackBase&&) noexcept;
  PostbackBase& operator=(PostbackBase&&) noexcept;
  ~PostbackBase();

  /// Gives the reference up; it stays callable while the session lives (P059).
  void weaken() noexcept;
  explicit operator bool() const noexcept { return mailbox_ != nullptr; }

 protected:
  PostbackBase(SessionId id, std::shared_ptr<Mailbox> mailbox, const EventKey& event) noexcept;
  Result<void> send(void* payload) const;
  /// Takes the payload over. `ret` as for Dispatcher::call_now.
  Result<void> call(void* payload, void* ret, std::uint64_t result) const;

 private:
  std::shared_ptr<Mailbox> mailbox_;
  SessionId id_;
  const EventKey* event_;
  bool holds_ = true;
};

template <class... A>
class Postback : public PostbackBase {
 public:
  Postback(Postback&&) noexcept = default;
  Postback& operator=(Postback&&) noexcept = default;
  /// Queues the event. Error `no_session` if a weakened one has outlived its session.
  Result<void> operator()(A... arguments) const {
    alignas(8) std::byte payload[Payload<A...>::kSize + 8];
    Payload<A...>::construct(payload, std::forward<A>(arguments)...);
    return send(payload);
  }

 private:
  friend class Self;
  using PostbackBase::PostbackBase;
};

/// As Postback, but calls the handler at once and gives its result. Loop thread. Errors: those of Self::call();
/// `closed` once the kernel is gone or on another thread.
template <class R, class... A>
class Callback : public PostbackBase {
 public:
  Callback(Callback&&) noexcept = default;
  Callback& operator=(Callback&&) noexcept = default;
  Result<R> operator()(A... arguments) const {
    alignas(8) std::byte payload[Payload<A...>::kSize + 8];
    Payload<A...>::construct(payload, std::forward<A>(arguments)...);
    if constexpr (std::is_void_v<R>) {
      return call(payload, nullptr, 0);
    } else {
      std::optional<R> value;
      if (auto called = call(payload, &value, type_id<R>()); !called) return failure(called.error());
      return std::move(*value);
    }
  }

 private:
  friend class Self;
  using PostbackBase::PostbackBase;
};

}  // namespace poe
