// SPDX-License-Identifier: MIT
#include "probe.hpp"

#include <charconv>
#include <cstdio>
#include <sstream>

namespace poe::test {
namespace {

using namespace std::chrono_literals;

inline constexpr Event<> tick_event{"tick"};
inline constexpr Event<> flood_event{"flood"};
inline constexpr Event<> measured_event{"measured"};

void say(const std::string& line) {
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
}

}  // namespace

Probe::Probe(Birth birth, Toolkit toolkit) : Session(std::move(birth)), toolkit_(std::move(toolkit)) {}

void Probe::handlers(Handlers<Probe>& table) {
  table.on(start, &Probe::begin).on(tick_event, &Probe::tick).on(flood_event, &Probe::flood);
  table.on(measured_event, &Probe::measured);
}

void Probe::begin() {
  ReadWriteOptions options(Fd(0, &system()), Fd());
  options.on_record = [this](std::string_view command) { obey(command); };
  options.on_error = [this](const Error&) { commands_ = ReadWrite(); };
  commands_ = ReadWrite(*this, std::move(options));
  every_ = every(50ms, tick_event);
  say("ready");
}

void Probe::flood() {
  if (flooding_) yield(flood_event);
}

void Probe::obey(std::string_view command) {
  if (command.starts_with("measure ")) {
    int ms = 0;
    std::from_chars(command.data() + 8, command.data() + command.size(), ms);
    before_ = counts();
    end_ = after(std::chrono::milliseconds(ms), measured_event);
  } else if (command == "flood on") {
    flooding_ = true;
    yield(flood_event);
    say("flood on");
  } else if (command == "flood off") {
    flooding_ = false;
    say("flood off");
  } else if (command == "log") {
    show_log();
  } else if (command == "status") {
    say("status " + toolkit_.status());
  } else if (command == "view") {
    show_view();
  } else if (command == "popup") {
    say(toolkit_.popup() ? "popup yes" : "popup no");
  } else {
    say("unknown command: " + std::string(command));
  }
}

void Probe::show_log() {
  std::istringstream lines(toolkit_.log());
  for (std::string line; std::getline(lines, line);) say("| " + line);
  say("log ends");
}

void Probe::show_view() {
  const View view = toolkit_.view();
  say("view " + std::to_string(view.width) + "x" + std::to_string(view.height) + (view.at_end ? " end" : " above"));
}

void Probe::measured() {
  const Counts now = counts();
  say("measured ticks=" + std::to_string(now.ticks - before_.ticks) +
      " host=" + std::to_string(now.host - before_.host) + " frames=" + std::to_string(now.frames - before_.frames) +
      " events=" + std::to_string(now.events - before_.events));
}

Probe::Counts Probe::counts() { return {ticks_, toolkit_.ticks(), toolkit_.frames(), kernel().counts().events}; }

}  // namespace poe::test
