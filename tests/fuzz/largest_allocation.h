// SPDX-License-Identifier: GPL-3.0-or-later
// Watches how much memory is asked for at once.
#pragma once

#include <cstddef>

namespace espalier::test {

/// The largest single request since the last call, in bytes; all threads of this process.
std::size_t takeLargestAllocation();

}  // namespace espalier::test
