// SPDX-License-Identifier: MIT
//
// Inbox: calls that wait for their turn in a GMainContext. Include poe/glib.hpp.
#pragma once

#include <glib-object.h>

#include <deque>
#include <memory>
#include <mutex>
#include <utility>

#include "poe/fn.hpp"
#include "poe/glib/alive.hpp"

namespace poe::glib::detail {

/// The queued calls of one callable: one idle source for all of them, which lets the context look around between
/// batches, so that a flood does not keep a window from being drawn. Any thread. The source that stands in a context
/// keeps this object, which therefore must not keep the context: one that never runs again would never go.
class Inbox : public std::enable_shared_from_this<Inbox> {
 public:
  /// nullptr: the calls need no object.
  explicit Inbox(GObject* receiver) : alive_(receiver != nullptr ? alive_flag(receiver) : nullptr) {
    g_weak_ref_init(&receiver_, receiver);
  }
  Inbox(const Inbox&) = delete;
  Inbox& operator=(const Inbox&) = delete;
  ~Inbox() { g_weak_ref_clear(&receiver_); }

  /// Always the same context. False: the receiver is gone.
  bool put(GMainContext* context, Fn<void()> call) {
    if (alive_ && !*alive_) return false;
    const std::lock_guard lock(mutex_);
    calls_.push_back(std::move(call));
    if (!std::exchange(scheduled_, true)) schedule(context);
    return true;
  }

 private:
  static constexpr int kBatch = 64;

  /// Keeps the receiver alive for a scope, if it still is. In the context's thread: it may be the last to hold it.
  class Held {
   public:
    explicit Held(Inbox& inbox) noexcept : object_(g_weak_ref_get(&inbox.receiver_)) {}
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;
    ~Held() {
      if (object_ != nullptr) g_object_unref(object_);
    }
    explicit operator bool() const noexcept { return object_ != nullptr; }

   private:
    const gpointer object_;
  };

  void schedule(GMainContext* context) {
    using Kept = std::shared_ptr<Inbox>;
    GSource* source = g_idle_source_new();
    g_source_set_can_recurse(source, TRUE);  // a call may run a loop inside, a dialogue's, in which the next ones come
    g_source_set_callback(
        source, [](gpointer self) { return (*static_cast<Kept*>(self))->run(); }, new Kept(shared_from_this()),
        [](gpointer self) { delete static_cast<Kept*>(self); });
    g_source_attach(source, context);
    g_source_unref(source);
  }

  gboolean run() {
    for (int i = 0; i < kBatch; ++i) {
      Fn<void()> call = take();
      if (!call) return G_SOURCE_REMOVE;
      const Held receiver(*this);
      if (receiver || !alive_) call();
    }
    return G_SOURCE_CONTINUE;
  }

  /// The first call; an empty one means that none is left, and that the next put() brings a new source.
  Fn<void()> take() {
    const std::lock_guard lock(mutex_);
    if (calls_.empty()) {
      scheduled_ = false;
      return {};
    }
    Fn<void()> first = std::move(calls_.front());
    calls_.pop_front();
    return first;
  }

  GWeakRef receiver_;
  const AliveFlag alive_;  // the receiver's; empty if the calls need none
  std::mutex mutex_;
  std::deque<Fn<void()>> calls_;
  bool scheduled_ = false;
};

}  // namespace poe::glib::detail
