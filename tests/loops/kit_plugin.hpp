// SPDX-License-Identifier: MIT
//
// The oracle and its mutants as the tests of the kit use them (POE_TEST_MUTANT_DIR, from the build).
#pragma once

#include <gtest/gtest.h>
#include <poe/loop_kit_run.h>

#include <array>
#include <string>

namespace poe::test {

inline std::string made_plugin(const std::string& name) {
  return std::string(POE_TEST_MUTANT_DIR) + "/libpoe_loop_" + name + ".so";
}

inline const poe_loop_plugin& open_made(const std::string& name) {
  std::array<char, 512> why{};
  const poe_loop_plugin* plugin = poe_kit_open_plugin(made_plugin(name).c_str(), why.data(), why.size());
  if (plugin == nullptr) throw std::runtime_error(why.data());
  return *plugin;
}

inline const poe_kit_check* find_check(const std::string& name) {
  for (std::size_t i = 0; i < poe_kit_count(); ++i)
    if (poe_kit_at(i)->name == name) return poe_kit_at(i);
  return nullptr;
}

inline poe_kit_target target_of(const poe_loop_plugin& plugin) {
  poe_kit_target target{};
  target.struct_size = sizeof target;
  target.plugin = &plugin;
  return target;
}

}  // namespace poe::test
