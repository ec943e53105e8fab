// SPDX-License-Identifier: MIT
//
// The stall watch: says which session's handler holds the loop, while it holds it and when it lets go.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

#include "poe/export.hpp"
#include "poe/log.hpp"
#include "poe/observer.hpp"
#include "poe/time.hpp"

namespace poe {

/// Observes one kernel; see Kernel::observe(). Has a thread of its own that looks four times a `limit`, so a handler is
/// named between one and one and a quarter limits after it was called. Two readings of the clock for each handler.
class POE_API StallWatch final : public Observer {
 public:
  /// `log` is written to from the watching thread, too; it must outlive this.
  StallWatch(LogSink& log, Duration limit);
  ~StallWatch() override;

  void before(const Dispatch& dispatch) noexcept override;
  void after(const Dispatch& dispatch) noexcept override;

  /// Handlers that took longer than the limit so far.
  std::uint64_t stalls() const noexcept { return stalls_.load(std::memory_order_relaxed); }

 private:
  struct Call {
    std::int64_t began;
    SessionId session;
    const char* event;
  };
  void publish() noexcept;
  void watch(const std::stop_token& stop);
  void say(const Call& call, std::int64_t ns, bool over) noexcept;

  LogSink& log_;
  const std::int64_t limit_ns_;
  std::vector<Call> calls_;  // of the loop thread, the innermost is the last
  std::atomic<std::uint64_t> stalls_{0};
  // The innermost call, for the other thread. Odd while it is being changed.
  std::atomic<std::uint64_t> version_{0};
  std::atomic<std::int64_t> began_{0};  // 0: none
  std::atomic<std::uint64_t> session_{0};
  std::atomic<const char*> event_{nullptr};
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::jthread thread_;
};

}  // namespace poe
