// SPDX-License-Identifier: MIT
//
// A bench for ReadLine: the log has what came of the asks.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "poe/wheels/read_line.hpp"
#include "poe/wheels/read_line_awaits.hpp"
#include "terminal_rig.hpp"

namespace poe::test {

using Asker = WheelHolder<ReadLine>;

inline std::string described(const ReadLine::Answer& answer) {
  if (answer) return *answer;
  if (was_interrupted(answer.error())) return "<interrupt>";
  return "<" + std::string(to_string(answer.error().code())) + ">";
}

class ReadLineRig : public TerminalRig<ReadLine> {
 public:
  using TerminalRig::make;
  using TerminalRig::TerminalRig;

  ReadLineOptions options() const {
    ReadLineOptions made(pty.slave.get(), pty.slave.get());
    made.use_init_file = false;
    return made;
  }
  void make() { make(options()); }
  /// Asks, and waits until the prompt is there.
  void ask(LinePrompt prompt = "> ") {
    as_session([&](Asker& asker) {
      asker.wheel.get(std::move(prompt), [this](ReadLine::Answer answer) { note(described(answer)); });
    });
    settle();
  }
  /// Types one key after the other, each in a read of its own.
  void type_slowly(std::string_view keys) {
    for (const char key : keys) type({&key, 1});
  }
};

class ReadLineTest : public testing::TestWithParam<std::string> {};

}  // namespace poe::test
