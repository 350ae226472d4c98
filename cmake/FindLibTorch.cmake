# SPDX-License-Identifier: GPL-3.0-or-later
# Finds any LibTorch (CPU, CUDA, ROCm) without needing the CUDA toolkit, and defines LibTorch::LibTorch.
#
# Looked at, in this order:
#   1. -DLIBTORCH=DIR or $LIBTORCH      a folder that holds include/ and lib/
#   2. CMAKE_PREFIX_PATH
#   3. an importable Python torch        $VIRTUAL_ENV, then python3
#   4. the copy scripts/setup.sh makes   ${XDG_DATA_HOME:-~/.local/share}/espalier/venv
#
# Sets LibTorch_FOUND, LibTorch_ROOT, LibTorch_VERSION, LibTorch_PYTHON (the interpreter it came from, or empty).
# Whoever links LibTorch::LibTorch finds it at run time through CMAKE_BUILD_RPATH (PrivateLibraries.cmake).

set(LIBTORCH "$ENV{LIBTORCH}" CACHE PATH "Folder of a LibTorch or of an installed Python torch")

# The version of the torch in a folder; empty where the folder does not tell.
function(_libtorch_version dir out)
  set(version "")
  foreach(file IN ITEMS version.py build-version)
    if(NOT version AND EXISTS "${dir}/${file}")
      file(STRINGS "${dir}/${file}" line REGEX "^(__version__ = .)?[0-9]" LIMIT_COUNT 1)
      string(REGEX MATCH "[0-9]+\\.[0-9]+\\.[0-9]+" version "${line}")
    endif()
  endforeach()
  set(${out} "${version}" PARENT_SCOPE)
endfunction()

# Whether a folder holds a LibTorch that is not too old: one that is must not hide another.
function(_libtorch_is_root dir out)
  _libtorch_version("${dir}" version)
  if(version AND LibTorch_FIND_VERSION AND version VERSION_LESS LibTorch_FIND_VERSION)
    message(STATUS "LibTorch ${version} in ${dir} is too old: at least ${LibTorch_FIND_VERSION} is needed")
    set(${out} FALSE PARENT_SCOPE)
  elseif(EXISTS "${dir}/include/torch/csrc/jit/api/module.h" AND EXISTS "${dir}/lib/libtorch_cpu${CMAKE_SHARED_LIBRARY_SUFFIX}")
    set(${out} TRUE PARENT_SCOPE)
  else()
    set(${out} FALSE PARENT_SCOPE)
  endif()
endfunction()

# The folder of the torch package that `python` would import; found without importing it (importing takes seconds).
function(_libtorch_from_python python out)
  set(${out} "" PARENT_SCOPE)
  if(python AND EXISTS "${python}")
    execute_process(
      COMMAND "${python}" -c "import importlib.util as u; s = u.find_spec('torch'); print(s.submodule_search_locations[0] if s else '')"
      OUTPUT_VARIABLE dir OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
    set(${out} "${dir}" PARENT_SCOPE)
  endif()
endfunction()

set(_data_home "$ENV{XDG_DATA_HOME}")
if(NOT _data_home)
  set(_data_home "$ENV{HOME}/.local/share")
endif()
find_program(_libtorch_python3 python3 NO_CACHE)

set(LibTorch_ROOT "")
set(LibTorch_PYTHON "")
set(_candidates "")
if(LIBTORCH)
  list(APPEND _candidates "${LIBTORCH}")
endif()
foreach(prefix IN LISTS CMAKE_PREFIX_PATH)
  list(APPEND _candidates "${prefix}" "${prefix}/libtorch")
endforeach()
foreach(dir IN LISTS _candidates)
  _libtorch_is_root("${dir}" ok)
  if(ok AND NOT LibTorch_ROOT)
    set(LibTorch_ROOT "${dir}")
  endif()
endforeach()
if(LIBTORCH AND NOT LibTorch_ROOT)
  message(FATAL_ERROR "LIBTORCH is ${LIBTORCH}, but that folder holds no include/torch and lib/libtorch_cpu.")
endif()
foreach(python IN ITEMS "$ENV{VIRTUAL_ENV}/bin/python3" "${_libtorch_python3}" "${_data_home}/espalier/venv/bin/python3")
  _libtorch_from_python("${python}" dir)
  _libtorch_is_root("${dir}" ok)
  if(ok)
    if(NOT LibTorch_ROOT)
      set(LibTorch_ROOT "${dir}")
    endif()
    if(NOT LibTorch_PYTHON)
      set(LibTorch_PYTHON "${python}")
    endif()
  endif()
endforeach()

if(LibTorch_ROOT)
  _libtorch_version("${LibTorch_ROOT}" LibTorch_VERSION)
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(LibTorch
  REQUIRED_VARS LibTorch_ROOT VERSION_VAR LibTorch_VERSION
  REASON_FAILURE_MESSAGE "Run scripts/setup.sh, or pass -DLIBTORCH=DIR, or activate a virtual environment that has torch.")

if(LibTorch_FOUND AND NOT TARGET LibTorch::LibTorch)
  add_library(LibTorch::LibTorch INTERFACE IMPORTED)
  target_include_directories(LibTorch::LibTorch SYSTEM INTERFACE
    "${LibTorch_ROOT}/include" "${LibTorch_ROOT}/include/torch/csrc/api/include")
  # torch and torch_cuda register their kernels when loaded; no symbol of theirs is named, so they must be kept.
  set(_kept "-L${LibTorch_ROOT}/lib" -Wl,--no-as-needed -ltorch -ltorch_cpu)
  foreach(optional IN ITEMS torch_cuda c10_cuda torch_hip c10_hip torch_xpu c10_xpu)
    if(EXISTS "${LibTorch_ROOT}/lib/lib${optional}${CMAKE_SHARED_LIBRARY_SUFFIX}")
      list(APPEND _kept "-l${optional}")
    endif()
  endforeach()
  # GCC 12 takes the destruction of an empty IValue, inlined from torch's headers, for a write past its end.
  target_compile_options(LibTorch::LibTorch INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-stringop-overflow>)
  target_link_libraries(LibTorch::LibTorch INTERFACE
    ${_kept} -Wl,--as-needed -lc10 -Wl,--allow-shlib-undefined)
  # Builds before 2.6 may use the old libstdc++ ABI: the library itself tells.
  execute_process(COMMAND sh -c "nm -DC --defined-only '${LibTorch_ROOT}/lib/libc10.so' | grep -c '__cxx11'"
    OUTPUT_VARIABLE _new_abi_symbols OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  if(_new_abi_symbols STREQUAL "0")
    target_compile_definitions(LibTorch::LibTorch INTERFACE _GLIBCXX_USE_CXX11_ABI=0)
  endif()
endif()
