// SPDX-License-Identifier: MIT
//
// Run for coroutines:
//
//     poe::RunOptions options({"sort"});
//     options.read_stdout = true;
//     poe::Run sort(self, std::move(options));
//     sort.put("b"), sort.put("a"), sort.shutdown_stdin();
//     while (auto line = co_await sort.read_stdout()) std::puts(line->c_str());
//     const auto status = co_await sort.exited();
#pragma once

#include <string>

#include "poe/wheels/read_write_awaits.hpp"
#include "poe/wheels/run.hpp"

namespace poe {

/// See Run::exited().
class POE_API ProcessExit final : public AwaitOf<ProcessExit, ExitStatus> {
 private:
  friend class Run;
  friend class WaitList<ProcessExit>;
  explicit ProcessExit(Run::State* wheel) noexcept : wheel_(wheel) {}
  bool begin() override;
  void end() noexcept override;
  std::string describe() const override;

  Run::State* wheel_;
  ProcessExit* next_ = nullptr;
};

}  // namespace poe
