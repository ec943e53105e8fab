// SPDX-License-Identifier: MIT
//
// Between Qt's signals and slots and sessions. Header-only: link poe::poe and Qt6::Core; no moc.
//
//     // a signal becomes an event; the session keeps the Link, so it ends with the session
//     link_ = poe::qt::post_on(button, &QPushButton::clicked, address(), pressed);
//     // an event becomes a queued call of a slot; nothing happens once the window is gone
//     handle(said, poe::qt::queued(window, &Window::show_line));
//
// Any thread: the signal may be emitted, and the receiver may live, on another thread than the kernel's.
//
// A program with Qt's keywords (no QT_NO_KEYWORDS) includes this, or any header of ours, before Qt's own: the keywords
// are macros, and some of our names.
#pragma once

#include <QtCore/QByteArray>
#include <QtCore/QMetaObject>
#include <QtCore/QObject>
#include <QtCore/QString>
#include <concepts>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

// Unless a program says QT_NO_KEYWORDS, these are macros after Qt's headers, and names in ours.
#pragma push_macro("signals")
#pragma push_macro("slots")
#pragma push_macro("emit")
#undef signals
#undef slots
#undef emit
#include "poe/address.hpp"
#include "poe/event.hpp"
#include "poe/kernel.hpp"
#pragma pop_macro("emit")
#pragma pop_macro("slots")
#pragma pop_macro("signals")

namespace poe::qt {

/// Whether convert<To>() knows the way: constructible, or text of either side. Text is UTF-8.
template <class To, class From>
concept Convertible = std::constructible_from<To, From> ||
                      (std::same_as<To, std::string>&& std::constructible_from<QString, From>) ||
                      (std::same_as<To, QString> && std::convertible_to<From, std::string_view>) ||
                      (std::same_as<To, QByteArray> && std::convertible_to<From, std::string_view>);

/// An argument of Qt's as one of ours, or the other way round.
template <class To, class From>
requires Convertible<To, From> To convert(From&& from) {
  if constexpr (std::same_as<To, std::string> && std::same_as<std::remove_cvref_t<From>, QByteArray>) {
    return from.toStdString();
  } else if constexpr (std::constructible_from<To, From>) {
    return To(std::forward<From>(from));
  } else if constexpr (std::same_as<To, std::string>) {
    return QString(std::forward<From>(from)).toStdString();
  } else {
    const std::string_view text = from;
    if constexpr (std::same_as<To, QString>) return QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size()));
    if constexpr (std::same_as<To, QByteArray>) return QByteArray(text.data(), static_cast<qsizetype>(text.size()));
  }
}

/// A connection that ends with this object, or with the sender. A signal that is being emitted on another thread at
/// that moment may still come through. Any thread.
class [[nodiscard]] Link {
 public:
  Link() noexcept = default;
  explicit Link(QMetaObject::Connection connection) noexcept : connection_(std::move(connection)) {}
  Link(Link&& other) noexcept : connection_(std::exchange(other.connection_, {})) {}
  Link& operator=(Link&& other) noexcept {
    if (this == &other) return *this;
    cancel();
    connection_ = std::exchange(other.connection_, {});
    return *this;
  }
  ~Link() { cancel(); }

  void cancel() noexcept {
    if (connection_) QObject::disconnect(connection_);
    connection_ = {};
  }
  /// Leaves the connection to the sender, which ends it.
  void detach() && noexcept { connection_ = {}; }
  /// Whether it is connected: false once the sender is gone.
  explicit operator bool() const noexcept { return static_cast<bool>(connection_); }

 private:
  QMetaObject::Connection connection_;
};

namespace detail {

template <class... S, class... A, std::size_t... I>
auto poster(Address to, const Event<A...>& event, std::index_sequence<I...>) {
  return [to = std::move(to), &event](std::tuple_element_t<I, std::tuple<S...>>... with) {
    // Refused only if the kernel is gone, and then there is nobody to tell.
    static_cast<void>(to.post(event, convert<std::decay_t<A>>(with)...));
  };
}

template <class... A, class... S, std::size_t... I>
consteval bool leading_fit(std::tuple<S...>*, std::index_sequence<I...>) {
  return (Convertible<std::decay_t<A>, std::tuple_element_t<I, std::tuple<S...>>&> && ...);
}

template <class S, class... A>
consteval bool signal_fits() {
  if constexpr (sizeof...(A) > std::tuple_size_v<S>) {
    return false;
  } else {
    return leading_fit<A...>(static_cast<S*>(nullptr), std::index_sequence_for<A...>{});
  }
}

/// The receiver of queued calls, guarded against being destroyed, on its own thread, while somebody posts to it.
class Gate {
 public:
  /// The receiver's thread, or before it is shared.
  static std::shared_ptr<Gate> make(QObject* receiver) {
    auto gate = std::make_shared<Gate>(receiver);
    gate->destroyed_ = QObject::connect(receiver, &QObject::destroyed, [weak = std::weak_ptr(gate)] {
      if (const auto shared = weak.lock()) shared->shut();
    });
    return gate;
  }
  explicit Gate(QObject* receiver) noexcept : receiver_(receiver) {}
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;
  ~Gate() { QObject::disconnect(destroyed_); }

  /// Queues `work` to run on the receiver's thread. ~QObject drops what is queued and not delivered yet.
  template <class F>
  bool post(F work) {
    const std::lock_guard lock(mutex_);
    return receiver_ != nullptr && QMetaObject::invokeMethod(receiver_, std::move(work), Qt::QueuedConnection);
  }

 private:
  void shut() {
    const std::lock_guard lock(mutex_);
    receiver_ = nullptr;
  }

  std::mutex mutex_;
  QObject* receiver_;
  QMetaObject::Connection destroyed_;
};

}  // namespace detail

/// Posts `event` each time `sender` emits `signal`, with as many of the signal's leading arguments as the event takes.
/// Nothing comes of it once the session has ended or the kernel is gone. Several overloads: qOverload<...>(&C::signal).
template <class Sender, class Object, class R, class... S, class... A>
requires std::derived_from<Sender, Object> &&(detail::signal_fits<std::tuple<S...>, A...>())Link
    post_on(const Sender* sender, R (Object::*signal)(S...), Address to, const Event<A...>& event) {
  return Link(
      QObject::connect(sender, signal, detail::poster<S...>(std::move(to), event, std::index_sequence_for<A...>{})));
}

/// As above, with what `make()` returns at that moment, on the emitting thread: the event's only argument. It must be
/// callable as long as the link lasts.
template <class Sender, class Object, class R, class... S, class A, class Make>
requires std::derived_from<Sender, Object> && Convertible<std::decay_t<A>, std::invoke_result_t<Make&>> Link
post_on(const Sender* sender, R (Object::*signal)(S...), Address to, const Event<A>& event, Make make) {
  return Link(QObject::connect(sender, signal, [to = std::move(to), &event, make = std::move(make)]() mutable {
    static_cast<void>(to.post(event, convert<std::decay_t<A>>(make())));
  }));
}

/// A copyable callable: f(arguments...) runs the slot later, on the receiver's thread, from its event loop, in the
/// order of the calls and of whatever else is queued to the receiver. True if it was queued; false, and nothing
/// happens, once the receiver is destroyed. What was queued before a session's end is still shown. Any thread.
template <class F, class... A>
class Queued {
 public:
  Queued(QObject* receiver, F slot)
      : gate_(detail::Gate::make(receiver)), slot_(std::make_shared<F>(std::move(slot))) {}

  template <class... B>
  requires(sizeof...(B) == sizeof...(A) && (Convertible<A, B> && ...)) bool operator()(B&&... with) const {
    return gate_->post([slot = slot_, kept = std::tuple<A...>(convert<A>(std::forward<B>(with))...)]() mutable {
      std::apply(*slot, std::move(kept));
    });
  }

 private:
  std::shared_ptr<detail::Gate> gate_;
  std::shared_ptr<F> slot_;  // shared: it runs, and is mostly destroyed, on the receiver's thread
};

/// queued(window, &Window::show_line): a call of that method. To be made while no other thread destroys the receiver.
template <class Receiver, class Object, class R, class... A>
requires std::derived_from<Receiver, Object> && std::derived_from<Receiver, QObject>
auto queued(Receiver* receiver, R (Object::*slot)(A...)) {
  auto call = [receiver, slot](std::decay_t<A>... with) { static_cast<void>((receiver->*slot)(std::move(with)...)); };
  return Queued<decltype(call), std::decay_t<A>...>(receiver, std::move(call));
}

/// queued<std::string>(window, [](const std::string& line) { ... }): the arguments are named, as a lambda may be
/// generic.
template <class... A, class F>
requires std::invocable<F&, std::decay_t<A>...>
auto queued(QObject* receiver, F slot) { return Queued<F, std::decay_t<A>...>(receiver, std::move(slot)); }

/// POE's signal_ui_destroy: UIDESTROY goes to all sessions when `window` is destroyed, which ends them (P071). With
/// Qt::WA_DeleteOnClose that is when it is closed. On the loop thread; the kernel stays in its place until the link or
/// the window has gone.
inline Link signal_ui_destroy(Kernel& kernel, QObject* window) {
  return Link(QObject::connect(window, &QObject::destroyed, [&kernel] {
    if (kernel.session_count() != 0) static_cast<void>(kernel.signal(kernel.id(), "UIDESTROY"));
  }));
}

}  // namespace poe::qt
