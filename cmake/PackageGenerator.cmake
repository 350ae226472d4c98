# SPDX-License-Identifier: GPL-3.0-or-later
# Read by CPack once for each kind of package: an archive is unpacked anywhere, so it holds no /usr.
if(CPACK_GENERATOR STREQUAL "TGZ")
  set(CPACK_PACKAGING_INSTALL_PREFIX "")
endif()
