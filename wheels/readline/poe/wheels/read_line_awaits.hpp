// SPDX-License-Identifier: MIT
//
// ReadLine for coroutines:
//
//     poe::ReadLine prompt(self);
//     while (auto line = co_await prompt.read("> ")) prompt.put("you said " + *line);
//     auto password = co_await prompt.read(poe::LinePrompt::hidden("Password: "));
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "poe/coroutine.hpp"
#include "poe/wheels/read_line.hpp"

namespace poe {

/// See ReadLine::read().
class POE_API LineRead final : public AwaitOf<LineRead, std::string> {
 private:
  friend class ReadLine;
  LineRead(std::shared_ptr<ReadLine::State> wheel, LinePrompt prompt) noexcept
      : wheel_(std::move(wheel)), prompt_(std::move(prompt)) {}
  bool begin() override;
  void end() noexcept override;
  std::string describe() const override;
  void give(Result<std::string> answer) noexcept;

  std::shared_ptr<ReadLine::State> wheel_;
  LinePrompt prompt_;
  bool asked_ = false;
};

}  // namespace poe
