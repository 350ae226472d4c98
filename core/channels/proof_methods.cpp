// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/channels/proof_methods_torch.h"

#include <set>
#include <stdexcept>
#include <string_view>

#include <ATen/core/grad_mode.h>
#include <c10/core/GradMode.h>

#include "core/base/format.h"
#include "core/model/snapshot_torch.h"
#include "core/script/seeded_random_torch.h"

namespace espalier::channels {

namespace {

using script::InputSpec;
using Specs = std::span<const InputSpec>;

constexpr auto kWhat = "The cut model could not be proved";

struct Careful final : script::Observer {
    std::optional<std::vector<c10::IValue>> before(const torch::jit::Node& node,
                                                   std::vector<c10::IValue>& inputs) override {
        static const std::set<std::string_view> kRecurrent = {"lstm", "gru", "rnn_tanh",
                                                              "rnn_relu"};
        const auto* schema = node.maybeSchema();
        if (schema == nullptr || !kRecurrent.contains(node.kind().toUnqualString())) return {};
        const auto index = schema->argumentIndexWithName("params");
        if (!index || !inputs[*index].isTensorList()) return {};
        const at::Tensor weight = inputs[*index].toTensorVector().at(0);
        if (inputs[0].toTensor().size(-1) == weight.size(-1)) return {};
        throw std::runtime_error(cat("its ", node.kind().toUnqualString(), " reads ",
                                     weight.size(-1), " features, not ",
                                     inputs[0].toTensor().size(-1)));
    }
    void onNode(const script::NodeEvent&) override {}
};

Tensors detached(Tensors tensors) {
    for (auto& tensor : tensors) tensor = tensor.detach();
    return tensors;
}

enum class Gradients { Off, On };

std::string wordsFor(Gradients gradients) {
    return gradients == Gradients::On ? " with gradients" : " without gradients";
}

/// What forward gives when PyTorch runs it. On a copy: it may write to its own buffers.
Result<Tensors> called(const torch::jit::Module& module, Specs specs, Gradients gradients) {
    return guarded(kWhat, [&]() -> Result<Tensors> {
        const c10::AutoGradMode mode(gradients == Gradients::On);
        const script::SeededRandom seeded;
        auto copy = model::cloneModule(module);
        return detached(script::tensorsIn(copy.forward(script::exampleInputs(specs, 0))));
    });
}

/// One call of the cut model's forward.
struct Call {
    const MethodCheck& check;
    Specs specs;
    const Tensors& expected;

    /// A line for Proof::unproved, empty when all is well.
    Result<std::string> run(Gradients gradients) const {
        const auto given = called(*check.claim.module, specs, gradients);
        const auto how = cat(wordsFor(gradients), " on ", describe(specs));
        if (!given) {
            if (!called(check.claim.original->module, specs, gradients)) {
                return cat("Running", how, ": the original fails there too");
            }
            return notProved(cat("its forward fails", how, ": ", given.error().why));
        }
        if (difference(expected, *given) <= check.tolerance) return std::string();
        if (gradients == Gradients::On && isAsTwin(*given)) return std::string();
        return notProved(cat("its forward", how, " gives something else than its graph"));
    }

private:
    /// A model may compute something else with gradients.
    bool isAsTwin(const Tensors& given) const {
        const c10::AutoGradMode mode(true);
        const auto twin =
            observedOutputs(*check.claim.twin, script::exampleInputs(specs, 0), check.control);
        return twin && difference(detached(*twin), given) <= check.tolerance;
    }
};

}  // namespace

Error notProved(const std::string& why) {
    return {Error::Kind::Failed, kWhat, why, "Nothing was written"};
}

Result<Tensors> observedOutputs(const script::Program& program, std::vector<c10::IValue> inputs,
                                RunControl& control) {
    const script::SeededRandom seeded;
    Careful careful;
    auto result = script::runObserved(program, std::move(inputs), careful, control);
    if (!result) return result.error();
    return script::tensorsIn(*result);
}

std::string describe(Specs specs) {
    std::string text;
    for (const auto& spec : specs) text += cat(text.empty() ? "" : " and ", toString(spec));
    return text;
}

Result<std::vector<std::string>> MethodCheck::run() const {
    const at::NoGradGuard noGrad;
    const auto whole =
        observedOutputs(*claim.original, script::exampleInputs(claim.inputs, 0), control);
    if (!whole) return whole.error();
    const auto original = called(claim.original->module, claim.inputs, Gradients::Off);
    if (!original) return original.error();
    if (difference(*whole, *original) > tolerance) {
        return notProved("the original's forward gives something else than its observed run");
    }
    std::vector<std::string> lines;
    for (const auto& specs : taken) {
        const auto expected = observedOutputs(*claim.cut, script::exampleInputs(specs, 0), control);
        if (!expected) return expected.error();
        const Call call{*this, specs, *expected};
        std::vector<Gradients> modes{Gradients::On};
        if (&specs == &taken.front()) modes.push_back(Gradients::Off);
        for (const auto mode : modes) {
            auto line = call.run(mode);
            if (!line) return line.error();
            if (!line->empty()) lines.push_back(*std::move(line));
        }
    }
    return lines;
}

}  // namespace espalier::channels
