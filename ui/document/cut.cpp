// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/cut.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace espalier::ui {

using Kind = prune::WeightRule::Kind;

std::optional<std::int64_t> removedBy(const prune::WeightRule& rule, const CutContext& context) {
    if (rule.kind == Kind::Sparsity) {
        const auto asked =
            std::llround(rule.value * static_cast<double>(context.layer.weightCount));
        return std::max<std::int64_t>(context.baseRemoved, asked);
    }
    if (!context.index) return {};
    if (rule.kind == Kind::Threshold && context.isMagnitude) {
        return context.baseRemoved + context.index->countBelow(rule.value);
    }
    if (rule.kind == Kind::Sigma) {
        return context.baseRemoved +
               context.index->countBelow(rule.value * context.index->statistics().sigma);
    }
    return {};
}

double thresholdFor(std::int64_t removed, const CutContext& context) {
    const std::int64_t ofKept = removed - context.baseRemoved;
    if (ofKept <= 0) return 0;
    const double threshold = context.index->kthMagnitude(ofKept);
    if (std::isfinite(threshold)) return threshold;
    return std::nextafter(context.index->statistics().maxMagnitude,
                          std::numeric_limits<double>::infinity());
}

std::optional<double> thresholdOf(const prune::WeightRule& rule, std::int64_t removed,
                                  const CutContext& context) {
    if (!context.index || rule.kind == Kind::Pattern) return {};
    if (rule.kind == Kind::Sigma) return rule.value * context.index->statistics().sigma;
    if (rule.kind == Kind::Threshold && context.isMagnitude) return rule.value;
    if (!context.followsMagnitude) return {};
    return thresholdFor(removed, context);
}

prune::WeightRule ruleForCut(double threshold, const CutContext& context) {
    // Strict `<`: a threshold at the largest magnitude keeps the weights that have it.
    const double kept = std::clamp(threshold, 0.0, context.index->statistics().maxMagnitude);
    if (context.isMagnitude) return prune::WeightRule::threshold(kept);
    const std::int64_t removed = context.baseRemoved + context.index->countBelow(kept);
    const auto count = std::max<std::int64_t>(1, context.layer.weightCount);
    return prune::WeightRule::sparsity(static_cast<double>(removed) / static_cast<double>(count));
}

}  // namespace espalier::ui
