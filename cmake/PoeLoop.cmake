# SPDX-License-Identifier: MIT
# For authors of loop plug-ins outside this tree:
#   find_package(poe REQUIRED COMPONENTS loop_abi)
#   poe_add_loop(mine SOURCES mine_loop.cpp LINK mine::mine)
# makes libpoe_loop_mine.so with poe_loop_entry as its only exported symbol; `cmake --install` puts it where kernels of
# that prefix look, and POE_LOOP_PATH=<build folder> where it lies before.
set(POE_LOOP_MAP ${CMAKE_CURRENT_LIST_DIR}/loop.map)

function(poe_add_loop name)
  cmake_parse_arguments(LOOP "" "" "SOURCES;LINK" ${ARGN})
  set(target poe_loop_${name})
  add_library(${target} MODULE ${LOOP_SOURCES})
  target_link_libraries(${target} PRIVATE poe::loop_abi ${LOOP_LINK})
  target_compile_features(${target} PRIVATE cxx_std_20)
  target_link_options(${target} PRIVATE -Wl,-z,nodelete -Wl,-z,defs -Wl,--version-script=${POE_LOOP_MAP})
  set_target_properties(${target} PROPERTIES PREFIX lib POSITION_INDEPENDENT_CODE ON CXX_VISIBILITY_PRESET hidden
                        C_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
  install(TARGETS ${target} LIBRARY DESTINATION ${POE_LOOP_DIR})
endfunction()
