// SPDX-License-Identifier: GPL-3.0-or-later
// Finds the layers of a model by watching it run.
#pragma once

#include <optional>
#include <unordered_map>
#include <vector>

#include "core/model/layer.h"
#include "core/model/operators_torch.h"
#include "core/model/parameter_table_torch.h"

namespace espalier::model {

/// What one run told. MACs are for the whole batch that was run.
struct FoundLayers {
    std::vector<Layer> layers;  ///< in order of first execution, parameters that were not used last
    std::int64_t otherMacs = 0;
};

class LayerFinder final : public script::Observer {
public:
    LayerFinder(const torch::jit::Module& module, const std::vector<Parameter>& parameters);

    void onNode(const script::NodeEvent& event) override;

    /// To be called once, after the run.
    FoundLayers finish();

private:
    struct Draft {
        int parameter = -1;
        int bias = -1;
        Layer layer;
        bool isPrunableUse = false;  // by an operator that is known to prune, as the weight itself
        std::string obstacle;        // why not, at the first use that is none
    };
    struct Shapes {
        std::vector<std::int64_t> input;
        std::vector<std::int64_t> output;
    };

    void readKnown(const OperatorUse& use, const Shapes& shapes);
    void readProduct(const OperatorUse& use, const Shapes& shapes);
    void readFurtherInputs(const OperatorUse& use, const script::NodeEvent& event);
    void readUnknown(const script::NodeEvent& event);
    bool readAddedBias(const script::NodeEvent& event);
    void addWeight(const Origin& origin, const WeightUse& weight, const std::string& kind,
                   WeightRole role, const Shapes& shapes);
    Draft& addUse(int parameter, const std::string& op, const Shapes& shapes);
    void attachBias(std::size_t index, const at::Tensor& bias, const Shapes& shapes);
    std::string productKind(const OperatorUse& use, const Parameter& parameter,
                            const at::Tensor& operand) const;
    void finishDraft(Draft& draft) const;

    const std::vector<Parameter>& m_parameters;
    ParameterTracker m_tracker;
    std::vector<Draft> m_drafts;
    std::unordered_map<int, std::size_t> m_draftOf;  // by parameter
    std::unordered_map<int, std::size_t> m_biasOf;  // parameter → the draft that has it as its bias
    std::optional<WeakTensor> m_product;            // what came out, when the newest known operator
    std::optional<std::size_t> m_productDraft;  // was a product with a weight; that weight's draft
    std::int64_t m_otherMacs = 0;
};

/// Why a tensor itself cannot be pruned, whatever uses it; empty when it can.
std::string tensorObstacle(const at::Tensor& tensor);

}  // namespace espalier::model
