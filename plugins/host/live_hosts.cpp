// SPDX-License-Identifier: MIT
#include <algorithm>
#include <utility>

#include "plugin_loops.hpp"
#include "words.hpp"

namespace poe::host_room {

namespace {

/// Where two hosts are live at once because one of them runs on the other: {winner, loser}.
/// Qt's usual dispatcher on Linux runs on GLib, so both say yes, and Qt's is the loop the program runs.
constexpr std::pair<std::string_view, std::string_view> kWinsOver[] = {{"qt", "glib"}};

}  // namespace

std::vector<Probed> PluginLoops::live_hosts() {
  std::vector<Probed> hosts;
  for (const LoopCandidate& c : registry_.candidates())
    if (auto host = live_host(c)) hosts.push_back(std::move(*host));
  for (const auto& [winner, loser] : kWinsOver) {
    const auto is = [](std::string_view name) { return [name](const Probed& h) { return h.plugin->name == name; }; };
    if (std::none_of(hosts.begin(), hosts.end(), is(winner))) continue;
    if (std::erase_if(hosts, is(loser)) > 0)
      decision_.remarks[std::string(loser)] = "live too, but " + std::string(winner) + " runs on it and goes first";
  }
  return hosts;
}

std::optional<Probed> PluginLoops::live_host(const LoopCandidate& candidate) {
  if (candidate.status != LoopStatus::usable) return std::nullopt;
  std::string& remark = decision_.remarks[candidate.name];
  if (candidate.host_sonames.empty()) {
    remark = candidate.rank > 0 ? "native loop " + std::to_string(candidate.rank) : "used only when asked for";
    return std::nullopt;
  }
  if (!candidate.built_in && loaded_library(candidate.host_sonames).empty()) {
    remark = "no live host: " + joined(candidate.host_sonames) + " not loaded by this program";
    return std::nullopt;
  }
  const auto plugin = load_exact(candidate.name);
  if (!plugin) {
    remark = plugin.error().reason();
    return std::nullopt;
  }
  Probed host = probe(**plugin);
  remark = (host.liveness == Liveness::absent ? "no live host: " : "live host: ") + host.reason;
  if (host.liveness == Liveness::absent) return std::nullopt;
  return host;
}

void PluginLoops::keep_only_asked(std::vector<Probed>& hosts) const {
  const auto name = loop_name(asked_name());
  const auto asked = [&](const Probed& h) { return name && *name == h.plugin->name; };
  if (std::none_of(hosts.begin(), hosts.end(), asked)) return;
  std::erase_if(hosts, [&](const Probed& h) { return !asked(h); });
}

}  // namespace poe::host_room
