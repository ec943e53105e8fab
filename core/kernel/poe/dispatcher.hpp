// SPDX-License-Identifier: MIT
//
// The hot part of a kernel: the queue and the table of sessions. It is here, in a header, because posting an event is
// inlined into its caller. Programs use it through Self and Kernel.
#pragma once

#include <cstdint>
#include <vector>

#include "poe/error.hpp"
#include "poe/event.hpp"
#include "poe/export.hpp"
#include "poe/handlers.hpp"
#include "poe/record_queue.hpp"
#include "poe/session_id.hpp"

namespace poe {

/// One session, as dispatch sees it. A session lives while any of the last three members says so (P040).
struct alignas(64) Slot {  // a cache line of its own, and an index without a multiplication
  std::uint64_t id = 0;    ///< SessionId::bits; 0: free
  void* object = nullptr;
  HandlerTable* table = nullptr;
  const Record* last_in = nullptr;   ///< the newest queued event to this session
  const Record* last_out = nullptr;  ///< the newest queued event from it to another
  /// How much keeps it alive: in the lower half timers, watches, aliases, children, awaited pids, extra references, in
  /// the upper half how many of these are timers. One word, because timers come and go by the million.
  std::uint64_t kept_by = 0;
  bool marked = false;  ///< to be looked at by the next sweep
  bool stopping = false;
  bool reentrant = false;  ///< SessionOptions::reentrant
  bool owns_table : 1 = false;
  bool stop_asked : 1 = false;  ///< it ends when its handler has returned
  /// What an event of this session must pass besides its handler: 0 for most.
  std::uint8_t hooks = 0;
  static constexpr std::uint8_t kTraced = 1;      ///< SessionOptions::trace
  static constexpr std::uint8_t kObserved = 2;    ///< the kernel has observers
  static constexpr std::uint8_t kLimited = 4;     ///< SessionOptions::mailbox
  static constexpr std::uint64_t kReference = 1;  ///< what one more is in `kept_by`, other than a timer
  static constexpr std::uint64_t kTimer = kReference | std::uint64_t{1} << 32;  ///< what a timer is there
  std::uint32_t references() const noexcept { return static_cast<std::uint32_t>(kept_by); }
  std::uint32_t timers() const noexcept { return static_cast<std::uint32_t>(kept_by >> 32); }
};
static_assert(sizeof(Slot) == 64);

class POE_API Dispatcher {
 public:
  Dispatcher(const Dispatcher&) = delete;
  Dispatcher& operator=(const Dispatcher&) = delete;

  bool alive(SessionId id) const noexcept {
    const std::uint32_t index = id.slot();
    return index < slots_.size() && slots_[index].id == id.bits;
  }

  /// Self::stop_requested(), of a session of this kernel, whose slot is there.
  bool stop_requested(SessionId id) const noexcept {
    const Slot& slot = slots_[id.slot()];
    return slot.id != id.bits || slot.stop_asked || slot.stopping || stop_all_;
  }

  /// Queues an event. `sender` is a slot. Loop thread only.
  template <class... A, class... B>
  Result<void> post(SessionId to, std::uint32_t sender, const Event<A...>& event, B&&... arguments) {
    const auto construct = [&](void* at) { Payload<A...>::construct(at, std::forward<B>(arguments)...); };
    constexpr std::uint32_t kSize = Payload<A...>::kSize;
    // One condition and no call, so that the whole way needs no frame of its own where it is inlined.
    const bool plain = alive(to) && (slots_[to.slot()].hooks | busy()) == 0;
    if (plain && queue_.has_room(kSize)) [[likely]] {
      note_sent(*queue_.push_in_room(event, kSize, to.bits, sender, construct));
      return {};
    }
    return post_slowly(to, sender, event, construct);
  }

  /// Calls a handler now, inside the caller. See Self::call().
  template <class R, class... A, class... B>
  Result<R> call(SessionId to, const Event<A...>& event, B&&... arguments) {
    alignas(8) std::byte payload[Payload<A...>::kSize + 8];
    Payload<A...>::construct(payload, std::forward<B>(arguments)...);
    if constexpr (std::is_void_v<R>) {
      return call_now(to, event, payload, nullptr, 0);
    } else {
      std::optional<R> value;
      if (auto called = call_now(to, event, payload, &value, type_id<R>()); !called) return failure(called.error());
      return std::move(*value);
    }
  }

 protected:
  Dispatcher();
  ~Dispatcher();

  /// Bookkeeping for a record just pushed.
  void sent(const Record& record) {
    note_sent(record);
    if (asleep()) [[unlikely]]
      request_turn();
  }
  void request_turn();
  /// Whether there is room for it; tells observers.
  Result<void> admit(SessionId to, std::uint32_t sender, const EventKey& event);
  Result<void> no_session(SessionId to, const EventKey& event) const;
  /// Destroys the payload. `ret` is an optional of the type `result` names, or nullptr.
  Result<void> call_now(SessionId to, const EventKey& event, void* payload, void* ret, std::uint64_t result);

  /// post() with all its checks. `construct` makes the payload in the place it is given.
  template <class Construct>
  [[gnu::noinline]] Result<void> post_slowly(SessionId to, std::uint32_t sender, const EventKey& event,
                                             const Construct& construct) {
    if (!alive(to)) return no_session(to, event);
    if (slots_[to.slot()].hooks != 0 || queue_.full()) {
      if (auto admitted = admit(to, sender, event); !admitted) return admitted;
    }
    sent(*queue_.push(event, to.bits, sender, construct));
    return {};
  }

  std::vector<Slot> slots_;
  RecordQueue queue_;
  // One octet: who drops a reference looks at both at once; so does a post, whose session has hooks if observed.
  static constexpr std::uint8_t kAsleep = 1;  ///< a post must ask for a turn: none comes, or a handler's loop lacks it
  static constexpr std::uint8_t kObserved = 2;  ///< the kernel has observers
  std::uint8_t alert_ = kAsleep;
  bool asleep() const noexcept { return (alert_ & kAsleep) != 0; }
  void set_asleep(bool is) noexcept { alert_ = static_cast<std::uint8_t>((alert_ & ~kAsleep) | (is ? kAsleep : 0)); }
  bool stop_all_ = false;  ///< all sessions are to end, as soon as the handler that runs has returned

 private:
  std::uint8_t busy() const noexcept { return static_cast<std::uint8_t>(alert_ | int{queue_.full()}); }
  void note_sent(const Record& record) noexcept {
    const SessionId to{record.target};
    slots_[to.slot()].last_in = &record;
    if (record.sender != to.slot()) slots_[record.sender].last_out = &record;
  }
};

}  // namespace poe
