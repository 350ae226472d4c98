// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/prune/criterion.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "core/base/format.h"
#include "core/model/snapshot_torch.h"
#include "core/prune/criteria_torch.h"
#include "core/prune/criterion_torch.h"

namespace espalier::prune {

namespace {

const std::vector<Criterion>& table() {
    static const std::vector<Criterion> criteria{magnitudeCriterion(), lampCriterion(),
                                                 randomCriterion()};
    return criteria;
}

std::int64_t countNonFinite(const model::WeightValues& values) {
    std::array<double, model::kRunLength> run;
    const bool* kept = values.kept();
    std::int64_t found = 0;
    for (std::int64_t begin = 0; begin < values.count(); begin += model::kRunLength) {
        const auto size =
            static_cast<std::size_t>(std::min(model::kRunLength, values.count() - begin));
        values.read(begin, std::span(run.data(), size));
        for (std::size_t i = 0; i < size; ++i) {
            const bool isFinite = std::abs(run[i]) <= std::numeric_limits<double>::max();
            found += !isFinite && (!kept || kept[begin + static_cast<std::int64_t>(i)]);
        }
    }
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
    const auto values = model::weightValues(snapshot, layer);
    if (!values) return values.error();
    if (const auto bad = countNonFinite(*values); bad > 0)
        return model::nonFiniteError(snapshot.layer(layer), bad);
    return ScoreInput{*values, snapshot.layer(layer).name, seed};
}

Result<at::Tensor> weightScores(const model::Snapshot& snapshot, model::LayerId layer,
                                std::string_view criterion, std::uint64_t seed) {
    const std::string what = "Cannot score the weights of " + snapshot.layer(layer).name;
    return guarded(what, [&]() -> Result<at::Tensor> {
        const auto found = findCriterion(criterion);
        if (!found) return found.error();
        const auto input = scoreInput(snapshot, layer, seed);
        if (!input) return input.error();
        return (*found)->tensor(model::weight(snapshot, layer), *input);
    });
}

}  // namespace espalier::prune
