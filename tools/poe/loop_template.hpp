// SPDX-License-Identifier: MIT
//
// The files of plugins/template, as the build has put them into the program (loop_template.cmake).
#pragma once

#include <span>
#include <string_view>

namespace poe::tool {

struct TemplateFile {
  std::string_view name;  ///< without a folder
  std::string_view text;
  bool executable;
};

std::span<const TemplateFile> loop_template();

}  // namespace poe::tool
