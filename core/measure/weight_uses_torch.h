// SPDX-License-Identifier: GPL-3.0-or-later
// How a run uses the weights: with which inputs and outputs, and what lies where in them.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "core/measure/scored_model_torch.h"
#include "core/model/operators_torch.h"

namespace espalier::measure {

/// What an operator does with a whole weight.
enum class UseKind {
    Convolution,            ///< weight [out, in / groups, k…], input [batch, in, …]
    TransposedConvolution,  ///< weight [in, out / groups, k…], input [batch, in, …]
    Linear,                 ///< x·wᵀ: weight [out, in], input […, in]
    Product,                ///< x·w: weight [in, out], input […, in]
    Embedding,              ///< weight [entries, out], input: indices
    InputOnly               ///< as Linear, of an operator whose output is more than that product
};

/// Numbers of a convolution, one per spatial axis; empty for the other kinds.
struct Geometry {
    std::vector<std::int64_t> stride;
    std::vector<std::int64_t> paddingBefore;
    std::vector<std::int64_t> paddingAfter;
    std::vector<std::int64_t> dilation;
    std::int64_t groups = 1;
};

/// One use of one weight.
struct SeenUse {
    int parameter = -1;  ///< index into ScoredModel::parameters
    UseKind kind = UseKind::Linear;
    at::Tensor input;
    at::Tensor output;  ///< undefined for InputOnly
    Geometry geometry;
    std::int64_t paddingIndex = -1;  ///< of an embedding: the entry that is not trained
};

/// The axis of the weight that its input's features lie on, and the one that its outputs lie on.
std::int64_t inputAxis(UseKind kind);
std::int64_t outputAxis(UseKind kind);

/// Shows each use to `take` as it happens, before anything can write over its tensors. Uses that no
/// kind fits are not shown, but noted.
class UseObserver final : public LeafObserver {
public:
    UseObserver(const ScoredModel& model, std::function<void(const SeenUse&)> take);

    void onNode(const script::NodeEvent& event) override;

    /// Parameters that are used in a way that no kind fits, with that use, for people: "as a part
    /// of the weight of linear".
    const std::map<int, std::string>& otherUses() const { return m_others; }

private:
    void readWeights(const script::NodeEvent& event, const model::OperatorUse& use);
    void readRecurrent(const script::NodeEvent& event, const model::OperatorUse& use);
    void noteOther(const at::Tensor& tensor, const std::string& use);

    const ScoredModel& m_model;
    std::function<void(const SeenUse&)> m_take;
    model::ParameterTracker m_tracker;
    std::map<int, std::string> m_others;
};

}  // namespace espalier::measure
