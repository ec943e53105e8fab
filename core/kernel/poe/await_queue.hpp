// SPDX-License-Identifier: MIT
//
// From callbacks to awaits: AwaitQueue<T> takes values from anywhere on the loop thread, a wheel's callback for
// example, and hands them to the Tasks that wait. Inbox<A...> is one that is fed by an event.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "poe/awaits.hpp"

namespace poe {

template <class T>
class QueueAwait;

/// First in, first out, also among those who wait. Loop thread. A Task that waits keeps its session alive, but not the
/// program: what feeds the queue must do that. At its end, those who wait get error `closed`.
template <class T>
class AwaitQueue {
 public:
  /// `what` names it in Kernel::why_alive(); static storage.
  explicit AwaitQueue(const char* what = "a queue") noexcept : what_(what) {}
  AwaitQueue(const AwaitQueue&) = delete;
  AwaitQueue& operator=(const AwaitQueue&) = delete;
  ~AwaitQueue() { close(Error(Errc::closed, "wait for", what_, "it is gone")); }

  /// False, and nothing is kept, after close().
  bool push(T value) {
    if (closed_) return false;
    if (QueueAwait<T>* const waiter = first_) {
      waiter->give(std::move(value));
    } else {
      make_room();
      items_.push_back(std::move(value));
    }
    return true;
  }
  /// No more will come: who waits, now or later, gets `why` once what is inside has been taken. The first reason stays.
  void close(Error why) noexcept {
    if (closed_) return;
    closed_ = std::move(why);
    while (first_ != nullptr) first_->fail(*closed_);
  }
  bool is_closed() const noexcept { return closed_.has_value(); }
  /// Values nobody has taken yet.
  std::size_t size() const noexcept { return items_.size() - taken_; }

  /// co_await queue.next(): Result<T>
  QueueAwait<T> next() noexcept { return QueueAwait<T>(*this); }
  /// The oldest value, without waiting.
  std::optional<T> take() {
    if (size() == 0) return std::nullopt;
    std::optional<T> value(std::move(items_[taken_++]));
    if (taken_ == items_.size()) {
      items_.clear();
      taken_ = 0;
    }
    return value;
  }

 private:
  friend class QueueAwait<T>;
  // Why not std::deque: it allocates and frees a block every few hundred bytes that pass through.
  void make_room() {
    if (items_.size() < items_.capacity() || taken_ < items_.size() / 2 || taken_ == 0) return;
    items_.erase(items_.begin(), items_.begin() + static_cast<std::ptrdiff_t>(taken_));
    taken_ = 0;
  }

  const char* what_;
  std::vector<T> items_{};
  std::size_t taken_ = 0;  // of items_, at its front
  std::optional<Error> closed_{};
  QueueAwait<T>* first_ = nullptr;
  QueueAwait<T>* last_ = nullptr;
};

template <class T>
class QueueAwait final : public AwaitOf<QueueAwait<T>, T> {
 public:
  explicit QueueAwait(AwaitQueue<T>& queue) noexcept : queue_(&queue) {}

 private:
  friend class AwaitQueue<T>;
  using Ending = Await::Ending;
  bool begin() override {
    if ((this->value_ = queue_->take())) return this->ended(Ending::done);
    if (queue_->closed_) return this->refuse(*queue_->closed_);
    this->pend();
    (queue_->last_ != nullptr ? queue_->last_->next_ : queue_->first_) = this;
    previous_ = std::exchange(queue_->last_, this);
    return true;
  }
  void give(T value) {
    this->value_.emplace(std::move(value));
    this->finish(Ending::done);
  }
  void end() noexcept override {
    (previous_ != nullptr ? previous_->next_ : queue_->first_) = next_;
    (next_ != nullptr ? next_->previous_ : queue_->last_) = previous_;
  }
  std::string describe() const override { return queue_->what_; }

  AwaitQueue<T>* queue_;
  QueueAwait* previous_ = nullptr;
  QueueAwait* next_ = nullptr;
};

/// Keeps the events of one kind that reach a session, from now on, until somebody takes them:
///
///     poe::Inbox orders(self, order);
///     while (auto one = co_await orders.next()) ...
///
/// The session's handler of that event gets none meanwhile. One Inbox an event and session: a later one waits for the
/// former to go. Must not outlive the session.
template <class... A>
class Inbox : private EventAwait {
 public:
  using Item = std::conditional_t<sizeof...(A) == 0, std::monostate, EventValueOf<A...>>;

  Inbox(Self& self, const Event<A...>& event) : queue_(event.name) { tap(self, event, true); }
  QueueAwait<Item> next() noexcept { return queue_.next(); }
  std::optional<Item> take() { return queue_.take(); }
  std::size_t size() const noexcept { return queue_.size(); }

 private:
  void take(void* payload) override {
    handler::apply<A...>(payload, [this](auto&&... item) { queue_.push(Item(std::forward<decltype(item)>(item)...)); });
  }
  AwaitQueue<Item> queue_;
};

template <class... A>
Inbox(Self&, const Event<A...>&) -> Inbox<A...>;

}  // namespace poe
