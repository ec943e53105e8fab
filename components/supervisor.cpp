// SPDX-License-Identifier: MIT
#include "poe/components/supervisor.hpp"

#include <cxxabi.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace poe {

SupervisorOptions::SupervisorOptions() = default;
SupervisorOptions::SupervisorOptions(SupervisorOptions&&) noexcept = default;
SupervisorOptions& SupervisorOptions::operator=(SupervisorOptions&&) noexcept = default;
SupervisorOptions::~SupervisorOptions() = default;

SupervisorOptions& SupervisorOptions::add(std::string name, Factory factory, Restart restart) {
  specs_.push_back(Spec{std::move(name), std::move(factory), restart});
  return *this;
}

SupervisorGaveUp::SupervisorGaveUp(Error error) : error_(std::move(error)), text_(error_.message()) {}
SupervisorGaveUp::~SupervisorGaveUp() = default;

struct Supervisor::Child {
  explicit Child(SupervisorOptions::Spec its_spec) : spec(std::move(its_spec)) {}
  SupervisorOptions::Spec spec;
  SessionId id{};          // the present session, or the last one
  bool running = false;    // its end is still to come
  bool stop = false;       // is to be stopped ...
  bool asked = false;      // ... and knows it
  bool start = false;      // is to be started, once nobody is to be stopped
  bool remove = false;     // is forgotten when it has ended
  bool born_dead = false;  // its `_start` threw; DIE may tell more
  bool counted = false;    // this session's end was counted already
};

Supervisor::Supervisor(Birth birth, SupervisorOptions options) : Session(std::move(birth)) {
  for (auto& spec : options.specs_) {
    if (child_of(spec.name) != nullptr) {
      throw std::invalid_argument("Supervisor: two children are called \"" + spec.name + "\"");
    }
    children_.push_back(std::make_unique<Child>(std::move(spec)));
  }
  options.specs_.clear();
  options_ = std::move(options);
}

Supervisor::~Supervisor() = default;

void Supervisor::begin() {
  alive_ = keep_alive("supervises");
  if (!options_.alias.empty()) {
    auto taken = alias(options_.alias);
    if (!taken) throw std::invalid_argument(taken.error().message());
    alias_ = std::move(*taken);
  }
  // Invented names: the kernel refuses neither.
  die_watch_ = std::move(*on_signal("DIE", [this](const Signal& die) { hear_of_death(die); }));
  drain_watch_ = std::move(*on_signal("DRAIN", [this](const Signal&) {
    ending_ = true;
    yield(step);
  }));
  for (const auto& each : children_) each->start = true;
  start_all();
}

// ---- what is asked for

Result<void> Supervisor::add(std::string name, SupervisorOptions::Factory factory, Restart restart) {
  if (ending_) return failure(Errc::invalid_argument, "add child", "\"" + name + "\"", "the supervisor is stopping");
  if (child_of(name) != nullptr) {
    return failure(Errc::invalid_argument, "add child", "\"" + name + "\"", "there is one of that name",
                   "remove() it first, or choose another name");
  }
  children_.push_back(std::make_unique<Child>(SupervisorOptions::Spec{std::move(name), std::move(factory), restart}));
  launch(*children_.back());
  return {};
}

Result<void> Supervisor::remove(std::string_view name) {
  Child* const who = child_of(name);
  if (who == nullptr) {
    return failure(Errc::invalid_argument, "remove child", "\"" + std::string(name) + "\"", "there is none");
  }
  who->stop = who->running;
  who->remove = true;
  who->start = false;
  yield(step);
  return {};
}

void Supervisor::shutdown() {
  ending_ = true;
  stop_all();
}

SessionId Supervisor::find(std::string_view name) const noexcept {
  const Child* const who = child_of(name);
  return who != nullptr && who->running ? who->id : SessionId();
}

// ---- what is heard

void Supervisor::family(const ChildChange& change) {
  if (change.reason == ChildChange::Reason::create) {
    born_.push_back(change.child);
    return;
  }
  if (change.reason == ChildChange::Reason::gain) {
    static_cast<void>(kernel().signal(change.child, "KILL"));  // may have ended meanwhile
    return;
  }
  Child* const who = child_of(change.child);
  if (who == nullptr || !who->running) return;
  who->running = false;
  if (change.exception != nullptr && !who->stop) return crashed(*who, change.exception);
  ended(*who);
}

// DIE of a child, or of something below it, that nobody below us has handled.
void Supervisor::hear_of_death(const Signal& die) {
  if (die.is_handled() || die.source == id()) return;
  Child* who = child_of(die.source);
  for (const SessionId ancestor : die.ancestors) {
    if (who == nullptr) who = child_of(ancestor);
  }
  if (who == nullptr) return;
  die.handled();
  who->born_dead = false;
  if (who->running) static_cast<void>(kernel().signal(who->id, "KILL"));
  if (who->stop || who->counted) return;
  crashed(*who, die.exception);
}

void Supervisor::ended(Child& who) {
  if (who.stop) {
    who.stop = false;
    patience_.cancel();
    tell(SupervisorNews::What::stopped, who);
  } else {
    tell(SupervisorNews::What::ended, who);
    if (who.spec.restart == Restart::temporary) who.remove = true;
    if (who.spec.restart == Restart::permanent && !ending_) {
      start_again(who, Error(Errc::limit, "keep child", "\"" + who.spec.name + "\"", "it ends again and again",
                             "make it transient if it may end"));
    }
  }
  yield(step);
}

void Supervisor::crashed(Child& who, const std::exception_ptr& thrown) {
  const std::string subject = "\"" + who.spec.name + "\"";
  const Error why = thrown != nullptr ? Error::from_exception(thrown, "keep child", subject)
                                      : Error(Errc::exception, "keep child", subject, "its start failed");
  log().write(LogLevel::warning, "supervisor: " + why.message());
  tell(SupervisorNews::What::crashed, who, &why);
  if (who.running) who.stop = who.asked = true;  // KILL is on its way
  if (who.spec.restart == Restart::temporary) {
    who.remove = true;
  } else if (!ending_) {
    start_again(who, why);
  }
  yield(step);
}

// No DIE has told of it: its options or the kernel's say so.
void Supervisor::check_birth(SessionId child_session) {
  Child* const who = child_of(child_session);
  if (who != nullptr && std::exchange(who->born_dead, false)) crashed(*who, nullptr);
}

// ---- what is decided

void Supervisor::start_again(Child& who, const Error& why) {
  who.counted = true;
  if (!too_often()) return plan_restart(who);
  given_up_ = why;
  log().write(LogLevel::error,
              "supervisor gives up: " + std::to_string(crashes_.size()) + " ends within " +
                  std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(options_.within).count()) +
                  " ms");
  ending_ = true;
  stop_all();
}

bool Supervisor::too_often() {
  const TimePoint present = now();
  crashes_.push_back(present);
  while (present - crashes_.front() > options_.within) crashes_.pop_front();
  return crashes_.size() > options_.max_restarts;
}

void Supervisor::plan_restart(const Child& who) {
  bool affected = options_.strategy == RestartStrategy::one_for_all;
  for (const auto& each : children_) {
    const bool itself = each.get() == &who;
    if (itself && options_.strategy == RestartStrategy::rest_for_one) affected = true;
    if ((!affected && !itself) || each->remove) continue;
    if (each->running) each->stop = true;
    each->remove = each->spec.restart == Restart::temporary;
    each->start = !each->remove;
  }
}

void Supervisor::stop_all() {
  for (const auto& each : children_) {
    each->start = false;
    if (each->running) each->stop = true;
  }
  yield(step);
}

// ---- what is done

void Supervisor::go_on() {
  if (stop_next()) return;
  std::erase_if(children_, [](const auto& each) { return each->remove && !each->running; });
  if (!ending_) start_all();
  const bool busy = std::any_of(children_.begin(), children_.end(), [&](const auto& each) {
    return each->running || each->born_dead || (!ending_ && each->start);
  });
  if (!busy) finish();
}

// The last one that is to be stopped; true as long as there is one.
bool Supervisor::stop_next() {
  for (auto at = children_.rbegin(); at != children_.rend(); ++at) {
    Child& who = **at;
    if (!who.running || !who.stop) continue;
    if (!who.asked) ask_to_stop(who);
    return true;
  }
  return false;
}

void Supervisor::ask_to_stop(Child& who) {
  who.asked = true;
  static_cast<void>(kernel().signal(who.id, "TERM"));
  patience_ = after(options_.stop_limit, [this, session = who.id, name = who.spec.name] {
    log().write(LogLevel::warning, "supervisor: child \"" + name + "\" did not end in time and is stopped by force");
    static_cast<void>(kernel().signal(session, "KILL"));
  });
}

// Not by iterators: a child's first handlers, and who hears our news, may add others.
void Supervisor::start_all() {
  for (std::size_t i = 0; i < children_.size() && !ending_; ++i) {
    Child& who = *children_[i];
    if (who.start) launch(who);
    if (who.born_dead || who.start) return;  // it crashed at once: that goes first
  }
}

void Supervisor::launch(Child& who) {
  who.start = who.stop = who.asked = who.counted = false;
  std::exception_ptr thrown;
  who.id = make(who, thrown);
  if (thrown != nullptr) return crashed(who, thrown);
  who.running = kernel().alive(who.id);
  if (who.running) return tell(SupervisorNews::What::started, who);
  who.born_dead = true;
  yield(stillborn, who.id);  // behind its DIE, if there is one
}

SessionId Supervisor::make(Child& who, std::exception_ptr& thrown) {
  born_.clear();
  try {
    const SessionId made = who.spec.factory(*this);
    if (!kernel().alive(made) || std::find(born_.begin(), born_.end(), made) != born_.end()) return made;
    throw std::logic_error("its factory gave back a session that is no child of the supervisor");
  } catch (const abi::__forced_unwind&) {
    throw;
  } catch (...) {
    thrown = std::current_exception();
    return {};
  }
}

// Without its references this session ends by itself; what it throws is heard of before.
void Supervisor::finish() {
  ending_ = true;
  patience_.cancel();
  alias_.cancel();
  drain_watch_.cancel();
  alive_.cancel();
  if (!given_up_) return;
  const Error why = *std::exchange(given_up_, std::nullopt);
  if (!options_.gave_up) throw SupervisorGaveUp(why);
  options_.gave_up(*this, why);
}

// ---- small things

Supervisor::Child* Supervisor::child_of(SessionId id) const noexcept {
  if (id == SessionId()) return nullptr;
  const auto found = std::find_if(children_.begin(), children_.end(), [&](const auto& each) { return each->id == id; });
  return found != children_.end() ? found->get() : nullptr;
}

Supervisor::Child* Supervisor::child_of(std::string_view name) const noexcept {
  const auto found =
      std::find_if(children_.begin(), children_.end(), [&](const auto& each) { return each->spec.name == name; });
  return found != children_.end() ? found->get() : nullptr;
}

void Supervisor::tell(SupervisorNews::What what, const Child& who, const Error* error) {
  if (options_.news) options_.news(*this, SupervisorNews{what, who.spec.name, who.id, error});
}

LogSink& Supervisor::log() const noexcept { return options_.log != nullptr ? *options_.log : stderr_log(); }

}  // namespace poe
