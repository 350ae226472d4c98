// SPDX-License-Identifier: GPL-3.0-or-later
// A model that is run on samples to score its weights: observed node by node, with gradients.
#pragma once

#include <optional>
#include <vector>

#include <ATen/core/Reduction.h>
#include <ATen/core/Tensor.h>

#include "core/measure/scores_torch.h"
#include "core/model/parameter_table_torch.h"
#include "core/script/interpreter_torch.h"

namespace espalier::measure {

/// A copy of a snapshot's module with what its base masks remove set to zero.
struct ScoredModel {
    model::SnapshotPtr snapshot;
    script::Program program;
    Placement placement;
    std::vector<model::Parameter> parameters;  ///< each once, in the order of the module
    std::vector<at::Tensor>
        leaves;                  ///< the same as autograd sees them; undefined: not real numbers
    std::string output;          ///< which of forward's tensors are the scores: see selectOutput
    std::optional<Loss> loss{};  ///< none without targets
};

/// Lets a run use the leaves themselves. Where a graph might write to its parameters, the run would
/// give it copies, which have no gradients.
class LeafObserver : public script::Observer {
public:
    std::optional<std::vector<c10::IValue>> before(const torch::jit::Node& node,
                                                   std::vector<c10::IValue>& inputs) override;
    void onNode(const script::NodeEvent&) override {}
};

/// Runs with the output and loss of `objective`.
Result<ScoredModel> makeScoredModel(const model::SnapshotPtr& snapshot, const Objective& objective,
                                    c10::Device device, RunControl& control);

/// What forward returns. With gradients; shared layers, branches and loops run as ever. Errors:
/// those of runObserved.
Result<c10::IValue> runAll(const ScoredModel& model, const data::Batch& batch,
                           LeafObserver& observer, RunControl& control);

/// The tensor that is scored by, [batch, classes] of a classifier; its gradients can be taken.
/// Errors: those of runAll and selectOutput.
Result<at::Tensor> run(const ScoredModel& model, const data::Batch& batch, LeafObserver& observer,
                       RunControl& control);

/// The mean loss over the batch, or its sum over the samples. A scalar. The model has a loss.
at::Tensor loss(const ScoredModel& model, const at::Tensor& scores, const at::Tensor& targets,
                at::Reduction::Reduction reduction);

/// ∂(mean loss)/∂parameter of a batch, by parameter, detached; undefined where there is none.
Result<std::vector<at::Tensor>> gradients(const ScoredModel& model, const data::Batch& batch,
                                          RunControl& control);

/// Per position of one axis the sum over all others, float64 on the CPU.
at::Tensor sumAlong(const at::Tensor& tensor, std::int64_t axis);

}  // namespace espalier::measure
