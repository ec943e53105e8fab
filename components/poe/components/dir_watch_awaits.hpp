// SPDX-License-Identifier: MIT
//
// DirWatch for coroutines:
//
//     poe::DirWatch watch(self, poe::DirWatchOptions("/var/spool/in"));
//     while (auto change = co_await watch.next()) std::puts(change->path.c_str());
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "poe/components/dir_watch.hpp"
#include "poe/coroutine.hpp"

namespace poe {

/// See DirWatch::next().
class POE_API DirNext final : public AwaitOf<DirNext, DirChange> {
 private:
  friend class DirWatch;
  friend class DirWatchCore;
  explicit DirNext(std::weak_ptr<DirWatchCore> watch) noexcept : watch_(std::move(watch)) {}
  bool begin() override;
  void end() noexcept override;
  std::string describe() const override;
  void give(DirChange change) noexcept;

  std::weak_ptr<DirWatchCore> watch_;
};

}  // namespace poe
