# SPDX-License-Identifier: GPL-3.0-or-later
# How programs find LibTorch: in the build tree where it lies, installed in a copy of their own, which moves with them.
#
# Debian has no LibTorch, so an installed program brings the shared libraries of it that it needs, in lib/espalier. That
# is for a CPU build: one for GPUs is several GB and belongs to a driver, it stays where it is.
# Defines espalier_install_libraries(), to call once after all install(TARGETS).

set(ESPALIER_PRIVATE_DIR lib/espalier)

set(_bundle ON)
foreach(gpu IN ITEMS torch_cuda torch_hip torch_xpu)
  if(EXISTS "${LibTorch_ROOT}/lib/lib${gpu}${CMAKE_SHARED_LIBRARY_SUFFIX}")
    set(_bundle OFF)
  endif()
endforeach()
option(ESPALIER_BUNDLE_LIBTORCH "Install a copy of LibTorch's libraries with the programs" ${_bundle})

set(CMAKE_BUILD_RPATH "${LibTorch_ROOT}/lib")
if(ESPALIER_BUNDLE_LIBTORCH)
  set(CMAKE_INSTALL_RPATH "$ORIGIN/../${ESPALIER_PRIVATE_DIR}")
  set(ESPALIER_GUARD_RPATH "$ORIGIN")
else()
  set(CMAKE_INSTALL_RPATH "${LibTorch_ROOT}/lib")
  set(ESPALIER_GUARD_RPATH "${LibTorch_ROOT}/lib")
endif()

# The libraries of LibTorch's folder that the programs load, found by reading what they name.
function(espalier_install_libraries)
  if(NOT ESPALIER_BUNDLE_LIBTORCH)
    return()
  endif()
  string(REGEX REPLACE "([][+.*()^$?|\\])" "\\\\\\1" torch_lib "${LibTorch_ROOT}/lib/")
  install(RUNTIME_DEPENDENCY_SET espalier_libraries
    POST_INCLUDE_REGEXES "^${torch_lib}"
    POST_EXCLUDE_REGEXES "^/"
    LIBRARY DESTINATION ${ESPALIER_PRIVATE_DIR})
endfunction()
