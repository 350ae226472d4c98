// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/channels/demands_torch.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <unordered_map>

#include <ATen/Functions.h>

#include "core/base/format.h"
#include "core/channels/positions_torch.h"

namespace espalier::channels {

namespace {

using c10::IValue;
using Inputs = std::span<const IValue>;
using Sizes = std::vector<std::int64_t>;

Error cannot(const Execution& execution, const std::string& why) {
    return {Error::Kind::Unsupported, cat("Cannot cut at ", execution.op()), why, ""};
}

bool isIntList(const IValue& value) {
    return value.isIntList();
}

/// The output's new shape, where the argument was the output's old shape (-1 allowed).
Result<Demand> outputShape(const Execution& execution, std::size_t argument) {
    Demand demand;
    const auto& old = execution.input(argument).value;
    if (!isIntList(old) || !execution.output(0).isTensor) return demand;
    const auto sizes = old.toIntVector();
    const auto& shape = execution.output(0).shape;
    if (sizes.size() != shape.size()) return demand;
    for (std::size_t i = 0; i < sizes.size(); ++i) {
        if (sizes[i] != -1 && sizes[i] != shape[i]) return demand;
    }
    demand.arguments.emplace(argument, execution.newOutputShape(0));
    return demand;
}

Result<Demand> unflattened(const Execution& execution, Inputs) {
    const auto sizes = execution.argument("sizes");
    const auto dim = execution.oldInt("dim");
    if (!sizes || !dim || !isIntList(execution.input(*sizes).value)) return Demand{};
    const auto count = execution.input(*sizes).value.toIntVector().size();
    const auto shape = execution.newOutputShape(0);
    const auto from = Execution::wrapped(*dim, execution.input(0).shape.size());
    Demand demand;
    demand.arguments.emplace(*sizes, Sizes(shape.begin() + from, shape.begin() + from + count));
    return demand;
}

Result<Demand> repeated(const Execution& execution, Inputs) {
    auto argument = execution.argument("repeats");
    if (!argument) argument = execution.argument("dims");
    if (!argument || !isIntList(execution.input(*argument).value)) return Demand{};
    auto counts = execution.input(*argument).value.toIntVector();
    const auto out = execution.newOutputShape(0);
    auto in = execution.newInputShape(0);
    in.insert(in.begin(), out.size() - in.size(), 1);
    const auto missing = out.size() - counts.size();
    for (std::size_t i = 0; i < counts.size(); ++i) {
        const auto size = in[i + missing], whole = out[i + missing];
        if (size == 0) continue;
        if (whole % size != 0) return cannot(execution, "what is repeated no longer fits");
        counts[i] = whole / size;
    }
    Demand demand;
    demand.arguments.emplace(*argument, counts);
    return demand;
}

Result<Demand> repeatedInPlace(const Execution& execution, Inputs) {
    const auto argument = execution.argument("repeats");
    const auto dim = execution.oldInt("dim");
    if (!argument || !dim) return Demand{};
    const IValue& repeats = execution.input(*argument).value;
    const bool isTensor = repeats.isTensor() && repeats.toTensor().numel() == 1;  // in traces
    if (!isTensor && !repeats.isInt()) return Demand{};
    const auto out = execution.newOutputShape(0);
    const auto axis = Execution::wrapped(*dim, out.size());
    const auto size = execution.newInputShape(0)[axis];
    if (size == 0 || out[axis] % size != 0)
        return cannot(execution, "what is repeated no longer fits");
    Demand demand;
    const std::int64_t count = out[axis] / size;
    demand.arguments.emplace(
        *argument, isTensor ? IValue(at::scalar_tensor(count, at::kLong)) : IValue(count));
    return demand;
}

Result<Demand> normalizedShape(const Execution& execution, Inputs) {
    const auto argument = execution.argument("normalized_shape");
    if (!argument || !isIntList(execution.input(*argument).value)) return Demand{};
    const auto count = execution.input(*argument).value.toIntVector().size();
    const auto shape = execution.newInputShape(0);
    Demand demand;
    demand.arguments.emplace(*argument, Sizes(shape.end() - count, shape.end()));
    return demand;
}

Result<Demand> groupCount(const Execution& execution, std::string_view name) {
    Demand demand;
    const auto argument = execution.argument(name);
    if (!argument) return demand;
    if (const auto count = execution.groupCount()) demand.arguments.emplace(*argument, *count);
    return demand;
}

/// Attention divides by the root of the size that the queries had when it was trained.
Result<Demand> attentionScale(const Execution& execution, Inputs inputs) {
    Demand demand;
    const auto argument = execution.argument("scale");
    const auto& shape = execution.input(0).shape;
    if (!argument || shape.empty() || !inputs[*argument].isNone()) return demand;
    if (cutOf(execution.inputBox(0), static_cast<std::int64_t>(shape.size()) - 1) == nullptr) {
        return demand;
    }
    demand.arguments.emplace(*argument, 1.0 / std::sqrt(static_cast<double>(shape.back())));
    return demand;
}

/// An axis that shrinks to one position must not be squeezed away, and the others must.
Result<Demand> squeezed(const Execution& execution, Inputs) {
    const auto& old = execution.input(0).shape;
    const auto now = execution.newInputShape(0);
    if (old.size() != now.size()) return Demand{};
    bool isDifferent = false;
    for (std::size_t i = 0; i < old.size(); ++i) isDifferent |= (old[i] == 1) != (now[i] == 1);
    if (!isDifferent) return Demand{};
    Sizes axes;
    const auto dim = execution.argument("dim");
    for (std::size_t i = 0; i < old.size(); ++i) {
        bool isMeant = !dim;
        const auto same = [&](std::int64_t axis) {
            return Execution::wrapped(axis, old.size()) == static_cast<std::int64_t>(i);
        };
        if (dim && execution.input(*dim).value.isInt()) {
            isMeant = same(execution.input(*dim).value.toInt());
        } else if (dim && isIntList(execution.input(*dim).value)) {
            isMeant = std::ranges::any_of(execution.input(*dim).value.toIntVector(), same);
        }
        if (isMeant && old[i] == 1) axes.push_back(static_cast<std::int64_t>(i));
    }
    Demand demand;
    demand.substitute = Substitute{Substitute::Kind::SqueezeAxes, 0, axes, {}};
    return demand;
}

/// Numbers that stand for their place (0, 1, 2, …): those of the kept places stay what they were.
Result<Demand> countedUp(const Execution& execution, Inputs) {
    Demand demand;
    if (execution.outputBox(0).empty()) return demand;
    demand.substitute = Substitute{Substitute::Kind::CutOutput, 0, {}, execution.outputBox(0)};
    return demand;
}

using Rule = std::function<Result<Demand>(const Execution&, Inputs)>;

Rule named(Result<Demand> (*rule)(const Execution&, std::string_view), std::string_view name) {
    return [rule, name](const Execution& execution, Inputs) { return rule(execution, name); };
}

const std::unordered_map<std::string, Rule>& rules() {
    static const std::unordered_map<std::string, Rule> table = {
        {"unflatten", unflattened},
        {"repeat", repeated},
        {"tile", repeated},
        {"repeat_interleave", repeatedInPlace},
        {"layer_norm", normalizedShape},
        {"native_layer_norm", normalizedShape},
        {"rms_norm", normalizedShape},
        {"group_norm", named(groupCount, "num_groups")},
        {"conv1d", named(groupCount, "groups")},
        {"conv2d", named(groupCount, "groups")},
        {"conv3d", named(groupCount, "groups")},
        {"conv_transpose1d", named(groupCount, "groups")},
        {"conv_transpose2d", named(groupCount, "groups")},
        {"conv_transpose3d", named(groupCount, "groups")},
        {"convolution", named(groupCount, "groups")},
        {"_convolution", named(groupCount, "groups")},
        {"_convolution_mode", named(groupCount, "groups")},
        {"scaled_dot_product_attention", attentionScale},
        {"squeeze", squeezed},
        {"arange", countedUp},
        {"linspace", countedUp},
        {"eye", countedUp},
        {"slice", slicePositions},
        {"narrow", narrowPositions},
        {"narrow_copy", narrowPositions},
        {"select", selectPosition},
        {"chunk", pieces},
        {"unsafe_chunk", pieces},
        {"split", pieces},
        {"unsafe_split", pieces},
        {"split_with_sizes", pieces},
        {"unsafe_split_with_sizes", pieces},
        {"tensor_split", pieces},
        {"hsplit", pieces},
        {"vsplit", pieces},
        {"dsplit", pieces},
        {"index_select", indexedPositions},
        {"index", advancedIndex},
        {"roll", rolledPositions},
        {"pad", paddedPositions},
        {"constant_pad_nd", paddedPositions},
    };
    return table;
}

}  // namespace

Result<Demand> demandOf(const Execution& execution, Inputs inputs) {
    if (const auto rule = rules().find(execution.op()); rule != rules().end()) {
        return rule->second(execution, inputs);
    }
    for (const std::string_view name : {"size", "shape"}) {
        if (const auto argument = execution.argument(name)) {
            return outputShape(execution, *argument);
        }
    }
    return Demand{};
}

IValue evaluate(const Substitute& substitute, const at::Tensor& input) {
    switch (substitute.kind) {
        case Substitute::Kind::IndexSelect:
            return input.index_select(substitute.axis, at::tensor(substitute.numbers, at::kLong));
        case Substitute::Kind::SplitSizes:
            return c10::List<at::Tensor>(
                input.split_with_sizes(substitute.numbers, substitute.axis));
        case Substitute::Kind::SqueezeAxes:
            return input.squeeze(substitute.numbers);
        case Substitute::Kind::CutOutput:
            break;
    }
    return {};
}

}  // namespace espalier::channels
