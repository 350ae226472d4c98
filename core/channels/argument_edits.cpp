// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/channels/argument_edits_torch.h"

#include <algorithm>

#include <ATen/Functions.h>
#include <torch/csrc/jit/ir/constants.h>

#include "core/base/format.h"
#include "core/channels/execution_torch.h"
#include "core/script/steps_torch.h"

namespace espalier::channels {

namespace {

using c10::IValue;
using torch::jit::Node;
using torch::jit::Value;

Conflict conflictAt(const Node& node) {
    return Conflict(cat(node.kind().toQualString(),
                        " is run several times and would need different sizes each time"));
}

bool infersOneSize(const Node& node) {
    const auto name = plainOperator(node);
    return name == "view" || name == "reshape" || name == "_unsafe_view";
}

/// Elements that are constants in the graph, told from those that are worked out.
Value* elementValue(Value* list, std::size_t index) {
    Node& node = *list->node();
    const bool isMade = node.kind() == c10::prim::ListConstruct && index < node.inputs().size();
    return isMade ? node.inputs()[index] : nullptr;
}

/// Runs a comparison by hand.
bool compared(Node& node, const std::vector<IValue>& inputs) {
    torch::jit::Stack stack(inputs.begin(), inputs.end());
    script::functionOf (&node)(stack);
    return stack.back().toBool();
}

}  // namespace

void ArgumentEditor::remember(Place place, const IValue& passed) {
    m_passed.insert_or_assign(place, passed);
}

void ArgumentEditor::requireAlways(Place place, const IValue& wanted) const {
    const auto passed = m_passed.find(place);
    if (passed != m_passed.end() && !sameNumbers(passed->second, wanted)) {
        throw conflictAt(*place.first);
    }
}

void ArgumentEditor::requireElement(Place place, std::size_t element, std::int64_t wanted) const {
    const auto passed = m_passed.find(place);
    if (passed == m_passed.end() || !passed->second.isIntList()) return;
    const auto list = passed->second.toIntVector();
    if (element >= list.size() || list[element] != wanted) throw conflictAt(*place.first);
}

void ArgumentEditor::set(Place place, Expression expression, const IValue& wanted, Inputs& inputs) {
    if (const auto* known = m_edits.argument(place)) {
        if (known->value == nullptr && !sameNumbers(known->constant, wanted) &&
            !(wanted.isTensor() && known->constant.isTensor() &&
              at::equal(wanted.toTensor(), known->constant.toTensor()))) {
            throw conflictAt(*place.first);
        }
    } else {
        if (expression.value == nullptr) requireAlways(place, wanted);
        m_edits.setArgument(place, std::move(expression));
    }
    inputs[place.second] = wanted;
}

void ArgumentEditor::fitShape(Node& node, std::size_t index, const IValue& wanted, Inputs& inputs) {
    const Place place{&node, index};
    if (wanted.isIntList() && inputs[index].isIntList()) return fitList(place, wanted, inputs);
    if (m_edits.argument(place) == nullptr && sameNumbers(inputs[index], wanted)) {
        return remember(place, inputs[index]);
    }
    if (wanted.isInt() && inputs[index].isInt() && m_edits.argument(place) == nullptr) {
        Value* value = node.inputs()[index];
        const auto solved =
            m_numbers.isStatic(value) ? std::nullopt : m_numbers.solved(value, wanted.toInt());
        return set(place, solved.value_or(Expression{nullptr, {}, wanted}), wanted, inputs);
    }
    set(place, Expression{nullptr, {}, wanted}, wanted, inputs);
}

Expression ArgumentEditor::elementFor(Place place, std::size_t element, std::int64_t wanted,
                                      bool canInfer) {
    Value* value = elementValue(place.first->inputs()[place.second], element);
    const bool isDynamic = value != nullptr && !m_numbers.isStatic(value);
    if (isDynamic && canInfer) return {nullptr, {}, -1};
    if (isDynamic) {
        if (auto solved = m_numbers.solved(value, wanted)) return *std::move(solved);
    }
    return {nullptr, {}, wanted};
}

void ArgumentEditor::fitList(Place place, const IValue& wanted, Inputs& inputs) {
    const auto needed = wanted.toIntVector();
    auto given = inputs[place.second].toIntVector();
    if (given.size() != needed.size()) {
        return set(place, Expression{nullptr, {}, wanted}, wanted, inputs);
    }
    const auto* known = m_edits.elements(place);
    Elements elements = known ? *known : Elements(needed.size());
    bool isChanged = false;
    for (std::size_t i = 0; i < needed.size(); ++i) {
        if (elements[i]) {
            // Constants must be right each time; worked-out numbers are trusted to be.
            const bool isConstant = elements[i]->value == nullptr;
            const auto number = isConstant ? elements[i]->constant.toInt() : needed[i];
            if (number != needed[i] && number != -1) throw conflictAt(*place.first);
            given[i] = number;
        } else if (given[i] != needed[i] && given[i] != -1) {
            const bool canInfer = infersOneSize(*place.first) &&
                                  std::ranges::count(given, -1) == 0 &&
                                  std::ranges::count(needed, 0) == 0;
            elements[i] = elementFor(place, i, needed[i], canInfer);
            const bool isConstant = elements[i]->value == nullptr;
            given[i] = isConstant ? elements[i]->constant.toInt() : needed[i];
            if (isConstant && given[i] != -1) requireElement(place, i, needed[i]);
            isChanged = true;
        }
    }
    if (isChanged) m_edits.setElements(place, std::move(elements));
    if (!isChanged && known == nullptr) remember(place, inputs[place.second]);
    inputs[place.second] = given;
}

void ArgumentEditor::keepNumber(Node& node, std::size_t index, const IValue& then, Inputs& inputs) {
    const Place place{&node, index};
    Value* value = node.inputs()[index];
    if (!m_numbers.isChanged(value)) return;
    if (then.isIntList() && inputs[index].isIntList()) return fitList(place, then, inputs);
    auto expression = m_numbers.asItWas(value);
    if (!expression)
        throw Conflict(cat("a number that ", node.kind().toQualString(),
                           " takes depends on how many channels there are"));
    const IValue old = m_numbers.evaluate(*expression);
    if (m_edits.argument(place) == nullptr) m_edits.setArgument(place, *expression);
    inputs[index] = old;
}

void ArgumentEditor::fitNumber(Node& node, std::size_t index, const IValue& wanted,
                               Inputs& inputs) {
    const Place place{&node, index};
    if (m_edits.argument(place) == nullptr && sameNumbers(inputs[index], wanted)) {
        return remember(place, wanted);
    }
    set(place, Expression{nullptr, {}, wanted}, wanted, inputs);
}

std::optional<ArgumentEditor::Inputs> ArgumentEditor::fitComparison(Node& node,
                                                                    const Execution& execution,
                                                                    Inputs& inputs) {
    const IValue& then = execution.output(0).value;
    if (!then.isBool()) return std::nullopt;
    for (std::size_t i = 0; i < 2; ++i) {
        const auto& value = inputs[i];
        if (!value.isInt() && !value.isIntList() && !value.isDouble()) return std::nullopt;
    }
    const bool isEdited =
        m_edits.argument({&node, 0}) || m_edits.argument({&node, 1}) || m_edits.output(&node);
    if (!isEdited && compared(node, inputs) == then.toBool()) return std::nullopt;
    const IValue old[2] = {execution.input(0).value, execution.input(1).value};
    if (sameNumbers(old[0], old[1])) {
        const bool isFirstNew = !sameNumbers(old[0], inputs[0]);
        const bool isSecondNew = !sameNumbers(old[1], inputs[1]);
        const std::size_t stale = isFirstNew ? 1 : 0;
        // The other side is a size that batch and space have no part in only when it is one number.
        if (isFirstNew != isSecondNew && inputs[stale].isInt()) {
            fitNumber(node, stale, inputs[1 - stale], inputs);
            return std::nullopt;
        }
    }
    setOutput(node, then);
    return Inputs{then};
}

void ArgumentEditor::fitShapes(Node& node, const Execution& execution, Inputs& inputs) {
    const IValue old[2] = {execution.input(0).value, execution.input(1).value};
    if (!old[0].isIntList() || !sameNumbers(old[0], old[1])) return;
    const bool isFirstNew = !sameNumbers(old[0], inputs[0]);
    const bool isSecondNew = !sameNumbers(old[1], inputs[1]);
    if (isFirstNew == isSecondNew) return;
    const std::size_t stale = isFirstNew ? 1 : 0;
    fitList({&node, stale}, inputs[1 - stale], inputs);
}

void ArgumentEditor::setOutput(Node& node, const IValue& constant) {
    if (const auto* known = m_edits.output(&node)) {
        const bool isSame =
            sameNumbers(*known, constant) || (known->isTensor() && constant.isTensor() &&
                                              at::equal(known->toTensor(), constant.toTensor()));
        if (!isSame) throw conflictAt(node);
        return;
    }
    m_edits.setOutput(&node, constant);
}

std::optional<ArgumentEditor::Inputs> ArgumentEditor::substitute(Node& node,
                                                                 const Substitute& substitute,
                                                                 const Inputs& inputs) {
    if (const auto* known = m_edits.substitute(&node)) {
        if (!(*known == substitute)) throw conflictAt(node);
    } else {
        m_edits.setSubstitute(&node, substitute);
    }
    if (substitute.kind != Substitute::Kind::CutOutput) {
        return Inputs{evaluate(substitute, inputs[0].toTensor())};
    }
    torch::jit::Stack stack(inputs.begin(), inputs.end());
    script::functionOf (&node)(stack);
    return Inputs{cutTensor(stack.back().toTensor(), substitute.box)};
}

}  // namespace espalier::channels
