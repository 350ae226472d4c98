# SPDX-License-Identifier: GPL-3.0-or-later
# What CPack makes of `cmake --install`: a .deb and a .tar.gz. scripts/package.sh calls it.
set(CPACK_GENERATOR DEB TGZ)
set(CPACK_PACKAGE_NAME espalier)
set(CPACK_PACKAGE_VENDOR "The Espalier developers")
set(CPACK_PACKAGE_CONTACT "The Espalier developers <maintainers@espalier.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "prune neural networks by hand and by eye")
string(CONCAT CPACK_PACKAGE_DESCRIPTION
  "Opens a TorchScript model, shows where its weights and channels can go, takes\n"
  "them away by hand or by goal, fine-tunes what is left while one watches the\n"
  "loss, and exports a model that is really smaller and loads in plain PyTorch.")
set(CPACK_RESOURCE_FILE_LICENSE "${PROJECT_SOURCE_DIR}/LICENSE")
set(CPACK_STRIP_FILES ON)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_THREADS 0)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_COMPRESSION_TYPE zstd)  # a fifth larger than xz, and many times quicker to make and to unpack
# The libraries of lib/espalier belong to the package; the rest is looked up in Debian's.
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS "${LibTorch_ROOT}/lib")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "qt6-wayland, fonts-dejavu-core | fonts-freefont-ttf")

# Unpacked anywhere, not at the root of the system.
set(CPACK_PACKAGE_FILE_NAME "${CPACK_PACKAGE_NAME}-${PROJECT_VERSION}-${CMAKE_SYSTEM_NAME}-${CMAKE_SYSTEM_PROCESSOR}")
set(CPACK_PROJECT_CONFIG_FILE "${PROJECT_SOURCE_DIR}/cmake/PackageGenerator.cmake")

include(CPack)
