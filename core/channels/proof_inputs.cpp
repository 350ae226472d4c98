// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/channels/proof_inputs.h"

#include <algorithm>

#include "core/base/format.h"

namespace espalier::channels {

namespace {

using script::InputSpec;

bool isFloating(const InputSpec& spec) {
    return spec.dtype != script::DType::Int64 && spec.dtype != script::DType::Int32 &&
           spec.dtype != script::DType::Bool;
}

std::vector<InputSpec> withBatch(std::span<const InputSpec> given, std::int64_t batch) {
    std::vector<InputSpec> specs(given.begin(), given.end());
    for (auto& spec : specs) {
        if (!spec.shape.empty()) spec.shape[0] = batch;
    }
    return specs;
}

void enlarge(std::int64_t& size) {
    size += size % 32 == 0 ? 32 : 4;
}

/// Images (rank 4) and volumes (rank 5) get larger, sequences of ids (rank 2) or features (rank 3)
/// longer: those of features along axis 1, or, for `isTimeLast`, along axis 2.
std::vector<InputSpec> withOtherSizes(std::span<const InputSpec> given, bool isTimeLast) {
    std::vector<InputSpec> specs(given.begin(), given.end());
    for (auto& spec : specs) {
        auto& shape = spec.shape;
        if (shape.size() >= 4 && isFloating(spec)) {
            for (std::size_t axis = 2; axis < shape.size(); ++axis) enlarge(shape[axis]);
        } else if (shape.size() == 3 && isTimeLast) {
            enlarge(shape[2]);
        } else if ((shape.size() == 2 && !isFloating(spec)) || shape.size() == 3) {
            shape[1] += 3;
        }
    }
    return specs;
}

}  // namespace

std::vector<ProofInputs> proofInputs(std::span<const InputSpec> given) {
    std::vector<ProofInputs> all;
    all.push_back({"The example", {given.begin(), given.end()}, true});
    if (given.empty()) return all;
    const std::int64_t batch = !given[0].shape.empty() && given[0].shape[0] == 1 ? 2 : 1;
    all.push_back({cat("Batch size ", batch), withBatch(given, batch), false});
    const auto isSequence = [](const InputSpec& spec) { return spec.shape.size() == 3; };
    if (std::ranges::any_of(given, isSequence)) {
        all.push_back({"Another length", withOtherSizes(given, false), false});
        all.push_back({"Another length", withOtherSizes(given, true), false});
    } else if (auto other = withOtherSizes(given, false); other != all[0].specs) {
        all.push_back({"Another input size", std::move(other), false});
    }
    return all;
}

}  // namespace espalier::channels
