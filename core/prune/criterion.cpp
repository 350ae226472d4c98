// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/prune/criterion.h"

#include <cmath>
#include <limits>
#include <vector>

#include <ATen/ops/empty.h>

#include "core/base/format.h"
#include "core/model/snapshot_torch.h"
#include "core/prune/criteria_torch.h"
#include "core/prune/criterion_torch.h"
#include "core/prune/selection.h"

namespace espalier::prune {

namespace {

const std::vector<Criterion>& table() {
    static const std::vector<Criterion> criteria{
        magnitudeCriterion(), lampCriterion(),  taylorCriterion(), gradientCriterion(),
        fisherCriterion(),    wandaCriterion(), randomCriterion()};
    return criteria;
}

/// All scores of a criterion that scores in index order.
at::Tensor readScores(const Criterion& criterion, const at::Tensor& weight,
                      const ScoreInput& input) {
    RunControl neverStopped;
    const auto reader = criterion.scores(input, neverStopped);
    at::Tensor result = at::empty(
        weight.sizes(), at::TensorOptions(input.weights.isDouble() ? at::kDouble : at::kFloat));
    forEachRun(*reader, neverStopped, [&](std::int64_t begin, std::span<const double> scores) {
        for (std::size_t i = 0; i < scores.size(); ++i) {
            const double score = scores[i] == kAlreadyRemoved ? 0 : scores[i];
            const auto index = begin + static_cast<std::int64_t>(i);
            if (input.weights.isDouble())
                result.mutable_data_ptr<double>()[index] = score;
            else
                result.mutable_data_ptr<float>()[index] = static_cast<float>(score);
        }
    });
    return result;
}

std::int64_t countNonFinite(const model::WeightValues& values) {
    RunControl neverStopped;
    std::int64_t found = 0;
    model::forEachKeptRun<double>(values, neverStopped, [&](std::span<const double> run) {
        for (const double value : run) {
            found += !(std::abs(value) <= std::numeric_limits<double>::max());
        }
    });
    return found;
}

}  // namespace

std::span<const CriterionInfo> weightCriteria() {
    static const std::vector<CriterionInfo> infos = [] {
        std::vector<CriterionInfo> result;
        for (const Criterion& criterion : table()) result.push_back(criterion.info);
        return result;
    }();
    return infos;
}

Result<const Criterion*> findCriterion(std::string_view name) {
    std::string known;
    for (const Criterion& criterion : table()) {
        if (criterion.info.name == name) return &criterion;
        known += (known.empty() ? "" : ", ") + criterion.info.name;
    }
    return Error{Error::Kind::BadArgument, "Cannot rank weights",
                 cat("\"", name, "\" is no weight criterion"), "Use one of " + known};
}

Result<CriterionInfo> findWeightCriterion(std::string_view name) {
    const auto criterion = findCriterion(name);
    if (!criterion) return criterion.error();
    return (*criterion)->info;
}

Result<ScoreInput> scoreInput(const model::Snapshot& snapshot, model::LayerId layer,
                              std::uint64_t seed) {
    return scoreInput(snapshot.layer(layer), model::weight(snapshot, layer),
                      snapshot.state().baseMasks.at(layer.index()), seed);
}

Result<ScoreInput> scoreInput(const model::Layer& layer, const at::Tensor& weight,
                              const at::Tensor& kept, std::uint64_t seed) {
    const auto values = model::weightValues(layer, weight, kept);
    if (!values) return values.error();
    if (const auto bad = countNonFinite(*values); bad > 0) return model::nonFiniteError(layer, bad);
    return ScoreInput{*values, layer.name, seed, {}};
}

Result<at::Tensor> weightScores(const model::Snapshot& snapshot, model::LayerId layer,
                                std::string_view criterion, std::uint64_t seed) {
    const std::string what = "Cannot score the weights of " + snapshot.layer(layer).name;
    return guarded(what, [&]() -> Result<at::Tensor> {
        const auto found = findCriterion(criterion);
        if (!found) return found.error();
        if ((*found)->info.isMeasured()) return needsData(what, criterion);
        const auto input = scoreInput(snapshot, layer, seed);
        if (!input) return input.error();
        const at::Tensor weight = model::weight(snapshot, layer);
        return (*found)->tensor ? (*found)->tensor(weight, *input)
                                : readScores(**found, weight, *input);
    });
}

}  // namespace espalier::prune
