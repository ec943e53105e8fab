// SPDX-License-Identifier: MIT
//
// A program made of chance: sessions that spawn, post, call, set timers, take names and references, signal, watch
// pipes, throw and stop, all decided by one seed; and the promises that hold for every such program.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "kernel_lab.hpp"

namespace poe::test {

class Player;

/// Counts its living objects: arguments must be destroyed once on every path.
class Token {
 public:
  explicit Token(int& living) : living_(&living) { ++living; }
  Token(const Token& other) noexcept : living_(other.living_) { ++*living_; }
  Token(Token&& other) noexcept : living_(other.living_) { ++*living_; }
  Token& operator=(const Token&) = delete;
  ~Token() { --*living_; }

 private:
  int* living_;
};

/// One message: from whom, and the how-manieth of that pair.
struct Note {
  int from;
  int number;
  Token token;
};

/// What the players of one run share.
class RandomProgram {
 public:
  RandomProgram(Kernel& kernel, std::uint64_t seed) : kernel(kernel), random_(seed) {}

  /// A number below `limit`. Not of <random>'s distributions, which differ between libraries.
  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }
  bool one_in(std::uint64_t n) { return below(n) == 0; }

  void tell(std::string line) { trace.push_back(std::move(line)); }
  /// A promise was broken.
  void broken(const std::string& what) { failures.push_back(what + ", after: " + (trace.empty() ? "" : trace.back())); }

  /// FIFO for each pair of sender and receiver.
  int next_note(int from, int to) { return ++sent_[{from, to}]; }
  void received(int from, int to, int number) {
    int& last = received_[{from, to}];
    if (number <= last) broken("note " + std::to_string(number) + " came after " + std::to_string(last));
    last = number;
    // A session lives while an event of its is queued, and takes it along if it is ended by force (P040, P054).
    const bool by_postback = from < 0;
    if (!by_postback && !kernel.alive(everybody[static_cast<std::size_t>(from)])) broken("a note of an ended session");
  }

  // Each timer once, never early.
  enum class TimerState { pending, fired, cancelled };
  struct TimerFacts {
    int owner;
    TimePoint due;
    TimerState state;
  };
  int new_timer(int owner, TimePoint due) {
    timers.push_back({owner, due, TimerState::pending});
    return static_cast<int>(timers.size()) - 1;
  }
  void fired(int timer, int owner) {
    TimerFacts& facts = timers.at(static_cast<std::size_t>(timer));
    if (facts.state != TimerState::pending) broken("timer " + std::to_string(timer) + " fired twice or cancelled");
    if (facts.owner != owner) broken("timer " + std::to_string(timer) + " fired in another session");
    if (kernel.now() < facts.due) broken("timer " + std::to_string(timer) + " is early");
    facts.state = TimerState::fired;
  }

  Kernel& kernel;
  Log trace;
  Log failures;
  std::vector<TimerFacts> timers;
  std::vector<SessionId> everybody;       // also those that ended
  std::map<int, Player*> living;          // objects
  std::vector<Postback<Note>> postbacks;  // anybody may use or drop them
  int living_tokens = 0;
  int postback_notes = 0;  // numbers what postbacks bring
  int actions_left = 300;
  int nested = 0;  // slices on the stack

 private:
  std::mt19937_64 random_;
  std::map<std::pair<int, int>, int> sent_, received_;
};

/// One session of it.
class Player : public Session {
 public:
  Player(Birth birth, RandomProgram& program);
  ~Player() override;
  static void handlers(Handlers<Player>& h);

  /// Lets go of everything that keeps it alive.
  void release();

 private:
  struct OwnTimer {
    int number;
    Timer handle;
  };

  Value begin();
  Value end();
  void family(const ChildChange& change);
  void moved(const ParentChange& change);
  void noted(const Note& note);
  int asked(const Note& note);
  void ticked(int timer);
  void repeated();

  void enter(const std::string& what);
  void act();
  void act_once();
  void speak();
  void use_timers();
  void use_names_and_references();
  void use_signals();
  void use_family();
  void use_pipe();
  void use_postbacks();
  void nest_or_throw();
  SessionId somebody();

  RandomProgram& program_;
  int number_;
  bool ending_ = false;   // in `_stop`
  bool stopped_ = false;  // after it
  int depth_ = 0;         // of nested handlers of this session
  std::vector<OwnTimer> timers_;
  Timer repeating_;
  std::vector<KeepAlive> references_;
  std::vector<Alias> names_;
  std::vector<SignalWatch> signals_;
  std::vector<SessionId> children_;
  Fd reader_, writer_;
  Watch watch_;  // after the descriptors: forgotten before they are closed
};

}  // namespace poe::test
