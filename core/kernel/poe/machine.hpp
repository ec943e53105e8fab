// SPDX-License-Identifier: MIT
//
// State machines (POE::NFA): sessions whose handlers depend on their state. Each state has handlers of its own; going
// to another state exchanges the session's whole table, so an event costs what it costs in any session.
//
//     inline constexpr poe::State locked{"locked"}, unlocked{"unlocked"};
//
//     kernel.spawn(poe::InlineMachine(Turnstile{})
//                      .in(locked)
//                      .on(coin, [](Turnstile& t, poe::MachineSession& m) { ++t.coins; m.goto_state(unlocked); })
//                      .in(unlocked)
//                      .go(push, locked));
//
// Like POE's: an event that the present state does not know is an error (P167), see otherwise() and anywhere(); a
// machine has no `_start` handler (P168); transitions take place after the present handler, behind what is queued
// (P165), unless set_immediate() says otherwise.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "poe/kernel.hpp"
#include "poe/machine_plan.hpp"
#include "poe/session.hpp"

namespace poe {

/// What handlers of a machine are given, and the base of all machines. Loop thread.
class POE_API MachineSession : public Session {
 public:
  ~MachineSession() override;

  /// Leaves this state for `to`: runs this one's `leave`, then the other's entry event, `enter` if none is named. To
  /// the state it is in: the same (P168). Takes place behind the events already queued (P165, P166), or at once if
  /// immediate(). Throws std::logic_error, here, if the machine has no such state or that state no handler for `entry`.
  void goto_state(State to) { take(go(checked(to, nullptr), {})); }
  template <class... A, class... B>
  requires std::constructible_from<std::tuple<std::decay_t<A>...>, B...>
  void goto_state(State to, const Event<A...>& entry, B&&... arguments) {
    take(go(checked(to, &entry), deferred_call(entry, std::forward<B>(arguments)...)));
  }

  /// As goto_state(), and return_state() will come back to this state, with the event `answer`.
  template <class... R>
  void call_state(const Event<R...>& answer, State to) {
    take(call_for(answer, go(checked(to, nullptr), {})));
  }
  template <class... R, class... A, class... B>
  requires std::constructible_from<std::tuple<std::decay_t<A>...>, B...>
  void call_state(const Event<R...>& answer, State to, const Event<A...>& entry, B&&... arguments) {
    take(call_for(answer, go(checked(to, &entry), deferred_call(entry, std::forward<B>(arguments)...))));
  }

  /// Goes back to the state that called this one: runs `leave` here, then the answer it had asked for there, with these
  /// arguments. `shape` is that answer, or any event with the same argument types. Throws std::logic_error, here, if
  /// nobody called; and when it takes place, if the answer asked for takes other types.
  void return_state() { take(back(0, nullptr)); }
  template <class... A, class... B>
  requires std::constructible_from<std::tuple<std::decay_t<A>...>, B...>
  void return_state(const Event<A...>& shape, B&&... arguments) {
    using Tuple = std::tuple<std::decay_t<A>...>;
    static_cast<void>(shape);
    if constexpr (sizeof...(A) == 0) {
      return_state();
    } else {
      take(back(type_id<Tuple>(), std::make_shared<Tuple>(std::forward<B>(arguments)...)));
    }
  }

  /// The state it is in.
  State state() const noexcept;
  /// How many states wait for return_state().
  std::size_t depth() const noexcept { return callers_.size(); }
  /// Whether transitions take place inside the call that asks for them (POE's option `immediate`). What a handler does
  /// after such a call it does in the new state.
  bool immediate() const noexcept { return immediate_; }
  void set_immediate(bool on) noexcept { immediate_ = on; }
  /// Its diagram, with this state marked, and transitions that nobody declared, but which took place, dotted.
  std::string to_dot(std::string_view title = "machine") const;

 protected:
  MachineSession(Birth&& birth, const MachinePlan& plan);
  /// Goes into the first state; called once, by `_start`.
  void go_to_first();
  /// The answer to events the state does not know: throws, except for the kernel's own events.
  void refuse(const EventKey& event) const;

 private:
  /// Who waits for return_state().
  struct Caller {
    std::size_t state = 0;
    const EventKey* answer = nullptr;
    std::uint64_t types = 0;  // type_id of the tuple of its arguments; 0: none
    void (*fire)(MachineSession&, const EventKey& answer, void* arguments) = nullptr;
  };
  struct Transition {
    enum class Kind : std::uint8_t { go, call, back };
    Kind kind = Kind::go;
    std::size_t to = 0;
    Fn<void()> entry{};  // empty: `enter`, if there is a handler
    Caller caller{};
    std::uint64_t types = 0;  // back: of its arguments
    std::shared_ptr<void> arguments{};
  };

  template <class... A, class... B>
  Fn<void()> deferred_call(const Event<A...>& event, B&&... arguments) {
    return [this, key = &event, kept = std::tuple<std::decay_t<A>...>(std::forward<B>(arguments)...)]() mutable {
      std::apply([&](auto&... each) { tell(*key, std::move(each)...); }, kept);
    };
  }
  template <class... R>
  Transition call_for(const Event<R...>& answer, Transition step) {
    using Tuple = std::tuple<std::decay_t<R>...>;
    step.kind = Transition::Kind::call;
    step.caller.answer = &answer;
    step.caller.types = sizeof...(R) == 0 ? 0 : type_id<Tuple>();
    step.caller.fire = [](MachineSession& machine, const EventKey& key, void* arguments) {
      const auto& event = static_cast<const Event<R...>&>(key);
      if constexpr (sizeof...(R) == 0) {
        static_cast<void>(arguments);
        machine.tell(event);
      } else {
        std::apply([&](auto&... each) { machine.tell(event, std::move(each)...); }, *static_cast<Tuple*>(arguments));
      }
    };
    ++planned_depth_;
    return step;
  }
  /// A handler of this session, at once.
  template <class... A, class... B>
  void tell(const Event<A...>& event, B&&... arguments) {
    static_cast<void>(call(id(), event, std::forward<B>(arguments)...));  // the state has a handler: it was looked up
  }

  std::size_t checked(State to, const EventKey* entry) const;
  static Transition go(std::size_t to, Fn<void()> entry);
  Transition back(std::uint64_t types, std::shared_ptr<void> arguments);
  void take(Transition step);
  void perform(Transition& step);
  void push_caller(const Caller& caller);
  Caller pop_caller(std::uint64_t types);
  void move_to(std::size_t to);
  const HandlerTable& table() const noexcept { return plan_->table(state_); }

  const MachinePlan* plan_;
  std::size_t state_ = MachinePlan::kNowhere;
  std::vector<Caller> callers_;
  std::size_t planned_depth_ = 0;  // callers_ after what has been asked for
  std::vector<MachinePlan::Step> seen_;
  bool immediate_;
};

namespace machine {

/// Object type, destructor and the refusal of unknown events, for objects of class S.
template <class S, void (*Refuse)(S&, const EventKey&)>
void fill_pattern(HandlerTable& pattern) {
  pattern.object_type = type_id<S>();
  pattern.destroy = [](void* object) { delete static_cast<S*>(object); };
  pattern.fallback.thunk = [](void* object, const Handler&, const EventKey& event, std::span<const Value>) {
    Refuse(*static_cast<S*>(object), event);
  };
}

}  // namespace machine

/// Fills the plan of machine class S; passed to S::states(), which runs once per class and process.
template <class S>
class States {
 public:
  explicit States(MachinePlan& plan) : plan_(plan) {}

  States& in(State state) {
    plan_.in(state);
    return *this;
  }
  States& anywhere() {
    plan_.anywhere();
    return *this;
  }
  /// In this state, `event` is answered by `method`, which must take the event's arguments. `leads_to` is for the
  /// diagram: the states it may go to.
  template <class... A, class R, class C, class... P>
  requires std::derived_from<S, C> && std::is_invocable_v<R (S::*)(P...), S&, A...> States& on(
      const Event<A...>& event, R (C::*method)(P...), std::initializer_list<State> leads_to = {},
      const char* file = __builtin_FILE(), std::uint32_t line = __builtin_LINE()) {
    HandlerTable one;
    Handlers<S>(one).on(event, method, file, line);
    plan_.add(*one.find(event.id), leads_to);
    return *this;
  }
  /// In this state, `event` leads to `to`, and that is all.
  template <class... A>
  States& go(const Event<A...>& event, State to) {
    struct Row {
      static void run(void* object, const Handler& self, void*, void*) {
        static_cast<S*>(object)->goto_state(State(self.target_as<const char*>()));
      }
    };
    Handler row;
    row.event = event.id;
    row.key = &event;
    row.set_target(to.name);
    row.thunk = &Row::run;
    plan_.add(row, {to});
    return *this;
  }
  /// Answers, in this state, every event without a handler (`_default`), but not `_stop`.
  template <class C>
  requires std::derived_from<S, C> States& otherwise(void (C::*method)(const EventKey&, std::span<const Value>)) {
    using Method = void (S::*)(const EventKey&, std::span<const Value>);
    Fallback fallback;
    fallback.row.set_target(static_cast<Method>(method));
    fallback.thunk = [](void* object, const Handler& self, const EventKey& event, std::span<const Value> arguments) {
      if (event.id != stop.id) (static_cast<S*>(object)->*self.target_as<Method>())(event, arguments);
    };
    plan_.add_fallback(fallback);
    return *this;
  }
  /// Where it begins, if that is not the first state named, and with which entry event.
  States& begin(State state) {
    plan_.begin(state, {});
    return *this;
  }
  template <class... A, class... B>
  requires std::constructible_from < std::tuple<std::decay_t<A>...>,
  const B&... > States& begin(State state, const Event<A...>& entry, B... arguments) {
    plan_.begin(state, [state, &entry, arguments...](MachineSession& m) { m.goto_state(state, entry, arguments...); });
    return *this;
  }
  /// Its machines begin with immediate() on.
  States& immediate() {
    plan_.immediate = true;
    return *this;
  }

 private:
  MachinePlan& plan_;
};

/// Form 1: a class. Derive S from Machine<S>, describe it in a static `states(States<S>&)`, spawn it as any session:
///
///     class Turnstile : public poe::Machine<Turnstile> {
///      public:
///       using Machine::Machine;
///       static void states(poe::States<Turnstile>& s) {
///         s.in(locked).on(coin, &Turnstile::take_coin, {unlocked});
///         s.in(unlocked).go(push, locked);
///       }
template <class S>
class Machine : public MachineSession {
 public:
  explicit Machine(Birth birth) : MachineSession(std::move(birth), plan()) {}

  template <class T>
  static void handlers(Handlers<T>& table) {
    table.on(start, &Machine::go_to_first);
  }
  /// Built at the first use. Throws what S::states() and MachinePlan::finish() throw.
  static const MachinePlan& plan() {
    static const MachinePlan kPlan = [] {
      MachinePlan fresh;
      States<S> rows(fresh);
      S::states(rows);
      HandlerTable pattern;
      machine::fill_pattern<S, &Machine::refuse_for>(pattern);
      fresh.finish(pattern);
      return fresh;
    }();
    return kPlan;
  }

 private:
  static void refuse_for(S& object, const EventKey& event) { static_cast<Machine&>(object).refuse(event); }
};

/// Form 2: lambdas over one value. Each takes the value, the machine, and the event's arguments.
template <class Data>
class InlineMachine {
 public:
  explicit InlineMachine(Data data) : data_(std::move(data)) {}

  // Each as in States.
  InlineMachine&& in(State state) && {
    plan_.in(state);
    return std::move(*this);
  }
  InlineMachine&& anywhere() && {
    plan_.anywhere();
    return std::move(*this);
  }
  template <class... A, class F>
  requires std::invocable<F&, Data&, MachineSession&, A...> InlineMachine &&
      on(const Event<A...>& event, F function, std::initializer_list<State> leads_to = {},
         const char* file = __builtin_FILE(), std::uint32_t line = __builtin_LINE()) && {
    auto owned = std::make_shared<F>(std::move(function));
    plan_.add(handler::callable_row<Object, MachineSession>(event, *owned, file, line), leads_to);
    plan_.own(std::move(owned));
    return std::move(*this);
  }
  template <class... A>
  InlineMachine&& go(const Event<A...>& event, State to) && {
    States<Object>(plan_).go(event, to);
    return std::move(*this);
  }
  /// f(data, machine, event, arguments)
  template <class F>
  requires std::invocable<F&, Data&, MachineSession&, const EventKey&, std::span<const Value>> InlineMachine &&
      otherwise(F function) && {
    auto owned = std::make_shared<F>(std::move(function));
    Fallback fallback;
    fallback.row.set_target(owned.get());
    fallback.thunk = [](void* object, const Handler& self, const EventKey& event, std::span<const Value> arguments) {
      if (event.id == stop.id) return;
      auto& session = *static_cast<Object*>(object);
      std::invoke(*self.target_as<F*>(), session.state, static_cast<MachineSession&>(session), event, arguments);
    };
    plan_.add_fallback(fallback);
    plan_.own(std::move(owned));
    return std::move(*this);
  }
  InlineMachine&& begin(State state) && {
    plan_.begin(state, {});
    return std::move(*this);
  }
  template <class... A, class... B>
  requires std::constructible_from < std::tuple<std::decay_t<A>...>,
  const B&... > InlineMachine&& begin(State state, const Event<A...>& entry, B... arguments) && {
    States<Object>(plan_).begin(state, entry, std::move(arguments)...);
    return std::move(*this);
  }
  InlineMachine&& immediate() && {
    plan_.immediate = true;
    return std::move(*this);
  }

  /// The diagram of what has been described so far.
  std::string to_dot(std::string_view title = "machine") const { return plan_.to_dot(title); }

  /// For Kernel::spawn(). Throws as MachinePlan::finish().
  SessionId spawn_in(Kernel& kernel) && {
    HandlerTable pattern;
    machine::fill_pattern<Object, &Object::refuse_for>(pattern);
    plan_.finish(pattern);
    return kernel.spawn<Object>(std::move(data_), std::make_unique<const MachinePlan>(std::move(plan_)));
  }

 private:
  struct Object final : MachineSession {
    Object(Birth birth, Data&& initial, std::unique_ptr<const MachinePlan>&& its_plan)
        : MachineSession(std::move(birth), *its_plan), plan(std::move(its_plan)), state(std::move(initial)) {}
    static void handlers(Handlers<Object>& table) { table.on(start, &Object::begin); }
    void begin() { go_to_first(); }
    static void refuse_for(Object& object, const EventKey& event) { object.refuse(event); }
    std::unique_ptr<const MachinePlan> plan;
    Data state;
  };
  Data data_;
  MachinePlan plan_;
};

template <class Data>
InlineMachine(Data) -> InlineMachine<Data>;

}  // namespace poe
