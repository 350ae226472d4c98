# SPDX-License-Identifier: GPL-3.0-or-later
# Reading torch's headers takes two thirds of compiling a file that includes them: they are compiled once per target.
# espalier_precompile_torch(TARGET [REUSE_FROM OTHER]) does so for those sources that include torch, and no others.

set(torch_headers <ATen/Functions.h> <ATen/TensorOperators.h> <ATen/core/ivalue.h> <torch/csrc/jit/api/module.h>
  <torch/csrc/jit/ir/constants.h> <torch/csrc/jit/ir/ir.h>)

function(espalier_precompile_torch target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "REUSE_FROM" "")
  get_target_property(sources ${target} SOURCES)
  set(uses_torch FALSE)
  foreach(source IN LISTS sources)
    cmake_path(ABSOLUTE_PATH source OUTPUT_VARIABLE path)
    file(STRINGS "${path}" includes REGEX "^#include (<(torch|ATen|c10)/|\"(core|tests)/.*_torch[.]h\")")
    if(includes)
      set(uses_torch TRUE)
    else()
      set_source_files_properties("${path}" PROPERTIES SKIP_PRECOMPILE_HEADERS ON)
    endif()
  endforeach()
  if(uses_torch AND arg_REUSE_FROM)
    target_precompile_headers(${target} REUSE_FROM ${arg_REUSE_FROM})
  elseif(uses_torch)
    target_precompile_headers(${target} PRIVATE ${torch_headers})
  endif()
  if(uses_torch AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(${target} PRIVATE -fpch-preprocess)  # ccache looks for it
  endif()
endfunction()
