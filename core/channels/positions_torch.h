// SPDX-License-Identifier: GPL-3.0-or-later
// Demands of operators that pick positions on an axis. All as `demandOf`.
#pragma once

#include "core/channels/demands_torch.h"

namespace espalier::channels {

Result<Demand> slicePositions(const Execution& execution, std::span<const c10::IValue> inputs);
Result<Demand> narrowPositions(const Execution& execution, std::span<const c10::IValue> inputs);
Result<Demand> selectPosition(const Execution& execution, std::span<const c10::IValue> inputs);
/// chunk and all kinds of split
Result<Demand> pieces(const Execution& execution, std::span<const c10::IValue> inputs);
/// index_select by indices that do not depend on the input
Result<Demand> indexedPositions(const Execution& execution, std::span<const c10::IValue> inputs);
/// x[:, indices], the same
Result<Demand> advancedIndex(const Execution& execution, std::span<const c10::IValue> inputs);
Result<Demand> rolledPositions(const Execution& execution, std::span<const c10::IValue> inputs);
Result<Demand> paddedPositions(const Execution& execution, std::span<const c10::IValue> inputs);

}  // namespace espalier::channels
