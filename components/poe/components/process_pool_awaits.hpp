// SPDX-License-Identifier: MIT
//
// ProcessPool for coroutines: co_await pool.run(job), also with .within(limit).
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "poe/components/process_pool.hpp"
#include "poe/coroutine.hpp"

namespace poe {

/// See ProcessPool::run(). The job is asked for with the await, and cancelled with it.
class POE_API ProcessAnswer final : public AwaitOf<ProcessAnswer, std::string> {
 private:
  friend class ProcessPool;
  ProcessAnswer(std::weak_ptr<ProcessPoolCore> pool, std::string record) noexcept
      : pool_(std::move(pool)), record_(std::move(record)) {}
  bool begin() override;
  void end() noexcept override;
  std::string describe() const override;
  void give(Result<std::string> answer) noexcept;

  // Weak: the pool may go between the making of this and its co_await.
  std::weak_ptr<ProcessPoolCore> pool_;
  std::string record_;
  ProcessJob job_{};
};

}  // namespace poe
