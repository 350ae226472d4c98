// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/channels/positions_torch.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include <ATen/Functions.h>

#include "core/base/format.h"

namespace espalier::channels {

namespace {

using c10::IValue;
using Inputs = std::span<const IValue>;
using Positions = std::vector<std::int64_t>;

Error cannot(const Execution& execution, const std::string& why) {
    return {Error::Kind::Unsupported, cat("Cannot cut at ", execution.op()), why, ""};
}

/// The axis that argument "dim" names, when it shrinks.
const AxisCut* cutAxis(const Execution& execution) {
    const auto dim = execution.oldInt("dim");
    if (!dim) return nullptr;
    return cutOf(execution.inputBox(0), Execution::wrapped(*dim, execution.input(0).shape.size()));
}

/// The axis that is split, when it shrinks; hsplit, vsplit and dsplit say by name which one that
/// is.
const AxisCut* splitAxis(const Execution& execution) {
    const std::string& op = execution.op();
    if (!op.ends_with("split") || execution.argument("dim")) return cutAxis(execution);
    const std::int64_t columns = execution.input(0).shape.size() > 1 ? 1 : 0;
    return cutOf(execution.inputBox(0), op.front() == 'v' ? 0 : op.front() == 'd' ? 2 : columns);
}

/// Old positions as new ones; those that are gone are left out.
Positions renumberedAll(const AxisCut& cut, const Positions& old) {
    Positions now;
    for (const auto position : old) {
        if (const auto found = renumbered(cut, position)) now.push_back(*found);
    }
    return now;
}

std::int64_t intOr(const IValue& value, std::int64_t fallback) {
    return value.isInt() ? value.toInt() : fallback;
}

/// What start:end:step picks out of `size` positions.
Positions sliced(const IValue& start, const IValue& end, std::int64_t step, std::int64_t size) {
    const auto bounded = [size](std::int64_t bound) {
        return std::clamp<std::int64_t>(bound < 0 ? bound + size : bound, 0, size);
    };
    Positions positions;
    const auto last = bounded(intOr(end, std::numeric_limits<std::int64_t>::max()));
    for (auto at = bounded(intOr(start, 0)); at < last && step > 0; at += step) {
        positions.push_back(at);
    }
    return positions;
}

Demand indexSelect(const AxisCut& cut, Positions positions) {
    Demand demand;
    demand.substitute =
        Substitute{Substitute::Kind::IndexSelect, cut.axis, std::move(positions), {}};
    return demand;
}

/// The distance between neighbours when it is the same everywhere.
std::optional<std::int64_t> strideOf(const Positions& positions) {
    if (positions.size() < 2) return 1;
    const auto stride = positions[1] - positions[0];
    for (std::size_t i = 1; i < positions.size(); ++i) {
        if (positions[i] - positions[i - 1] != stride) return std::nullopt;
    }
    return stride > 0 ? std::optional(stride) : std::nullopt;
}

/// The positions that a tensor of indices, or a mask, picks; `old` is None when it depends on the
/// input. Nothing to do when `now` picks the right ones already.
Result<Demand> picked(const Execution& execution, const AxisCut& cut, const IValue& old,
                      const IValue& now) {
    if (!old.isTensor()) return cannot(execution, "the positions depend on the input");
    auto indices = old.toTensor();
    if (indices.dim() > 1) return cannot(execution, "it picks channels by a table");
    if (indices.scalar_type() == at::kBool) indices = indices.nonzero();
    indices = indices.to(at::kLong).reshape(-1).contiguous();
    Positions all(indices.data_ptr<std::int64_t>(),
                  indices.data_ptr<std::int64_t>() + indices.numel());
    for (auto& position : all) position += position < 0 ? cut.before : 0;
    const auto wanted = renumberedAll(cut, all);
    if (wanted.empty()) return cannot(execution, "nothing of what it picks is left");
    const bool isRight = now.isTensor() && now.toTensor().scalar_type() == at::kLong &&
                         at::equal(now.toTensor().reshape(-1), at::tensor(wanted, at::kLong));
    return isRight ? Demand{} : indexSelect(cut, wanted);
}

}  // namespace

Result<Demand> slicePositions(const Execution& execution, Inputs inputs) {
    const AxisCut* cut = execution.input(0).isTensor ? cutAxis(execution) : nullptr;
    const auto start = execution.argument("start"), end = execution.argument("end"),
               step = execution.argument("step");
    if (cut == nullptr || !start || !end || !step) return Demand{};
    const auto old = [&](std::size_t i) { return execution.input(i).value; };
    const auto wanted =
        renumberedAll(*cut, sliced(old(*start), old(*end), intOr(old(*step), 1), cut->before));
    if (wanted.empty()) return cannot(execution, "nothing of what it picks is left");
    const auto size = static_cast<std::int64_t>(cut->kept.size());
    const auto stride = strideOf(wanted);
    if (!stride) return indexSelect(*cut, wanted);
    const IValue newStart = wanted.front(), newEnd = wanted.back() + 1;
    const bool isStrideRight = intOr(inputs[*step], 1) == *stride;
    // As few arguments as possible are changed: open ends stay open.
    for (const bool changeStart : {false, true}) {
        for (const bool changeEnd : {false, true}) {
            const IValue from = changeStart ? newStart : inputs[*start];
            const IValue to = changeEnd ? newEnd : inputs[*end];
            const auto by = wanted.size() < 2 && isStrideRight ? intOr(inputs[*step], 1) : *stride;
            if (sliced(from, to, by, size) != wanted) continue;
            Demand demand;
            if (changeStart) demand.arguments.emplace(*start, newStart);
            if (changeEnd) demand.arguments.emplace(*end, newEnd);
            demand.arguments.emplace(*step, by);
            if (!changeStart) demand.arguments.emplace(*start, inputs[*start]);
            if (!changeEnd) demand.arguments.emplace(*end, inputs[*end]);
            return demand;
        }
    }
    return indexSelect(*cut, wanted);
}

Result<Demand> narrowPositions(const Execution& execution, Inputs) {
    const AxisCut* cut = cutAxis(execution);
    const auto start = execution.argument("start"), length = execution.argument("length");
    if (cut == nullptr || !start || !length) return Demand{};
    const auto first = execution.oldInt("start"), count = execution.oldInt("length");
    if (!first || !count) return cannot(execution, "where it starts depends on the input");
    Positions old(*count);
    std::iota(old.begin(), old.end(), *first < 0 ? *first + cut->before : *first);
    const auto wanted = renumberedAll(*cut, old);
    if (wanted.empty()) return cannot(execution, "nothing of what it picks is left");
    Demand demand;
    demand.arguments.emplace(*start, wanted.front());
    demand.arguments.emplace(*length, static_cast<std::int64_t>(wanted.size()));
    return demand;
}

Result<Demand> selectPosition(const Execution& execution, Inputs inputs) {
    const AxisCut* cut = execution.input(0).isTensor ? cutAxis(execution) : nullptr;
    const auto index = execution.argument("index");
    if (cut == nullptr || !index) return Demand{};
    const auto old = execution.oldInt("index");
    if (!old) return cannot(execution, "the position depends on the input");
    const auto wanted = renumbered(*cut, *old < 0 ? *old + cut->before : *old);
    if (!wanted) return cannot(execution, "the position it picks would be gone");
    Demand demand;
    const auto now = intOr(inputs[*index], 0);
    const auto size = static_cast<std::int64_t>(cut->kept.size());
    demand.arguments.emplace(*index, (now < 0 ? now + size : now) == *wanted ? now : *wanted);
    return demand;
}

Result<Demand> pieces(const Execution& execution, Inputs inputs) {
    const AxisCut* cut = execution.input(0).isTensor ? splitAxis(execution) : nullptr;
    if (cut == nullptr) return Demand{};
    Positions sizes;
    for (const auto& shape : execution.newShapesIn(0)) sizes.push_back(shape.at(cut->axis));
    if (sizes.empty() || std::ranges::min(sizes) == 0) {
        return cannot(execution, "one of the pieces would be empty");
    }
    const auto total = static_cast<std::int64_t>(cut->kept.size());
    if (std::reduce(sizes.begin(), sizes.end()) != total) {
        return cannot(execution, "the pieces no longer make up the whole");
    }
    for (const auto name : {"split_sizes", "split_size"}) {
        const auto argument = execution.argument(name);
        if (!argument || !execution.input(*argument).value.isIntList()) continue;
        Demand demand;
        demand.arguments.emplace(*argument, sizes);
        return demand;
    }
    // How large the pieces come out when the operator is left alone.
    std::int64_t each = 0;
    if (execution.op().ends_with("chunk")) {
        const auto count = intOr(inputs[1], 1);
        each = (total + count - 1) / count;
    } else if (execution.op().ends_with("split") && inputs[1].isInt() &&
               execution.op() != "tensor_split") {
        each = inputs[1].toInt();
    }
    bool isRight = each > 0;
    for (std::size_t i = 0; i < sizes.size(); ++i) {
        const auto left = total - each * static_cast<std::int64_t>(i);
        isRight = isRight && sizes[i] == std::min(each, left);
    }
    Demand demand;
    if (isRight) {
        demand.arguments.emplace(1, inputs[1]);
    } else {
        demand.substitute = Substitute{Substitute::Kind::SplitSizes, cut->axis, sizes, {}};
    }
    return demand;
}

Result<Demand> indexedPositions(const Execution& execution, Inputs inputs) {
    const AxisCut* cut = cutAxis(execution);
    const auto index = execution.argument("index");
    if (cut == nullptr || !index) return Demand{};
    return picked(execution, *cut, execution.input(*index).value, inputs[*index]);
}

Result<Demand> advancedIndex(const Execution& execution, Inputs inputs) {
    if (!execution.input(0).isTensor || !inputs[1].isList()) return Demand{};
    const auto indices = inputs[1].toListRef();
    const auto isUsed = [&](std::int64_t axis) {
        return axis < static_cast<std::int64_t>(indices.size()) && indices[axis].isTensor() &&
               indices[axis].toTensor().defined();
    };
    const auto& box = execution.inputBox(0);
    const auto cut = std::ranges::find_if(box, [&](const auto& c) { return isUsed(c.axis); });
    if (cut == box.end()) return Demand{};
    const auto& elements = execution.input(1).elements;
    if (elements.size() != 1) return cannot(execution, "it picks in several axes at once");
    return picked(execution, *cut, execution.value(elements[0]).value, indices[cut->axis]);
}

Result<Demand> rolledPositions(const Execution& execution, Inputs) {
    const auto shifts = execution.argument("shifts"), dims = execution.argument("dims");
    if (!shifts || !dims || execution.inputBox(0).empty()) return Demand{};
    const auto by = execution.input(*shifts).value.toIntVector();
    const auto axes = execution.input(*dims).value.toIntVector();
    Demand demand;
    for (std::size_t i = 0; i < axes.size(); ++i) {
        const auto axis = Execution::wrapped(axes[i], execution.input(0).shape.size());
        const AxisCut* cut = cutOf(execution.inputBox(0), axis);
        if (cut == nullptr) continue;
        if (axes.size() > 1) return cannot(execution, "it moves channels and other axes at once");
        Positions old(cut->before);
        for (std::int64_t p = 0; p < cut->before; ++p) {
            old[p] = ((p - by[i]) % cut->before + cut->before) % cut->before;
        }
        return indexSelect(*cut, renumberedAll(*cut, old));
    }
    return demand;
}

Result<Demand> paddedPositions(const Execution& execution, Inputs) {
    const auto argument = execution.argument("pad");
    if (!argument || !execution.input(*argument).value.isIntList()) return Demand{};
    auto pad = execution.input(*argument).value.toIntVector();
    const auto rank = static_cast<std::int64_t>(execution.input(0).shape.size());
    Demand demand;
    bool isTouched = false;
    for (std::size_t i = 0; i + 1 < pad.size(); i += 2) {
        const auto axis = rank - 1 - static_cast<std::int64_t>(i / 2);
        const AxisCut* in = cutOf(execution.inputBox(0), axis);
        const AxisCut* out = cutOf(execution.outputBox(0), axis);
        if ((in == nullptr && out == nullptr) || (pad[i] == 0 && pad[i + 1] == 0)) continue;
        if (pad[i] < 0 || pad[i + 1] < 0) return cannot(execution, "it crops channels");
        const auto size = execution.input(0).shape[axis];
        const auto before = pad[i];
        Positions kept(size + pad[i] + pad[i + 1]);
        std::iota(kept.begin(), kept.end(), 0);
        if (out != nullptr) kept = out->kept;
        pad[i] = std::ranges::count_if(kept, [&](auto p) { return p < before; });
        pad[i + 1] = std::ranges::count_if(kept, [&](auto p) { return p >= before + size; });
        isTouched = true;
    }
    if (isTouched) demand.arguments.emplace(*argument, pad);
    return demand;
}

}  // namespace espalier::channels
