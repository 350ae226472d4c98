// SPDX-License-Identifier: GPL-3.0-or-later
// What weights are shown: sums over the features of their inputs and outputs.
#pragma once

#include <map>
#include <set>
#include <string>

#include "core/measure/score_meter_torch.h"
#include "core/measure/weight_uses_torch.h"

namespace espalier::measure {

/// Sums over everything but the features, float64 on the CPU.
struct FeatureSums {
    at::Tensor sums;         ///< [features]
    std::int64_t count = 0;  ///< numbers that were summed per feature

    void add(const at::Tensor& sums, std::int64_t count);
};

/// All that was seen of one weight.
struct SeenWeight {
    std::set<UseKind> kinds;
    Geometry geometry;  ///< of its newest use
    FeatureSums inputs;
    FeatureSums outputs;
};

/// Runs the model on batches and sums `each` (x, x² …) of what goes into and comes out of the
/// weights. Features of an embedding's input are its entries, with 1 where one is looked up.
class FeatureMeter {
public:
    using Each = at::Tensor (*)(const at::Tensor& values);
    enum class Sides { Inputs, Both };

    FeatureMeter(const ScoredModel& model, Each each, Sides sides)
        : m_model(model), m_each(each), m_sides(sides) {}

    Result<void> add(const data::Batch& batch, RunControl& control);

    const std::map<int, SeenWeight>& weights() const { return m_weights; }  ///< by parameter
    /// Why nothing can be said of a parameter; empty when something can.
    std::string whyNot(int parameter) const;

private:
    void take(const SeenUse& use);

    const ScoredModel& m_model;
    Each m_each;
    Sides m_sides;
    std::map<int, SeenWeight> m_weights;
    std::map<int, std::string> m_others;
};

}  // namespace espalier::measure
