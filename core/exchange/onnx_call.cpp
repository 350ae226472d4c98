// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <map>

#include "core/base/format.h"
#include "core/exchange/onnx_call_torch.h"

namespace espalier::exchange {

namespace {

std::size_t at(std::int64_t index) {
    return static_cast<std::size_t>(index);
}

const std::map<std::string, OnnxMapping>& table() {
    static const auto all = [] {
        std::map<std::string, OnnxMapping> mappings;
        for (const auto rows :
             {convolutionMappings(), poolingMappings(), contractionMappings(), attentionMappings(),
              normalisationMappings(), unaryMappings(), binaryMappings(), shapeMappings(),
              axisMappings(), reductionMappings(), creationMappings(), recurrentMappings(),
              compositeMappings()}) {
            for (const auto& [names, mapping] : rows) {
                std::istringstream words{std::string(names)};
                for (std::string word; words >> word;) mappings.emplace(word, mapping);
            }
        }
        return mappings;
    }();
    return all;
}

}  // namespace

OnnxMapping findMapping(const std::string& name) {
    const auto found = table().find(name);
    return found == table().end() ? nullptr : found->second;
}

std::vector<std::string> mappedOperators() {
    std::vector<std::string> names;
    for (const auto& [name, mapping] : table()) names.push_back(name);
    return names;
}

std::string mappingName(const torch::jit::Node& node) {
    std::string name = node.kind().toUnqualString();
    const bool isInPlace = name.ends_with('_') && !name.starts_with("__");
    if (isInPlace) name.pop_back();
    return name;
}

int OnnxCall::argument(std::string_view argumentName) const {
    const auto* schema = step.node->maybeSchema();
    if (schema == nullptr) return -1;
    const auto& arguments = schema->arguments();
    for (std::size_t i = 0; i < arguments.size() && i < step.inputs.size(); ++i) {
        if (arguments[i].name() == argumentName) return static_cast<int>(i);
    }
    return -1;
}

ValueId OnnxCall::id(int place) const {
    if (place < 0 || at(place) >= step.inputs.size()) return -1;
    const auto id = step.inputs[at(place)];
    return id >= 0 && seen.value(id).isTensor ? id : -1;
}

ValueId OnnxCall::id(std::string_view argumentName) const {
    return id(argument(argumentName));
}

std::string OnnxCall::tensor(std::string_view argumentName) const {
    const auto given = id(argumentName);
    return given < 0 ? std::string() : tensor(given);
}

std::string OnnxCall::tensor(ValueId id) const {
    return m_values.nameOf(id);
}

std::string OnnxCall::tensor(ValueId id, at::ScalarType type) const {
    auto given = tensor(id);
    return this->type(id) == type ? given : graph.cast(given, type);
}

std::string OnnxCall::operand(int place, at::ScalarType type) const {
    if (const auto given = id(place); given >= 0) return tensor(given, type);
    const auto number = step.inputs.at(at(place));
    if (seen.isData(number)) throw Unmapped("a number in it depends on what the input holds");
    if (!seen.isSame(number)) return graph.count(seen.number(number), type);
    const auto& value = seen.value(number).value;
    if (!value.isScalar()) throw Unmapped("it is given neither a tensor nor a number");
    return graph.scalar(value.toScalar().toDouble(), type);
}

std::vector<ValueId> OnnxCall::list(std::string_view argumentName) const {
    const auto place = argument(argumentName);
    if (place < 0) return {};
    return seen.value(step.inputs[at(place)]).elements;
}

c10::IValue OnnxCall::given(std::string_view argumentName) const {
    const auto place = argument(argumentName);
    if (place < 0 || step.inputs[at(place)] < 0) return {};
    const auto id = step.inputs[at(place)];
    if (seen.isData(id)) throw Unmapped(cat(argumentName, " depends on what the input holds"));
    const bool isOne = seen.value(id).isTensor ? !seen.varies(id) : seen.isSame(id);
    if (!isOne) throw BatchIsFixed(cat(argumentName, " of ", name, " depends on it"));
    return seen.value(id).value;
}

std::int64_t OnnxCall::integer(std::string_view argumentName, std::int64_t otherwise) const {
    const auto value = given(argumentName);
    if (value.isInt()) return value.toInt();
    if (value.isTensor() && value.toTensor().numel() == 1) return value.toTensor().item().toLong();
    return otherwise;
}

double OnnxCall::real(std::string_view argumentName, double otherwise) const {
    const auto value = given(argumentName);
    return value.isScalar() ? value.toScalar().toDouble() : otherwise;
}

bool OnnxCall::flag(std::string_view argumentName) const {
    const auto value = given(argumentName);
    return value.isBool() && value.toBool();
}

std::string OnnxCall::text(std::string_view argumentName) const {
    const auto value = given(argumentName);
    return value.isString() ? value.toStringRef() : std::string();
}

Integers OnnxCall::integers(std::string_view argumentName) const {
    Integers result;
    for (const Count& count : counts(argumentName)) {
        if (!count.isFixed()) throw BatchIsFixed(cat(argumentName, " of ", name, " depends on it"));
        result.push_back(count.rest);
    }
    return result;
}

Integers OnnxCall::integers(std::string_view argumentName, std::size_t count,
                            std::int64_t otherwise) const {
    auto given = integers(argumentName);
    if (given.empty()) given.push_back(otherwise);
    if (given.size() == 1) given.resize(count, given[0]);
    return given;
}

std::vector<Count> OnnxCall::counts(std::string_view argumentName) const {
    const auto place = argument(argumentName);
    if (place < 0 || step.inputs[at(place)] < 0) return {};
    const auto given = step.inputs[at(place)];
    const auto& value = seen.value(given);
    if (seen.isData(given)) throw Unmapped(cat(argumentName, " depends on what the input holds"));
    if (value.value.isNone() && value.elements.empty() && !value.isTensor) return {};
    return seen.numbers(given);
}

std::int64_t OnnxCall::axis(std::string_view argumentName, ValueId of,
                            std::int64_t otherwise) const {
    const auto given = integer(argumentName, otherwise);
    return given < 0 ? given + std::max<std::int64_t>(1, rank(of)) : given;
}

Integers OnnxCall::axes(std::string_view argumentName, ValueId of) const {
    auto given = integers(argumentName);
    if (given.empty()) {
        for (std::int64_t i = 0; i < rank(of); ++i) given.push_back(i);
    }
    for (auto& axis : given) axis = axis < 0 ? axis + rank(of) : axis;
    return given;
}

std::int64_t OnnxCall::fixedSize(ValueId id, std::int64_t axis) const {
    const Count size = seen.dims(id).at(at(axis));
    if (!size.isFixed()) throw BatchIsFixed(cat("an axis that ", name, " works on depends on it"));
    return size.rest;
}

std::vector<ValueId> OnnxCall::outputs() const {
    std::vector<ValueId> ids;
    for (const auto id : step.outputs) {
        if (id < 0) continue;
        const auto& value = seen.value(id);
        if (value.isTensor) ids.push_back(id);
        ids.insert(ids.end(), value.elements.begin(), value.elements.end());
    }
    return ids;
}

void OnnxCall::give(std::string value) const {
    give(output(), std::move(value));
}

void OnnxCall::give(ValueId id, std::string value) const {
    m_given.emplace_back(id, std::move(value));
}

}  // namespace espalier::exchange
