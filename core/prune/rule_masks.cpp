// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include <ATen/ops/empty.h>

#include "core/model/weight_index.h"
#include "core/prune/criteria_torch.h"
#include "core/prune/rule_masks_torch.h"
#include "core/prune/selection.h"

namespace espalier::prune {

namespace {

/// A layer, the scores its weights are ranked by, and the mask that is being made.
struct Work {
    const model::Layer& layer;
    std::vector<std::int64_t> shape;
    const Criterion& criterion;
    const ScoreInput& input;
    std::int64_t baseRemoved;
    RunControl& control;
};

Error cancelledError() {
    return {Error::Kind::Cancelled, "Stopped", "", ""};
}

Result<RuledMask> maskOfCut(const Work& work, const ScoreReader& reader, Cut cut) {
    RuledMask mask{at::empty(work.shape, at::kBool), 0};
    bool* kept = mask.kept.data_ptr<bool>();
    std::int64_t ties = cut.ties;
    std::int64_t keptCount = 0;
    const bool finished =
        forEachRun(reader, work.control, [&](std::int64_t begin, std::span<const double> scores) {
            for (std::size_t i = 0; i < scores.size(); ++i) {
                bool keep = scores[i] >= cut.score && scores[i] != kAlreadyRemoved;
                if (scores[i] == cut.score && ties > 0) {
                    keep = false;
                    --ties;
                }
                kept[begin + static_cast<std::int64_t>(i)] = keep;
                keptCount += keep;
            }
        });
    if (!finished) return cancelledError();
    mask.removed = reader.count() - keptCount;
    return mask;
}

Result<RuledMask> removeLowest(const Work& work, std::int64_t count) {
    const auto reader = work.criterion.ranks(work.input, work.control);
    if (!reader) return cancelledError();
    const ScoreReader* const readers[] = {reader.get()};
    const auto cut = lowest(readers, count, work.control);
    return cut ? maskOfCut(work, *reader, *cut) : cancelledError();
}

Result<RuledMask> removeBelow(const Work& work, double threshold) {
    const auto scores = work.criterion.scores(work.input, work.control);
    if (!scores) return cancelledError();
    if (work.criterion.scoresInOrder()) return maskOfCut(work, *scores, Cut{threshold, 0});
    const ScoreReader* const readers[] = {scores.get()};
    const auto taken = countTaken(readers, Cut{threshold, 0}, work.control);
    return taken ? removeLowest(work, taken->front()) : cancelledError();
}

Result<RuledMask> removeShare(const Work& work, double sparsity) {
    const std::int64_t wanted =
        std::llround(sparsity * static_cast<double>(work.input.weights.count()));
    return removeLowest(work, wanted - work.baseRemoved);
}

/// Clears the `remove` lowest of `scores`' entries at i, i + stride, ...; equal ones from the
/// front.
void clearLowest(std::span<const double> scores, std::size_t stride, std::size_t remove, bool* kept,
                 std::vector<std::size_t>& order) {
    std::iota(order.begin(), order.end(), std::size_t{0});
    const auto isLower = [&](std::size_t a, std::size_t b) {
        const double left = scores[a * stride];
        const double right = scores[b * stride];
        return left != right ? left < right : a < b;
    };
    std::sort(order.begin(), order.end(), isLower);
    for (std::size_t i = 0; i < order.size(); ++i) {
        const std::size_t at = order[i] * stride;
        kept[at] = i >= remove && scores[at] >= 0;
    }
}

/// Runs of `group` along the axis; a shorter one at the end keeps its share, rounded up.
Result<RuledMask> removePattern(const Work& work, const WeightRule& rule) {
    const auto reader = work.criterion.ranks(work.input, work.control);
    if (!reader) return cancelledError();
    const auto& shape = work.shape;
    const auto axis = static_cast<std::size_t>(patternAxis(work.layer));
    const auto product = [](auto first, auto last) {
        return std::accumulate(first, last, std::int64_t{1}, std::multiplies<>());
    };
    const std::int64_t outer =
        product(shape.begin(), shape.begin() + static_cast<std::ptrdiff_t>(axis));
    const std::int64_t inner =
        product(shape.begin() + static_cast<std::ptrdiff_t>(axis) + 1, shape.end());
    const std::int64_t length = shape[axis];

    RuledMask mask{at::empty(shape, at::kBool), 0};
    bool* kept = mask.kept.data_ptr<bool>();
    std::vector<double> scores;
    std::vector<std::size_t> order;
    for (std::int64_t o = 0; o < outer; ++o) {
        for (std::int64_t start = 0; start < length; start += rule.group) {
            if (!work.control.keepGoing()) return cancelledError();
            const std::int64_t run = std::min<std::int64_t>(rule.group, length - start);
            const std::int64_t keep = (run * rule.keep + rule.group - 1) / rule.group;
            const std::int64_t begin = (o * length + start) * inner;
            scores.resize(static_cast<std::size_t>(run * inner));
            order.resize(static_cast<std::size_t>(run));
            reader->read(begin, scores);
            std::replace(scores.begin(), scores.end(), kAlreadyRemoved, -1.0);
            for (std::int64_t i = 0; i < inner; ++i) {
                clearLowest(std::span<const double>(scores).subspan(static_cast<std::size_t>(i)),
                            static_cast<std::size_t>(inner), static_cast<std::size_t>(run - keep),
                            kept + begin + i, order);
            }
        }
    }
    mask.removed = std::count(kept, kept + mask.kept.numel(), false);
    return mask;
}

}  // namespace

std::int64_t patternAxis(const model::Layer& layer) {
    const auto dimensions = static_cast<std::int64_t>(layer.shape.size());
    if (dimensions < 2) return 0;
    if (layer.op.find("transpose") != std::string::npos) return 0;
    // x·W sums over W's rows and x·Wᵀ over its columns; where both fit, the latter is far more
    // common.
    const bool sumsOverRows = layer.op == "matmul" && !layer.inputShape.empty() &&
                              layer.inputShape.back() == layer.shape[layer.shape.size() - 2] &&
                              layer.inputShape.back() != layer.shape.back();
    return sumsOverRows ? dimensions - 2 : 1;
}

Result<RuledMask> applyRule(const RuledWeight& weight, const WeightRule& rule,
                            std::string_view criterion, std::uint64_t seed, RunControl& control) {
    const auto found = findCriterion(criterion);
    if (!found) return found.error();
    auto input = scoreInput(weight.layer, weight.weight, weight.baseMask, seed);
    if (!input) return input.error();
    input->measured = weight.measured;
    Work work{weight.layer, weight.weight.sizes().vec(), **found,
              *input,       weight.baseRemoved,          control};
    switch (rule.kind) {
        case WeightRule::Kind::Threshold:
            return removeBelow(work, rule.value);
        case WeightRule::Kind::Sparsity:
            return removeShare(work, rule.value);
        case WeightRule::Kind::Pattern:
            return removePattern(work, rule);
        case WeightRule::Kind::Sigma:
            break;
    }
    const auto statistics = model::statisticsOf(weight.layer, input->weights, control);
    if (!statistics) return statistics.error();
    // σ is of the weights, so the cut is on |w| whatever the criterion.
    const auto magnitudes = findCriterion("magnitude");
    return removeBelow(
        Work{work.layer, work.shape, **magnitudes, *input, work.baseRemoved, control},
        rule.value * statistics->sigma);
}

}  // namespace espalier::prune
