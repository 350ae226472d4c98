// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace espalier::plots {

enum class AxisScale { Linear, Log };

}  // namespace espalier::plots
