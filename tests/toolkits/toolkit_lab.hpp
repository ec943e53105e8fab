// SPDX-License-Identifier: MIT
//
// What the tests of both toolkits share: a session that writes down what it is told.
#pragma once

#include <string>
#include <vector>

#include "kernel_fixture.hpp"

namespace poe::test {

inline constexpr Event<> pressed{"pressed"};
inline constexpr Event<std::string> said{"said"};
inline constexpr Event<int> number{"number"};
inline constexpr Event<> leave{"leave"};

/// Lives until `leave`, or UIDESTROY.
class Listener : public Session {
 public:
  Listener(Birth birth, std::vector<std::string>& heard) : Session(std::move(birth)), heard_(heard) {}
  static void handlers(Handlers<Listener>& table) {
    table.on(start, &Listener::begin).on(stop, &Listener::end).on(leave, &Listener::go);
    table.on(pressed, &Listener::press).on(said, &Listener::hear).on(number, &Listener::count);
  }

 private:
  void begin() {
    pin_ = keep_alive("test");
    ui_ = *on_signal("UIDESTROY", [this](const Signal&) { heard_.push_back("UIDESTROY"); });
  }
  void end() { heard_.push_back("end"); }
  void go() { request_stop(); }
  void press() { heard_.push_back("pressed"); }
  void hear(std::string text) { heard_.push_back(std::move(text)); }
  void count(int n) { heard_.push_back(std::to_string(n)); }

  std::vector<std::string>& heard_;
  KeepAlive pin_;
  SignalWatch ui_;
};

using Words = std::vector<std::string>;

}  // namespace poe::test
