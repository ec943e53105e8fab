// SPDX-License-Identifier: MIT
//
// What a state machine is made of: states, each with a table of handlers of its own, and the transitions it declares.
// A plan is built once, by a form of machine.hpp, and never changes afterwards: machines on several threads share one.
#pragma once

#include <cstddef>
#include <functional>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "poe/event.hpp"
#include "poe/export.hpp"
#include "poe/handlers.hpp"

namespace poe {

class MachineSession;

/// A state of a machine, by name: two of one name are one state. Declare them as constants:
///
///     inline constexpr poe::State locked{"locked"};
struct State {
  explicit constexpr State(const char* state_name) noexcept : name(state_name) {}
  const char* name;  ///< static storage
  friend bool operator==(State a, State b) noexcept { return std::string_view(a.name) == b.name; }
};

/// Called when a state is entered without another entry event, if the state has a handler for it.
inline constexpr Event<> enter{"enter"};
/// Called when a state is left, if it has a handler for it; also when it is left for itself (P168).
inline constexpr Event<> leave{"leave"};

class POE_API MachinePlan {
 public:
  static constexpr std::size_t kNowhere = static_cast<std::size_t>(-1);
  /// From one state to another, by index.
  struct Step {
    std::size_t from, to;
    friend bool operator==(Step, Step) = default;
  };

  MachinePlan();
  MachinePlan(MachinePlan&&) noexcept;
  MachinePlan& operator=(MachinePlan&&) noexcept;
  ~MachinePlan();

  // ---- building, by the forms

  /// The rows added from now on belong to this state; the first one named is where a machine begins.
  void in(State state);
  /// The rows added from now on belong to every state that has none of its own for the event.
  void anywhere() noexcept;
  /// Throws std::logic_error outside of in() and anywhere(), for `_start`, which machines do not get (P168), and as
  /// HandlerTable::add().
  void add(Handler row, std::initializer_list<State> leads_to);
  void add_fallback(const Fallback& fallback);
  void own(std::shared_ptr<void> object) { owned_.push_back(std::move(object)); }
  void begin(State state, std::function<void(MachineSession&)> entry);
  /// Puts the parts together. `pattern` gives object type, destructor and the fallback of states without one. Throws
  /// std::logic_error: no state at all, or one that leads to a state that does not exist.
  void finish(const HandlerTable& pattern);

  // ---- reading

  std::size_t first() const noexcept { return first_; }
  const std::function<void(MachineSession&)>& entry() const noexcept { return entry_; }
  bool immediate = false;  ///< what machines begin with, see MachineSession::set_immediate()

  /// kNowhere if there is none.
  std::size_t find(State state) const noexcept;
  State state(std::size_t index) const noexcept { return places_[index]->state; }
  const HandlerTable& table(std::size_t index) const noexcept { return places_[index]->table; }
  /// "locked, unlocked", for messages.
  std::string states() const;

  /// The diagram in Graphviz' language: a box for each state with the events it handles, an arrow for each transition a
  /// handler declares, dotted ones for `seen`, `current` filled.
  std::string to_dot(std::string_view title, std::size_t current = kNowhere, std::span<const Step> seen = {}) const;
  /// Whether some handler declares it.
  bool declares(Step step) const noexcept;

 private:
  struct Place {
    explicit Place(State its_state) noexcept : state(its_state) {}
    State state;
    HandlerTable table;
    bool has_fallback = false;
  };
  struct Edge {
    std::size_t from;  // kNowhere: every state
    const EventKey* event;
    State to;
  };
  void spread_common();
  void check_edges() const;
  std::string arrows() const;

  std::vector<std::unique_ptr<Place>> places_;  // pointers: sessions keep the address of a table
  std::unique_ptr<Place> common_;
  std::vector<Edge> edges_;
  std::vector<std::shared_ptr<void>> owned_;
  std::function<void(MachineSession&)> entry_;
  std::size_t first_ = kNowhere;
  std::size_t building_ = kNowhere;
  bool choosing_ = true;  // neither in() nor anywhere() was called yet
};

}  // namespace poe
