// SPDX-License-Identifier: MIT
#include "poe/machine_plan.hpp"

#include <algorithm>
#include <sstream>
#include <stdexcept>

#include "poe/session.hpp"

namespace poe {

MachinePlan::MachinePlan() : common_(std::make_unique<Place>(State("anywhere"))) {}
MachinePlan::MachinePlan(MachinePlan&&) noexcept = default;
MachinePlan& MachinePlan::operator=(MachinePlan&&) noexcept = default;
MachinePlan::~MachinePlan() = default;

// ---- building

void MachinePlan::in(State state) {
  choosing_ = false;
  building_ = find(state);
  if (building_ != kNowhere) return;
  building_ = places_.size();
  places_.push_back(std::make_unique<Place>(state));
  if (first_ == kNowhere) first_ = building_;
}

void MachinePlan::anywhere() noexcept {
  choosing_ = false;
  building_ = kNowhere;
}

void MachinePlan::add(Handler row, std::initializer_list<State> leads_to) {
  const std::string name = row.key->name;
  if (choosing_) {
    throw std::logic_error("poe: cannot add a handler for \"" + name + "\" to a machine: say in(state) first");
  }
  if (row.event == start.id) {
    throw std::logic_error(
        "poe: a machine has no handler for \"_start\": what is to be done first belongs into the entry event of its "
        "first state");
  }
  Place& place = building_ == kNowhere ? *common_ : *places_[building_];
  std::erase_if(edges_, [&](const Edge& edge) { return edge.from == building_ && edge.event->id == row.event; });
  for (const State to : leads_to) edges_.push_back({building_, row.key, to});
  place.table.add(row);
}

void MachinePlan::add_fallback(const Fallback& fallback) {
  Place& place = building_ == kNowhere ? *common_ : *places_[building_];
  place.table.fallback = fallback;
  place.has_fallback = true;
}

void MachinePlan::begin(State state, std::function<void(MachineSession&)> entry) {
  first_ = find(state);
  if (first_ == kNowhere) {
    throw std::logic_error(std::string("poe: a machine cannot begin in state \"") + state.name +
                           "\": it has no such state; it has " + states());
  }
  entry_ = std::move(entry);
}

void MachinePlan::finish(const HandlerTable& pattern) {
  if (places_.empty()) throw std::logic_error("poe: a machine needs a state: say in(state).on(event, handler)");
  check_edges();
  spread_common();
  for (const auto& place : places_) {
    place->table.object_type = pattern.object_type;
    place->table.destroy = pattern.destroy;
    if (!place->has_fallback)
      place->table.fallback = common_->has_fallback ? common_->table.fallback : pattern.fallback;
  }
}

void MachinePlan::check_edges() const {
  for (const Edge& edge : edges_) {
    if (find(edge.to) != kNowhere) continue;
    throw std::logic_error(std::string("poe: event \"") + edge.event->name + "\" of state \"" +
                           (edge.from == kNowhere ? "anywhere" : places_[edge.from]->state.name) +
                           "\" leads to state \"" + edge.to.name + "\", which the machine does not have; it has " +
                           states());
  }
}

// A copy of each common row in every table: no second look-up when an event comes.
void MachinePlan::spread_common() {
  std::vector<Edge> edges;
  for (std::size_t index = 0; index < places_.size(); ++index) {
    HandlerTable& table = places_[index]->table;
    for (const Handler* row : common_->table.rows()) {
      if (table.find(row->event) != nullptr) continue;
      table.add(*row);
      for (const Edge& edge : edges_) {
        if (edge.from == kNowhere && edge.event->id == row->event) edges.push_back({index, edge.event, edge.to});
      }
    }
  }
  std::erase_if(edges_, [](const Edge& edge) { return edge.from == kNowhere; });
  edges_.insert(edges_.end(), edges.begin(), edges.end());
}

// ---- reading

std::size_t MachinePlan::find(State state) const noexcept {
  for (std::size_t index = 0; index < places_.size(); ++index) {
    if (places_[index]->state == state) return index;
  }
  return kNowhere;
}

std::string MachinePlan::states() const {
  std::string all;
  for (const auto& place : places_) all += (all.empty() ? "" : ", ") + std::string(place->state.name);
  return all.empty() ? "none" : all;
}

bool MachinePlan::declares(Step step) const noexcept {
  return std::any_of(edges_.begin(), edges_.end(),
                     [&](const Edge& edge) { return edge.from == step.from && find(edge.to) == step.to; });
}

namespace {

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  return out;
}

std::string quoted(std::string_view text) {
  std::string out(1, '"');
  out += escaped(text);
  out += '"';
  return out;
}

/// The names of a table's events, in alphabetical order, each on a line.
std::string events_of(const HandlerTable& table) {
  std::vector<std::string> names;
  for (const Handler* row : table.rows()) names.emplace_back(row->key->name);
  std::sort(names.begin(), names.end());
  std::string lines;
  for (const std::string& name : names) lines += "\\n" + escaped(name);
  return lines;
}

}  // namespace

std::string MachinePlan::to_dot(std::string_view title, std::size_t current, std::span<const Step> seen) const {
  std::ostringstream dot;
  dot << "digraph " << quoted(title) << " {\n  rankdir=LR;\n  node [shape=box, style=rounded];\n"
      << "  \"\" [shape=point, style=filled];\n";
  for (std::size_t index = 0; index < places_.size(); ++index) {
    const Place& place = *places_[index];
    const std::string name = escaped(place.state.name);
    dot << "  \"" << name << "\" [label=\"" << name << (place.table.rows().empty() ? "" : "\\n")
        << events_of(place.table) << '"' << (index == current ? ", style=\"rounded,filled\"" : "") << "];\n";
  }
  if (first_ != kNowhere) dot << "  \"\" -> " << quoted(places_[first_]->state.name) << ";\n";
  dot << arrows();
  for (const Step step : seen) {
    dot << "  " << quoted(places_[step.from]->state.name) << " -> " << quoted(places_[step.to]->state.name)
        << " [style=dotted];\n";
  }
  dot << "}\n";
  return dot.str();
}

std::string MachinePlan::arrows() const {
  std::ostringstream dot;
  for (const Edge& edge : edges_) {
    dot << "  " << quoted(places_[edge.from]->state.name) << " -> " << quoted(edge.to.name)
        << " [label=" << quoted(edge.event->name) << "];\n";
  }
  return dot.str();
}

}  // namespace poe
