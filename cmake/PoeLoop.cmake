# SPDX-License-Identifier: MIT
# For authors of loop plug-ins outside this tree:
#   find_package(poe REQUIRED COMPONENTS loop_abi)
#   poe_add_loop(mine SOURCES mine_loop.cpp LINK mine::mine)
# makes libpoe_loop_mine.so with poe_loop_entry as its only exported symbol; `cmake --install` puts it where kernels of
# that prefix look, and POE_LOOP_PATH=<build folder> where it lies before.
#   enable_testing()
#   poe_add_loop_tests(mine)
# adds a test for each group of the conformance kit, mine.<group>, and one that runs sessions on the loop, mine.sessions.
include(${CMAKE_CURRENT_LIST_DIR}/PoeCloseNames.cmake)
set(POE_LOOP_MAP ${CMAKE_CURRENT_LIST_DIR}/loop.map)

function(poe_add_loop name)
  cmake_parse_arguments(LOOP "" "" "SOURCES;LINK" ${ARGN})
  set(target poe_loop_${name})
  add_library(${target} MODULE ${LOOP_SOURCES})
  target_link_libraries(${target} PRIVATE poe::loop_abi ${LOOP_LINK})
  target_compile_features(${target} PRIVATE cxx_std_20)
  target_link_options(${target} PRIVATE -Wl,-z,nodelete -Wl,--version-script=${POE_LOOP_MAP})
  poe_close_names(${target})
  set_target_properties(${target} PROPERTIES PREFIX lib POSITION_INDEPENDENT_CODE ON CXX_VISIBILITY_PRESET hidden
                        C_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
  install(TARGETS ${target} LIBRARY DESTINATION ${POE_LOOP_DIR})
endfunction()

function(poe_add_loop_tests name)
  # Of the very poe that was found: another one in PATH may speak another version.
  find_program(POE_LOOP_CHECK poe-loop-check PATHS ${POE_BIN_DIR} NO_DEFAULT_PATH)
  find_program(POE_COMMAND poe PATHS ${POE_BIN_DIR} NO_DEFAULT_PATH)
  mark_as_advanced(POE_LOOP_CHECK POE_COMMAND)
  if(NOT POE_LOOP_CHECK)
    message(FATAL_ERROR "poe_add_loop_tests(${name}): there is no poe-loop-check in ${POE_BIN_DIR}: install all of poe")
  endif()
  foreach(group load descriptors time wake drive nesting guest embed process fork faults idle)
    add_test(NAME ${name}.${group} COMMAND ${POE_LOOP_CHECK} $<TARGET_FILE:poe_loop_${name}> ${group})
    set_tests_properties(${name}.${group} PROPERTIES TIMEOUT 120)
  endforeach()
  if(POE_COMMAND)
    add_test(NAME ${name}.sessions
             COMMAND ${POE_COMMAND} tour ${name} --clients 10 --dir $<TARGET_FILE_DIR:poe_loop_${name}>)
    set_tests_properties(${name}.sessions PROPERTIES TIMEOUT 120)
  endif()
endfunction()
