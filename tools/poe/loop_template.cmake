# SPDX-License-Identifier: MIT
# poe_embed_loop_template(TARGET): the files of plugins/template as a source of the target. So a poe that was installed
# without its development files can write them, too, and they stand in one place only.
function(poe_embed_loop_template target)
  set(folder ${PROJECT_SOURCE_DIR}/plugins/template)
  file(GLOB names CONFIGURE_DEPENDS RELATIVE ${folder} ${folder}/*)
  set(rows "")
  foreach(name IN LISTS names)
    file(READ ${folder}/${name} hex HEX)
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "\\\\x\\1" bytes "${hex}")
    string(LENGTH "${hex}" size)
    math(EXPR size "${size} / 2")
    set(executable false)
    if(name MATCHES "\\.sh$")
      set(executable true)
    endif()
    string(APPEND rows "    {\"${name}\", {\"${bytes}\", ${size}}, ${executable}},\n")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${folder}/${name})
  endforeach()
  set(file ${CMAKE_CURRENT_BINARY_DIR}/loop_template.cpp)
  file(CONFIGURE OUTPUT ${file} @ONLY CONTENT [[// Made of plugins/template by tools/poe/loop_template.cmake.
#include "loop_template.hpp"

namespace poe::tool {

std::span<const TemplateFile> loop_template() {
  static constexpr TemplateFile kFiles[] = {
@rows@  };
  return kFiles;
}

}  // namespace poe::tool
]])
  target_sources(${target} PRIVATE ${file})
endfunction()
