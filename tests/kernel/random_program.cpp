// SPDX-License-Identifier: MIT
#include "random_program.hpp"

#include <stdexcept>

namespace poe::test {

namespace {

constexpr Event<Note> kNote{"note"};
constexpr Event<Note> kAsk{"ask"};
constexpr Event<int> kTick{"tick"};
constexpr Event<> kRepeat{"repeat"};

constexpr const char* kSignals[] = {"news", "weather", "HUP", "TERM", "UIDESTROY"};

}  // namespace

Player::Player(Birth birth, RandomProgram& program)
    : Session(std::move(birth)), program_(program), number_(static_cast<int>(program.everybody.size())) {
  program_.everybody.push_back(id());
  program_.living[number_] = this;
}

Player::~Player() {
  if (!stopped_) program_.broken("destroyed without _stop");
  program_.living.erase(number_);
  program_.tell(std::to_string(number_) + " destroyed");
}

void Player::handlers(Handlers<Player>& h) {
  h.on(start, &Player::begin).on(stop, &Player::end).on(child, &Player::family).on(parent, &Player::moved);
  h.on(kNote, &Player::noted).on(kAsk, &Player::asked).on(kTick, &Player::ticked).on(kRepeat, &Player::repeated);
}

void Player::release() {
  repeating_.cancel();
  watch_.cancel();
  references_.clear();
  names_.clear();
}

// ---- handlers

void Player::enter(const std::string& what) {
  program_.tell(std::to_string(number_) + " " + what + " from " + std::to_string(sender().slot()));
  if (stopped_) program_.broken("an event reached an ended session");
  if (kernel().current() != id()) program_.broken("another session is current");
}

Value Player::begin() {
  enter("start");
  SessionOptions options;
  options.on_throw = program_.one_in(3) ? OnThrow::report : OnThrow::stop;
  options.reentrant = program_.one_in(8);
  set_options(options);
  if (program_.one_in(2)) references_.push_back(keep_alive("life"));
  repeating_ = every(std::chrono::microseconds(700 + program_.below(9) * 500), kRepeat);
  act();
  return Value(number_);
}

Value Player::end() {
  enter("stop");
  for (const OwnTimer& timer : timers_) {
    const auto& facts = program_.timers.at(static_cast<std::size_t>(timer.number));
    const bool waits = facts.state == RandomProgram::TimerState::pending && timer.handle;
    if (waits && facts.due + 100ms < kernel().now()) program_.broken("a timer never fired");
  }
  ending_ = true;
  act();
  stopped_ = true;
  return Value(-number_);
}

void Player::family(const ChildChange& change) {
  enter("child " + std::to_string(static_cast<int>(change.reason)) + " " + change.result.to_text());
  if (change.reason != ChildChange::Reason::lose) children_.push_back(change.child);
  act();
}

void Player::moved(const ParentChange& change) {
  enter("parent " + std::to_string(change.former.slot()) + ">" + std::to_string(change.present.slot()));
}

void Player::noted(const Note& note) {
  enter("note " + std::to_string(note.number) + " of " + std::to_string(note.from));
  program_.received(note.from, number_, note.number);
  act();
}

int Player::asked(const Note& note) {
  enter("ask of " + std::to_string(note.from));
  act();
  return number_;
}

void Player::ticked(int timer) {
  enter("tick " + std::to_string(timer));
  program_.fired(timer, number_);
  act();
}

void Player::repeated() {
  enter("repeat");
  if (program_.one_in(10)) repeating_.cancel();
  act();
}

// ---- what it may do

void Player::act() {
  struct Depth {
    int& depth;
    ~Depth() { --depth; }
  } const entered{++depth_};
  if (depth_ >= 4) return;
  for (std::uint64_t n = program_.below(5); n > 0 && program_.actions_left > 0; --n) {
    --program_.actions_left;
    act_once();
  }
}

void Player::act_once() {
  switch (program_.below(12)) {
    case 0:
    case 1:
    case 2:
      return speak();
    case 3:
    case 4:
    case 5:
      return use_timers();
    case 6:
      return use_names_and_references();
    case 7:
      return use_signals();
    case 8:
      return use_family();
    case 9:
      return use_pipe();
    case 10:
      return use_postbacks();
    default:
      return nest_or_throw();
  }
}

SessionId Player::somebody() { return program_.everybody[program_.below(program_.everybody.size())]; }

void Player::speak() {
  const auto to = static_cast<int>(program_.below(program_.everybody.size()));
  const SessionId id_of_it = program_.everybody[static_cast<std::size_t>(to)];
  const bool alive = kernel().alive(id_of_it);
  if (program_.one_in(5)) {
    const auto answer = kernel().call<int>(id_of_it, kAsk, Note{number_, 0, Token(program_.living_tokens)});
    program_.tell("  asked " + std::to_string(to) + (answer ? ": " + std::to_string(*answer) : ": no answer"));
    if (answer && *answer != to) program_.broken("somebody else answered");
    return;
  }
  // Numbered only when it was taken: what is refused leaves no gap to explain.
  const int number = program_.next_note(number_, to);
  const auto posted = post(id_of_it, kNote, Note{number_, number, Token(program_.living_tokens)});
  if (static_cast<bool>(posted) != alive) program_.broken("a post and alive() do not agree");
}

void Player::use_timers() {
  const Duration delay = std::chrono::microseconds(program_.below(6) * 700);
  switch (program_.below(6)) {
    case 0:
      repeating_ = every(delay + 500us, static_cast<Missed>(program_.below(3)), kRepeat);
      return;
    case 1:
    case 2: {
      if (timers_.empty()) return;
      OwnTimer& timer = timers_[program_.below(timers_.size())];
      auto& facts = program_.timers.at(static_cast<std::size_t>(timer.number));
      if (static_cast<bool>(timer.handle) && facts.state != RandomProgram::TimerState::pending) {
        program_.broken("a handle stands for a timer that fired");
      }
      if (program_.one_in(2)) {
        if (timer.handle) facts.state = RandomProgram::TimerState::cancelled;
        timer.handle.cancel();
      } else if (timer.handle && timer.handle.restart(delay)) {
        facts.due = *timer.handle.due();
      }
      return;
    }
    default: {
      const int number = program_.new_timer(number_, now() + delay);
      Timer timer = program_.one_in(4) ? at(now() - 1ms, kTick, number) : after(delay, kTick, number);
      if (!timer) {  // this session is ending
        program_.timers.back().state = RandomProgram::TimerState::cancelled;
        return;
      }
      program_.timers.at(static_cast<std::size_t>(number)).due = *timer.due();
      if (program_.one_in(5)) {
        std::move(timer).detach();
      } else {
        timers_.push_back({number, std::move(timer)});
      }
    }
  }
}

void Player::use_names_and_references() {
  switch (program_.below(4)) {
    case 0: {
      const std::string name = "name " + std::to_string(program_.below(6));
      const bool taken = kernel().resolve(name).has_value();
      auto alias_or_error = alias(name);
      if (alias_or_error && taken) program_.broken("a name was taken twice");
      if (alias_or_error) names_.push_back(std::move(*alias_or_error));
      return;
    }
    case 1:
      if (!names_.empty()) names_.pop_back();
      return;
    case 2:
      references_.push_back(keep_alive("reference"));
      return;
    default:
      if (!references_.empty()) references_.pop_back();
  }
}

void Player::use_signals() {
  const char* name = kSignals[program_.below(std::size(kSignals))];
  if (program_.one_in(2)) {
    const bool handles = program_.one_in(2);
    auto watch = on_signal(name, [this, handles](const Signal& signal) {
      enter("signal " + signal.name);
      if (handles) signal.handled();
      act();
    });
    if (watch) signals_.push_back(std::move(*watch));
    return;
  }
  const bool broad = std::string_view(name) == "news" || std::string_view(name) == "weather";
  static_cast<void>(kernel().signal(broad && program_.one_in(3) ? kernel().id() : somebody(), name, {number_}));
}

void Player::use_family() {
  switch (program_.below(6)) {
    case 0:
      if (program_.one_in(2)) request_stop();
      return;
    case 1:
      static_cast<void>(detach_myself());
      return;
    case 2:
      if (!children_.empty()) static_cast<void>(detach_child(children_[program_.below(children_.size())]));
      return;
    default:
      kernel().spawn<Player>(program_);
  }
}

void Player::use_pipe() {
  if (!reader_) {
    int ends[2];
    if (system().pipe(system().ctx, ends) < 0) return;
    reader_ = Fd(ends[0], &system());
    writer_ = Fd(ends[1], &system());
  }
  if (program_.one_in(2)) {
    char bytes[64] = {};
    const poe_iovec part{bytes, 1 + program_.below(sizeof bytes - 1)};
    static_cast<void>(system().writev(system().ctx, writer_.get(), &part, 1));
    return;
  }
  auto watch = this->watch(reader_.get(), POE_READ, [this](std::uint32_t) {
    const std::string got = read_text(reader_);
    enter("read " + std::to_string(got.size()));
    if (program_.one_in(2)) watch_.cancel();
    act();
  });
  if (watch) watch_ = std::move(*watch);
}

void Player::use_postbacks() {
  auto& all = program_.postbacks;
  if (all.empty() || program_.one_in(3)) {
    all.push_back(postback(kNote));
    return;
  }
  const std::size_t which = program_.below(all.size());
  if (program_.one_in(3)) {
    all.erase(all.begin() + static_cast<std::ptrdiff_t>(which));
  } else if (program_.one_in(4)) {
    all[which].weaken();
  } else {  // which pair it is only the receiver knows: an own numbering, from nobody
    const int from = -1 - number_;
    static_cast<void>(all[which](Note{from, ++program_.postback_notes, Token(program_.living_tokens)}));
  }
}

void Player::nest_or_throw() {
  switch (program_.below(8)) {
    case 0:
      if (!ending_) throw std::runtime_error("by chance");  // there it would end the whole program (P063)
      return;
    case 1:
    case 2:
      if (program_.nested >= 5) return;
      ++program_.nested;
      static_cast<void>(kernel().run_one_timeslice(std::chrono::microseconds(program_.below(3) * 100)));
      --program_.nested;
      return;
    case 3:
      defer([this, token = Token(program_.living_tokens)] {
        enter("deferred");
        act();
      });
      return;
    case 4: {
      const auto cancelled = cancel_timers();
      program_.tell("  cancelled " + std::to_string(cancelled.size()));
      for (const CancelledTimer& timer : cancelled) {
        if (timer.event != "tick") continue;
        const auto number = static_cast<std::size_t>(*timer.arguments.at(0).as_int());
        program_.timers.at(number).state = RandomProgram::TimerState::cancelled;
      }
      return;
    }
    default:
      yield(kNote, Note{number_, program_.next_note(number_, number_), Token(program_.living_tokens)});
  }
}

}  // namespace poe::test
