// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/exchange/onnx_export.h"

#include <algorithm>

#include "core/base/format.h"
#include "core/channels/proof_torch.h"
#include "core/exchange/export_module_torch.h"
#include "core/exchange/onnx_converter_torch.h"

namespace espalier::exchange {

namespace fs = std::filesystem;

namespace {

constexpr auto kWhat = "Cannot export ONNX";

struct Prepared {
    OnnxModel model;
    OnnxPreview preview;
};

Error cancelled() {
    return {Error::Kind::Cancelled, kWhat, "it was cancelled", ""};
}

OnnxValue describe(const std::string& name, const Observation& seen, ValueId id) {
    OnnxValue value{name, onnxType(seen.value(id).dtype), {}};
    for (const Count& size : seen.dims(id)) {
        if (size.isFixed()) {
            value.shape.emplace_back(size.rest);
        } else if (size == Count{1, 0}) {
            value.shape.emplace_back("batch");
        } else {
            value.shape.emplace_back(cat(size.perSample, "*batch+", size.rest));
        }
    }
    return value;
}

/// The names of forward's arguments, as many as there are tensors; none is a parameter's.
std::vector<std::string> inputNames(const torch::jit::Module& module, std::size_t count) {
    const auto& arguments = module.get_method("forward").function().getSchema().arguments();
    std::vector<std::string> names;
    for (std::size_t i = 0; i < count; ++i) {
        const std::string own = i + 1 < arguments.size() ? arguments[i + 1].name() : "";
        const bool isFree = !own.empty() && own != "output" && !module.hasattr(own);
        names.push_back(isFree ? own : cat("input_", i));
    }
    return names;
}

/// The nodes without a mapping that the outputs need, once for each operator and layer.
std::vector<OnnxObstacle> obstaclesIn(const OnnxModel& model,
                                      const std::vector<UnmappedStep>& unmapped) {
    std::vector<OnnxObstacle> obstacles;
    for (const auto& node : model.nodes) {
        if (node.op != OnnxConverter::kUnmapped) continue;
        const auto place = std::get<std::int64_t>(node.attributes.at(0).value);
        const auto& [op, layer, reason] = unmapped.at(static_cast<std::size_t>(place));
        const OnnxObstacle obstacle{op, layer, reason};
        if (std::ranges::find(obstacles, obstacle) == obstacles.end())
            obstacles.push_back(obstacle);
    }
    return obstacles;
}

/// Throws BatchIsFixed.
Result<Prepared> convert(const torch::jit::Module& module, const model::Snapshot& snapshot,
                         bool isBatchFree, RunControl& control) {
    const auto seen = Observation::make(module, snapshot.inputs(), isBatchFree, control);
    if (!seen) return seen.error();
    Prepared prepared;
    OnnxModel& model = prepared.model;
    model.name = fs::path(snapshot.file().name()).stem().string();
    OnnxGraph graph(model);
    OnnxConverter converter(graph, *seen);
    const auto& inputs = seen->trace().inputs;
    const auto names = inputNames(module, inputs.size());
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        model.inputs.push_back(describe(names[i], *seen, inputs[i]));
        converter.setInput(inputs[i], names[i]);
    }
    graph.setBatchInput(names.empty() ? "" : names[0]);
    if (!converter.run(control)) return cancelled();

    graph.setScope("");
    const auto& outputs = seen->trace().outputs;
    std::vector<std::string> given;
    for (std::size_t i = 0; i < outputs.size(); ++i) {
        const std::string name = outputs.size() == 1 ? "output" : cat("output_", i);
        graph.add("Identity", {converter.nameOf(outputs[i])});
        model.nodes.back().outputs = {name};
        model.outputs.push_back(describe(name, *seen, outputs[i]));
        given.push_back(name);
    }
    graph.keepOnly(given);
    auto& preview = prepared.preview;
    preview.obstacles = obstaclesIn(model, converter.unmapped());
    preview.hasAnyBatch = isBatchFree;
    for (const auto& node : model.nodes) ++preview.nodes[node.op];
    const auto program = script::makeProgram(module);
    if (program) preview.notes = channels::decidedByData(*program->graph, seen->trace());
    return prepared;
}

Result<Prepared> prepare(const ExportSubject& subject, const EventSink<>& events,
                         RunControl& control) {
    events.progress({"Following the model on examples", 0, 0, -1});
    const auto module = moduleOf(subject);
    if (!module) return module.error();
    const auto& snapshot = *subject.snapshot;
    std::string reason;
    const auto isList = [](const script::InputSpec& input) { return input.isList; };
    if (std::ranges::any_of(snapshot.inputs(), isList)) {
        reason = "an input is a list";
    } else {
        try {
            return convert(*module, snapshot, true, control);
        } catch (const BatchIsFixed& fixed) {
            reason = fixed.what();
        }
    }
    auto prepared = convert(*module, snapshot, false, control);
    if (!prepared) return prepared.error();
    std::string inputs;
    for (const auto& input : snapshot.inputs()) inputs += cat(" ", script::toString(input));
    prepared->preview.notes.push_back(cat("The batch size is fixed, as in", inputs, ": ", reason));
    return prepared;
}

Error refused(const std::vector<OnnxObstacle>& obstacles) {
    std::string why;
    for (const auto& [op, layer, reason] : obstacles) {
        why +=
            cat(why.empty() ? "" : "; ", op, layer.empty() ? "" : " in ", layer, " (", reason, ")");
    }
    return {Error::Kind::Unsupported, kWhat, why,
            "Export TorchScript or safetensors, or write the model without these operators"};
}

}  // namespace

Result<OnnxPreview> previewOnnx(const ExportSubject& subject, const EventSink<>& events,
                                RunControl& control) {
    return guarded(kWhat, [&]() -> Result<OnnxPreview> {
        auto prepared = prepare(subject, events, control);
        if (!prepared) return prepared.error();
        return std::move(prepared->preview);
    });
}

Result<std::vector<OnnxObstacle>> onnxObstacles(const ExportSubject& subject,
                                                const EventSink<>& events, RunControl& control) {
    auto preview = previewOnnx(subject, events, control);
    if (!preview) return preview.error();
    return preview->obstacles;
}

Result<std::vector<std::string>> writeOnnx(const ExportSubject& subject, const fs::path& target,
                                           const EventSink<>& events, RunControl& control) {
    return guarded(kWhat, [&]() -> Result<std::vector<std::string>> {
        auto prepared = prepare(subject, events, control);
        if (!prepared) return prepared.error();
        if (!prepared->preview.obstacles.empty()) return refused(prepared->preview.obstacles);
        if (auto written = writeOnnxFile(prepared->model, target, events); !written)
            return written.error();
        return prepared->preview.notes;
    });
}

std::vector<std::string> onnxOperators() {
    return mappedOperators();
}

}  // namespace espalier::exchange
