// SPDX-License-Identifier: MIT
#include "host_adapter.hpp"

#include <array>
#include <iostream>

namespace poe::tool {

namespace {

/// The adapter beside the plug-in; empty: there is none. Beside what is built in there is nothing: only --host names
/// one.
std::string beside(const CheckedPlugin& plugin) {
  if (plugin.path.empty()) return {};
  std::array<char, 4096> path{};
  const char* loop = poe_kit_name_of(plugin.plugin);
  return poe_kit_host_beside(plugin.path.c_str(), loop, path.data(), path.size()) != 0 ? path.data() : std::string();
}

bool refuse(const std::string& file, const std::string& found, const std::string& advice) {
  std::cerr << "poe: cannot use the host adapter " << file << "\n  found: " << found << "\n  do:    " << advice << '\n';
  return false;
}

/// Asks nothing but that it is an adapter: the caller named it, or the plug-in beside it.
bool use_named(const std::string& file, poe_kit_target& target) {
  std::array<char, 1024> why{};
  target.foreign = poe_kit_open_host(file.c_str(), why.data(), why.size());
  if (target.foreign != nullptr) return true;
  return refuse(file, why.data(),
                "build it with poe_kit_host_entry() (poe/loop_kit.h), or name another with --host FILE");
}

bool use_trusted(const std::string& file, const CheckedPlugin& plugin, poe_kit_target& target) {
  const auto entry = plugin.found_in->load_beside(poe_kit_name_of(plugin.plugin), file.substr(file.rfind('/') + 1),
                                                  POE_KIT_HOST_ENTRY);
  if (!entry)
    return refuse(file, entry.error().reason(),
                  entry.error().advice() + "; or name it with --host FILE, if you know what it does");
  std::array<char, 1024> why{};
  const auto ask = reinterpret_cast<const poe_kit_foreign* (*)()>(*entry);
  target.foreign = poe_kit_ask_host(ask, file.c_str(), why.data(), why.size());
  return target.foreign != nullptr || refuse(file, why.data(), "build it with this release's poe/loop_kit.h");
}

}  // namespace

bool find_host(const std::string& named, const CheckedPlugin& plugin, poe_kit_target& target) {
  if (!named.empty()) return use_named(named, target);
  const std::string file = beside(plugin);
  if (file.empty()) return true;
  return plugin.found_in ? use_trusted(file, plugin, target) : use_named(file, target);
}

}  // namespace poe::tool
