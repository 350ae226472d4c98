// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/measure/model_output_torch.h"

#include <algorithm>

#include <ATen/core/grad_mode.h>
#include <ATen/core/jit_type.h>
#include <c10/core/ScalarType.h>

#include "core/base/format.h"
#include "core/measure/scores_torch.h"
#include "core/model/snapshot_torch.h"

namespace espalier::measure {

namespace {

struct Found {
    std::string key;
    std::string places;  // the same without the names of tuples
    at::Tensor tensor;
};

std::string under(const std::string& path, const std::string& step) {
    return path.empty() ? step : cat(path, ".", step);
}

std::vector<std::string> namesOf(const c10::IValue& tuple) {
    const auto type = tuple.type()->cast<c10::TupleType>();
    std::vector<std::string> names;
    if (!type || !type->schema()) return names;
    for (const auto& field : type->schema()->arguments()) names.push_back(field.name());
    return names;
}

std::string keyText(const c10::IValue& key) {
    if (key.isString()) return key.toStringRef();
    return key.isInt() ? std::to_string(key.toInt()) : std::string("?");
}

void collect(const c10::IValue& value, const std::string& key, const std::string& places,
             std::vector<Found>& found) {
    if (value.isTensor()) {
        if (value.toTensor().defined()) found.push_back({key, places, value.toTensor()});
    } else if (value.isTuple()) {
        const auto names = namesOf(value);
        const auto& elements = value.toTupleRef().elements();
        for (std::size_t i = 0; i < elements.size(); ++i) {
            const std::string place = std::to_string(i);
            collect(elements[i], under(key, i < names.size() ? names[i] : place),
                    under(places, place), found);
        }
    } else if (value.isList()) {
        std::size_t i = 0;
        for (const c10::IValue& element : value.toListRef()) {
            const std::string place = std::to_string(i++);
            collect(element, under(key, place), under(places, place), found);
        }
    } else if (value.isGenericDict()) {
        for (const auto& entry : value.toGenericDict()) {
            const std::string name = keyText(entry.key());
            collect(entry.value(), under(key, name), under(places, name), found);
        }
    }
}

ModelOutput described(const Found& found) {
    return {found.key, found.tensor.sizes().vec(),
            std::string(c10::getDtypeNames(found.tensor.scalar_type()).first)};
}

/// "logits: 2x10 float32; 1: 2x64 float32"
std::string listed(const std::vector<Found>& all) {
    std::string text;
    for (const Found& found : all) {
        const ModelOutput output = described(found);
        std::string shape;
        for (const auto size : output.shape) shape += cat(shape.empty() ? "" : "x", size);
        text += cat(text.empty() ? "" : "; ", output.key.empty() ? "a tensor" : output.key, ": ",
                    shape.empty() ? "a single number" : shape, " ", output.dtype);
    }
    return text;
}

Error refusal(const std::vector<Found>& all, std::string why) {
    const auto named = std::ranges::find_if(all, [](const Found& found) {
        return !found.key.empty() && found.tensor.is_floating_point();
    });
    return {Error::Kind::Mismatch, "Cannot tell which output of the model is meant",
            cat(why, "; it returns ", listed(all)),
            named == all.end() ? std::string("Leave the choice of an output out")
                               : cat("Choose one, such as ", named->key, " (--model-output)")};
}

}  // namespace

std::vector<ModelOutput> outputsIn(const c10::IValue& output) {
    std::vector<Found> all;
    collect(output, {}, {}, all);
    std::vector<ModelOutput> outputs;
    for (const Found& found : all) outputs.push_back(described(found));
    return outputs;
}

Result<at::Tensor> selectOutput(const c10::IValue& output, const std::string& key) {
    if (key.empty() && output.isTensor()) return output.toTensor();
    std::vector<Found> all;
    collect(output, {}, {}, all);
    if (all.empty()) {
        return Error{Error::Kind::Mismatch, "Cannot measure the model",
                     "the model returns no tensor", "Use a model whose forward returns one"};
    }
    const at::Tensor* chosen = nullptr;
    for (const Found& found : all) {
        const bool isMeant = key.empty() ? found.tensor.is_floating_point()
                                         : found.key == key || found.places == key;
        if (!isMeant) continue;
        if (chosen) return refusal(all, "the model returns several tensors");
        chosen = &found.tensor;
    }
    if (chosen) return *chosen;
    return refusal(all, key.empty() ? std::string("none of the model's outputs is floating-point")
                                    : cat("the model has no output \"", key, "\""));
}

Result<std::vector<ModelOutput>> modelOutputs(const model::Snapshot& snapshot,
                                              const data::Dataset& dataset) {
    const std::string what = cat("Cannot run ", snapshot.file().name(), " on the data");
    return guarded(what, [&]() -> Result<std::vector<ModelOutput>> {
        const at::NoGradGuard noGradients;
        torch::jit::Module module = model::cloneModule(snapshot.state().module);
        const Placement placement = place(module, snapshot, c10::kCPU);
        const data::Batch two = moved(firstSamples(dataset, 2), placement);
        return outputsIn(module.forward({two.inputs.begin(), two.inputs.end()}));
    });
}

}  // namespace espalier::measure
