# SPDX-License-Identifier: GPL-3.0-or-later
# Classes for ONNX files, made from the official onnx.proto that the system brings. They get a package name of
# their own: LibTorch carries classes of that file as well, and two of one name cannot live in a program.

find_package(Protobuf REQUIRED)
find_path(ONNX_INCLUDE_DIR onnx/onnx.proto REQUIRED)

# Makes the library `target` of these classes and of the sources that include espalier_onnx.pb.h. These must not see
# torch's headers, which bring a protobuf of another version.
function(espalier_add_onnx_library target)
  set(folder "${CMAKE_CURRENT_BINARY_DIR}/onnx")
  file(READ "${ONNX_INCLUDE_DIR}/onnx/onnx.proto" proto)
  string(REPLACE "package onnx;" "package espalier.onnx;" proto "${proto}")
  file(CONFIGURE OUTPUT "${folder}/espalier_onnx.proto" CONTENT "${proto}" @ONLY)
  add_custom_command(
    OUTPUT "${folder}/espalier_onnx.pb.cc" "${folder}/espalier_onnx.pb.h"
    COMMAND protobuf::protoc "--cpp_out=${folder}" "--proto_path=${folder}" espalier_onnx.proto
    DEPENDS "${folder}/espalier_onnx.proto" VERBATIM)
  add_library(${target} STATIC ${ARGN} "${folder}/espalier_onnx.pb.cc" "${folder}/espalier_onnx.pb.h")
  set_source_files_properties("${folder}/espalier_onnx.pb.cc" PROPERTIES COMPILE_OPTIONS -w)  # generated code
  target_include_directories(${target} SYSTEM PRIVATE "${folder}")
  target_link_libraries(${target} PRIVATE protobuf::libprotobuf-lite)
endfunction()
