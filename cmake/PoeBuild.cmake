# SPDX-License-Identifier: MIT
# How a room is built. Each room of the library is one object library that sees only the include roots of the rooms
# its arrows point at, so that a forbidden #include fails to compile. poe_assemble_library() makes libpoe.so of them.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 99)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

find_program(POE_CCACHE ccache)
if(POE_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_C_COMPILER_LAUNCHER ${POE_CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${POE_CCACHE})
endif()

find_package(Threads REQUIRED)
find_package(PkgConfig)
find_package(tl-expected REQUIRED)

set(POE_LOOP_DIR ${CMAKE_INSTALL_LIBDIR}/poe/loops-1) # relative to the prefix; 1 is the ABI's major number

# What every target of ours is compiled with.
add_library(poe_build_options INTERFACE)
target_compile_options(poe_build_options INTERFACE -Wall -Wextra -Wconversion -fno-semantic-interposition $<$<BOOL:${POE_WERROR}>:-Werror>)
# g++ 12 warns falsely about std::string concatenation when it optimises (GCC bug 105651).
target_compile_options(poe_build_options INTERFACE $<$<AND:$<CXX_COMPILER_ID:GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>>:-Wno-restrict>)
target_compile_definitions(poe_build_options INTERFACE $<$<BOOL:${POE_PORTABLE}>:POE_PORTABLE=1>)
if(POE_SANITIZE)
  target_compile_options(poe_build_options INTERFACE -fsanitize=${POE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(poe_build_options INTERFACE -fsanitize=${POE_SANITIZE})
  # As g++ says it; clang tells by __has_feature alone.
  foreach(kind address thread)
    if(CMAKE_CXX_COMPILER_ID MATCHES Clang AND POE_SANITIZE MATCHES ${kind})
      string(TOUPPER ${kind} kind)
      target_compile_definitions(poe_build_options INTERFACE __SANITIZE_${kind}__=1)
    endif()
  endforeach()
  # Before clang 17 no coroutine compiles with it: "Cannot represent a difference across sections" (LLVM bug 49689).
  target_compile_options(poe_build_options INTERFACE $<$<AND:$<CXX_COMPILER_ID:Clang>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,17>>:-fno-sanitize=function>)
endif()

# poe_add_room(name ROOTS dir... SOURCES file... USES room... [PRIVATE_LIBRARIES lib...] [LIBRARIES lib...])
# ROOTS are the include roots that hold the room's public headers (a folder with poe/ in it).
function(poe_add_room name)
  cmake_parse_arguments(ROOM "" "" "ROOTS;SOURCES;USES;LIBRARIES;PRIVATE_LIBRARIES" ${ARGN})
  if(ROOM_SOURCES)
    add_library(poe_${name} OBJECT ${ROOM_SOURCES})
    target_link_libraries(poe_${name} PRIVATE poe_build_options ${ROOM_PRIVATE_LIBRARIES})
    target_compile_definitions(poe_${name} PRIVATE POE_BUILDING_LIBRARY)
    set(scope PUBLIC)
    set_property(GLOBAL APPEND PROPERTY POE_OBJECT_ROOMS poe_${name})
    set_property(GLOBAL APPEND PROPERTY POE_PRIVATE_LIBRARIES ${ROOM_PRIVATE_LIBRARIES})
  else()
    add_library(poe_${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  foreach(root IN LISTS ROOM_ROOTS)
    target_include_directories(poe_${name} ${scope} $<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}/${root}>)
    set_property(GLOBAL APPEND PROPERTY POE_HEADER_ROOTS ${CMAKE_CURRENT_SOURCE_DIR}/${root})
  endforeach()
  target_link_libraries(poe_${name} ${scope} ${ROOM_LIBRARIES})
  foreach(used IN LISTS ROOM_USES) # headers only: the code meets in libpoe.so
    target_include_directories(poe_${name} ${scope} $<TARGET_PROPERTY:poe_${used},INTERFACE_INCLUDE_DIRECTORIES>)
  endforeach()
endfunction()

# libpoe (libpoe.so, or with BUILD_SHARED_LIBS=OFF libpoe.a) out of all rooms; tests and tools link it as poe::poe.
function(poe_assemble_library)
  get_property(rooms GLOBAL PROPERTY POE_OBJECT_ROOMS)
  get_property(roots GLOBAL PROPERTY POE_HEADER_ROOTS)
  get_property(private_libraries GLOBAL PROPERTY POE_PRIVATE_LIBRARIES)
  set(objects)
  foreach(room IN LISTS rooms)
    list(APPEND objects $<TARGET_OBJECTS:${room}>)
  endforeach()
  add_library(poe ${objects})
  add_library(poe::poe ALIAS poe)
  set_target_properties(poe PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
  foreach(root IN LISTS roots)
    target_include_directories(poe PUBLIC $<BUILD_INTERFACE:${root}>)
  endforeach()
  target_include_directories(poe PUBLIC $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_compile_features(poe PUBLIC cxx_std_20)
  target_link_libraries(poe PUBLIC tl::expected Threads::Threads PRIVATE ${CMAKE_DL_LIBS} $<BUILD_INTERFACE:poe_build_options>
                            ${private_libraries})
  if(BUILD_SHARED_LIBS)
    poe_close_names(poe)
  endif()
endfunction()

# poe_note(text): one line of the configure summary, say why something is left out.
function(poe_note text)
  set_property(GLOBAL APPEND PROPERTY POE_SUMMARY "${text}")
endfunction()

function(poe_print_summary)
  get_property(lines GLOBAL PROPERTY POE_SUMMARY)
  message(STATUS "poe ${PROJECT_VERSION}, ${CMAKE_BUILD_TYPE}, ${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}")
  foreach(line IN LISTS lines)
    message(STATUS "  ${line}")
  endforeach()
endfunction()
