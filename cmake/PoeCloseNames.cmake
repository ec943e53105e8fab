# SPDX-License-Identifier: MIT
# poe_close_names(target): a name that is left open in a shared object is an error of its build. Not where clang's
# sanitizers are asked for, by POE_SANITIZE or in the flags: their run-times are in the program only.
function(poe_close_names target)
  if(NOT (CMAKE_CXX_COMPILER_ID MATCHES Clang AND "${POE_SANITIZE} ${CMAKE_CXX_FLAGS}" MATCHES "address|thread|undefined"))
    target_link_options(${target} PRIVATE -Wl,-z,defs)
  endif()
endfunction()
