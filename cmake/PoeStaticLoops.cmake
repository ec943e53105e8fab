# SPDX-License-Identifier: MIT
# Loops that are linked into libpoe (POE_STATIC_LOOPS) in place of being files that are loaded.

# poe_link_loop_in(name sources libraries): compiles it for libpoe; poe_loop_entry() gets a name of its own.
function(poe_link_loop_in name sources libraries)
  set(target poe_loop_${name})
  add_library(${target} OBJECT ${sources})
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/core/abi ${PROJECT_SOURCE_DIR}/loops/support)
  target_link_libraries(${target} PRIVATE poe_build_options ${libraries})
  target_compile_definitions(${target} PRIVATE poe_loop_entry=poe_loop_entry_${name})
  foreach(library IN LISTS libraries) # libpoe is made in another folder, where they are to be known as well
    if(TARGET ${library})
      set_target_properties(${library} PROPERTIES IMPORTED_GLOBAL TRUE)
      poe_note_dependency(${library})
    else() # a file, or a name
      string(REGEX REPLACE "^([^/-])" "-l\\1" word ${library})
      set_property(GLOBAL APPEND PROPERTY POE_STATIC_WORDS ${word})
    endif()
  endforeach()
  set_property(GLOBAL APPEND PROPERTY POE_LINKED_IN_LOOPS ${name})
  set_property(GLOBAL APPEND PROPERTY POE_BUILT_LOOPS ${name}) # for examples that need it
  set_property(GLOBAL APPEND PROPERTY POE_OBJECT_ROOMS ${target})
  set_property(GLOBAL APPEND PROPERTY POE_PRIVATE_LIBRARIES ${libraries})
endfunction()

# What a program that links libpoe.a has to find: as lines for poeConfig.cmake; for poe.pc as modules, or else as words of
# a link line.
function(poe_note_dependency target)
  string(REGEX MATCH "^(.+)::(.+)$" found ${target})
  if(CMAKE_MATCH_1 STREQUAL PkgConfig)
    set(prefix ${CMAKE_MATCH_2})
    set_property(GLOBAL APPEND PROPERTY POE_STATIC_MODULES ${${prefix}_MODULE_NAME})
    set(line "find_dependency(PkgConfig)\npkg_check_modules(${prefix} REQUIRED IMPORTED_TARGET ${${prefix}_MODULE_NAME})")
  else()
    set(line "find_dependency(${CMAKE_MATCH_1} COMPONENTS ${CMAKE_MATCH_2})")
    set_property(GLOBAL APPEND PROPERTY POE_STATIC_WORDS -l${CMAKE_MATCH_1}${CMAKE_MATCH_2}) # -lQt6Core
  endif()
  set_property(GLOBAL APPEND PROPERTY POE_STATIC_DEPENDENCIES "${line}")
endfunction()

# The table of the loops in `names`, from a template into a source file.
function(poe_write_built_in_table names template file)
  list(LENGTH names POE_BUILT_IN_COUNT)
  set(POE_BUILT_IN_DECLARATIONS)
  foreach(name IN LISTS names)
    string(APPEND POE_BUILT_IN_DECLARATIONS "const poe_loop_plugin* poe_loop_entry_${name}(void);\n")
  endforeach()
  list(TRANSFORM names PREPEND "&poe_loop_entry_")
  list(JOIN names ", " POE_BUILT_IN_ENTRIES)
  configure_file(${template} ${file} @ONLY)
endfunction()

# Whoever names a loop relies on it: no quiet omission.
function(poe_check_static_loops)
  get_property(linked_in GLOBAL PROPERTY POE_LINKED_IN_LOOPS)
  foreach(name IN LISTS POE_STATIC_LOOPS)
    if(NOT name IN_LIST linked_in)
      get_property(lines GLOBAL PROPERTY POE_SUMMARY)
      list(FILTER lines INCLUDE REGEX "^loop ${name}:")
      message(FATAL_ERROR "POE_STATIC_LOOPS names ${name}, which cannot be built here (${lines})")
    endif()
  endforeach()
  if(NOT POE_LOAD_LOOPS AND NOT linked_in)
    message(FATAL_ERROR "POE_LOAD_LOOPS=OFF leaves no loop at all: name some to link in, as -DPOE_STATIC_LOOPS=\"epoll;poll\"")
  endif()
endfunction()
