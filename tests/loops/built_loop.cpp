// SPDX-License-Identifier: MIT
#include "built_loop.hpp"

#include <poe/loop_kit_run.h>

#include <array>
#include <cstdio>

namespace poe::test {

std::string plugin_file(const std::string& loop) {
  return std::string(POE_TEST_LOOP_DIR) + "/libpoe_loop_" + loop + ".so";
}

const poe_kit_foreign* host_for(const std::string& loop) {
  std::array<char, 4096> path{};
  std::array<char, 512> why{};
  if (poe_kit_host_beside(plugin_file(loop).c_str(), loop.c_str(), path.data(), path.size()) == 0) return nullptr;
  const poe_kit_foreign* host = poe_kit_open_host(path.data(), why.data(), why.size());
  if (host == nullptr) std::fprintf(stderr, "%s\n", why.data());
  return host;
}

const poe_loop_plugin* open_plugin(const std::string& loop, std::string& why) {
  std::array<char, 512> text{};
  const poe_loop_plugin* plugin = poe_kit_open_plugin(plugin_file(loop).c_str(), text.data(), text.size());
  why = text.data();
  return plugin;
}

}  // namespace poe::test
