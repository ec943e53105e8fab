# SPDX-License-Identifier: MIT
# What `cmake --install` lays down: libpoe, its headers, the loop plug-ins, the poe command, and the package files.
# Components: runtime (libpoe.so), tools, loop_<name> each, development (headers, CMake and pkg-config files, the
# author's header and conformance kit; if the tests are built, the host adapters of the loops, beside the plug-ins).
include(CMakePackageConfigHelpers)

function(poe_install)
  get_property(roots GLOBAL PROPERTY POE_HEADER_ROOTS)
  get_property(extra GLOBAL PROPERTY POE_EXTRA_TARGETS)
  set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/poe)

  # One target a room, for those who like to say which they use; the code is in libpoe.so.
  foreach(room base kernel filters plugins wheels components)
    add_library(poe_room_${room} INTERFACE)
    target_link_libraries(poe_room_${room} INTERFACE poe)
    set_target_properties(poe_room_${room} PROPERTIES EXPORT_NAME ${room})
    add_library(poe::${room} ALIAS poe_room_${room})
    list(APPEND rooms poe_room_${room})
  endforeach()
  add_library(poe_loop_abi INTERFACE)
  target_include_directories(poe_loop_abi INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>
                             $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/core/abi> $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/loops/support>)
  set_target_properties(poe_loop_abi PROPERTIES EXPORT_NAME loop_abi)
  set_target_properties(poe_loop_kit PROPERTIES EXPORT_NAME loop_kit)
  if(TARGET poe_log)
    set_target_properties(poe_log PROPERTIES EXPORT_NAME log INSTALL_RPATH $ORIGIN)
  endif()

  install(TARGETS poe ${extra} EXPORT poeTargets
          LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT runtime NAMELINK_COMPONENT development
          ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development)
  install(TARGETS ${rooms} poe_loop_abi EXPORT poeTargets)
  install(TARGETS poe_loop_kit EXPORT poeTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development)
  install(TARGETS poe_loop_check RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT development)
  foreach(root IN LISTS roots ITEMS ${PROJECT_SOURCE_DIR}/loops/support ${PROJECT_SOURCE_DIR}/plugins/kit)
    install(DIRECTORY ${root}/poe DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development
            FILES_MATCHING PATTERN "*.hpp" PATTERN "*.h")
  endforeach()

  install(EXPORT poeTargets NAMESPACE poe:: DESTINATION ${package_dir} COMPONENT development)
  foreach(what DEPENDENCIES MODULES WORDS) # what libpoe.so has linked itself is no matter to a program
    set(${what})
    if(NOT BUILD_SHARED_LIBS)
      get_property(${what} GLOBAL PROPERTY POE_STATIC_${what})
      list(REMOVE_DUPLICATES ${what})
    endif()
  endforeach()
  list(JOIN DEPENDENCIES "\n  " POE_STATIC_DEPENDENCY_LINES)
  list(JOIN MODULES ", " POE_STATIC_MODULES)
  list(JOIN WORDS " " POE_STATIC_WORDS)
  set(POE_LOOP_DIR_FROM_PREFIX ${POE_LOOP_DIR})
  configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/poeConfig.cmake.in ${PROJECT_BINARY_DIR}/poeConfig.cmake
                                INSTALL_DESTINATION ${package_dir}
                                PATH_VARS CMAKE_INSTALL_INCLUDEDIR CMAKE_INSTALL_BINDIR POE_LOOP_DIR_FROM_PREFIX)
  # Before 1.0, a minor version may break callers.
  write_basic_package_version_file(${PROJECT_BINARY_DIR}/poeConfigVersion.cmake COMPATIBILITY SameMinorVersion)
  install(FILES ${PROJECT_BINARY_DIR}/poeConfig.cmake ${PROJECT_BINARY_DIR}/poeConfigVersion.cmake
                ${PROJECT_SOURCE_DIR}/cmake/PoeLoop.cmake ${PROJECT_SOURCE_DIR}/cmake/PoeCloseNames.cmake
                ${PROJECT_SOURCE_DIR}/loops/loop.map
          DESTINATION ${package_dir} COMPONENT development)
  # Relative, so that a prefix chosen at install time, or a tree moved later, is found.
  file(RELATIVE_PATH POE_PREFIX_FROM_PC ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
  foreach(name poe poe-loop-abi)
    configure_file(${PROJECT_SOURCE_DIR}/cmake/${name}.pc.in ${PROJECT_BINARY_DIR}/${name}.pc @ONLY)
    install(FILES ${PROJECT_BINARY_DIR}/${name}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)
  endforeach()
endfunction()
