// SPDX-License-Identifier: MIT
#include "candidate.hpp"

#include "capability_names.hpp"
#include "rank.hpp"
#include "words.hpp"

namespace poe::host_room {

void describe(LoopCandidate& c, const poe_loop_plugin& plugin) {
  c.library = plugin.library;
  c.library_version = plugin.library_version;
  c.licence = plugin.licence;
  c.capabilities = capability_names(plugin);
  for (auto line = plugin.option_schema; line && *line; ++line) c.options.emplace_back(*line);
}

LoopCandidate built_in_candidate(const poe_loop_plugin& plugin) {
  LoopCandidate c;
  c.name = plugin.name;
  c.built_in = true;
  c.rank = rank_of(c.name);
  c.abi_major = plugin.abi_major;
  c.abi_minor = plugin.abi_minor;
  c.version = plugin.version;
  c.host_sonames = split(plugin.host_sonames);
  describe(c, plugin);
  return c;
}

}  // namespace poe::host_room
