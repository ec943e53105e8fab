// SPDX-License-Identifier: MIT
//
// `poe new loop NAME`: the project of a loop plug-in, to be built against an installed poe.
#pragma once

#include <string>

namespace poe::tool {

struct NewOptions {
  std::string kind{};  ///< what to make: "loop"
  std::string name{};  ///< of the loop: libpoe_loop_<name>.so
  std::string dir{};   ///< the folder to make; empty: one of that name here
};

/// Writes the files of plugins/template under the new name; the exit code (exit_codes.hpp). Makes the folder or, if it
/// fails, leaves none.
int new_project(const NewOptions& options);

}  // namespace poe::tool
