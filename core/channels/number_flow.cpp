// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/channels/number_flow_torch.h"

#include <cmath>
#include <set>
#include <string_view>

#include <ATen/Functions.h>
#include <torch/csrc/jit/ir/constants.h>

#include "core/script/steps_torch.h"

namespace espalier::channels {

namespace {

using c10::IValue;
using torch::jit::Node;
using torch::jit::Value;

bool isNumberType(const c10::TypePtr& type) {
    switch (type->kind()) {
        case c10::TypeKind::IntType:
        case c10::TypeKind::FloatType:
        case c10::TypeKind::BoolType:
        case c10::TypeKind::NumberType:
        case c10::TypeKind::SymIntType:
        case c10::TypeKind::SymFloatType:
            return true;
        case c10::TypeKind::ListType:
            return isNumberType(type->expectRef<c10::ListType>().getElementType());
        case c10::TypeKind::OptionalType:
            return isNumberType(type->expectRef<c10::OptionalType>().getElementType());
        default:
            return false;
    }
}

/// Operators on tensors of sizes that traced code is full of.
bool isArithmetic(const Node& node) {
    static const std::set<std::string_view> kOperators = {
        "NumToTensor", "add",           "sub",        "mul",         "div",     "floor_divide",
        "remainder",   "pow",           "sqrt",       "rsqrt",       "neg",     "floor",
        "ceil",        "round",         "trunc",      "abs",         "to",      "detach",
        "tensor",      "scalar_tensor", "reciprocal", "true_divide", "clone",   "rsub",
        "_to_copy",    "type_as",       "log",        "exp",         "maximum", "minimum"};
    return kOperators.contains(node.kind().toUnqualString());
}

bool isSmallTensor(const IValue& value) {
    return value.isTensor() && value.toTensor().defined() && value.toTensor().numel() <= 1;
}

/// A constant of the same type that stands for another number.
IValue like(const IValue& old, std::int64_t number) {
    if (!old.isTensor()) return number;
    return at::scalar_tensor(number, old.toTensor().options());
}

}  // namespace

bool sameNumbers(const IValue& a, const IValue& b) {
    if (a.isNone() || b.isNone()) return a.isNone() && b.isNone();
    if (a.isInt() && b.isInt()) return a.toInt() == b.toInt();
    if (a.isBool() && b.isBool()) return a.toBool() == b.toBool();
    if (a.isDouble() && b.isDouble()) {
        return a.toDouble() == b.toDouble() ||
               (std::isnan(a.toDouble()) && std::isnan(b.toDouble()));
    }
    if (a.isIntList() && b.isIntList()) return a.toIntVector() == b.toIntVector();
    if (isSmallTensor(a) && isSmallTensor(b)) {
        return a.toTensor().sizes().equals(b.toTensor().sizes()) &&
               a.toTensor().scalar_type() == b.toTensor().scalar_type() &&
               at::equal(a.toTensor(), b.toTensor());
    }
    if (a.isString() && b.isString()) return a.toStringRef() == b.toStringRef();
    return a.tagKind() == b.tagKind() && !a.isTensor();
}

void NumberFlow::record(const Value* value, const IValue& then, const IValue& now) {
    m_known.insert_or_assign(value, Known{then, now});
}

bool NumberFlow::isNumber(const Value* value) {
    if (isNumberType(value->type())) return true;
    if (value->type()->kind() != c10::TypeKind::TensorType) return false;
    if (const auto known = m_isNumber.find(value); known != m_isNumber.end()) return known->second;
    m_isNumber[value] = false;  // until known: loops cannot make a number
    const Node& node = *value->node();
    if (!isArithmetic(node)) return false;
    bool hasNumber = false;
    for (const Value* input : node.inputs()) {
        const bool isConstant = input->node()->kind() == c10::prim::Constant;
        if (isConstant && input->type()->kind() == c10::TypeKind::TensorType) {
            const auto constant = torch::jit::toIValue(input);
            if (!constant || !isSmallTensor(*constant)) return false;
        } else if (!isConstant && !isNumber(input) &&
                   input->type()->kind() == c10::TypeKind::TensorType) {
            return false;
        }
        hasNumber |= !isConstant && isNumber(input);
    }
    return m_isNumber[value] = hasNumber;
}

bool NumberFlow::isStatic(const Value* value) {
    if (const auto known = m_isStatic.find(value); known != m_isStatic.end()) return known->second;
    m_isStatic[value] = false;
    const Node& node = *value->node();
    bool answer = node.kind() == c10::prim::Constant || node.kind() == c10::prim::GetAttr;
    if (!answer && node.kind() != c10::prim::Param && node.blocks().empty() &&
        !node.inputs().empty()) {
        answer = true;
        for (const Value* input : node.inputs()) answer = answer && isStatic(input);
    }
    return m_isStatic[value] = answer;
}

bool NumberFlow::canDescend(const Node& node) {
    return node.blocks().empty() && node.maybeSchema() != nullptr && node.outputs().size() == 1 &&
           !node.hasSideEffects();
}

bool NumberFlow::isData(const Value* value) {
    static const std::set<std::string_view> kShapeQueries = {"size",
                                                             "sym_size",
                                                             "len",
                                                             "numel",
                                                             "sym_numel",
                                                             "dim",
                                                             "stride",
                                                             "dtype",
                                                             "shape",
                                                             "device",
                                                             "layout",
                                                             "is_cuda",
                                                             "is_floating_point",
                                                             "requires_grad"};
    if (const auto known = m_isData.find(value); known != m_isData.end()) return known->second;
    m_isData[value] = false;
    const Node& node = *value->node();
    if (node.kind() == c10::prim::Param || !node.blocks().empty() ||
        kShapeQueries.contains(node.kind().toUnqualString())) {
        return false;
    }
    bool answer = false;
    for (const Value* input : node.inputs()) {
        const bool isTensor = input->type()->kind() == c10::TypeKind::TensorType;
        answer |= isTensor && !isNumber(input) ? input->node()->kind() != c10::prim::Constant
                                               : isData(input);
    }
    return m_isData[value] = answer;
}

bool NumberFlow::isChanged(const Value* value) {
    if (isData(value)) return false;
    const auto known = m_known.find(value);
    if (known == m_known.end()) return false;
    const auto& [then, now] = known->second;
    // Small floating tensors are not kept by the trace: they are what their inputs make of them.
    if (!isSmallTensor(now) || isSmallTensor(then)) return !sameNumbers(then, now);
    for (const Value* input : value->node()->inputs()) {
        if (isNumber(input) && isChanged(input)) return true;
    }
    return false;
}

std::optional<Expression> NumberFlow::asItWas(Value* value) {
    Expression expression{value, {}, {}};
    if (!collect(value, expression)) return std::nullopt;
    return expression;
}

bool NumberFlow::collect(Value* value, Expression& expression) {
    if (!isChanged(value) || expression.changed.contains(value)) return true;
    Node& node = *value->node();
    bool isReached = false;
    if (canDescend(node)) {
        isReached = true;
        bool isAny = false;
        for (Value* input : node.inputs()) {
            if (!isChanged(input)) continue;
            const bool isPlain =
                input->type()->kind() != c10::TypeKind::ListType && isNumber(input);
            isReached = isReached && isPlain && collect(input, expression);
            isAny = true;
        }
        isReached = isReached && isAny;
    }
    if (isReached) return true;
    const IValue& then = m_known.at(value).then;
    if (then.isNone()) return false;
    expression.changed.emplace(value, then);
    return true;
}

IValue NumberFlow::evaluate(const Expression& expression) {
    if (expression.value == nullptr) return expression.constant;
    const auto changed = expression.changed.find(expression.value);
    if (changed != expression.changed.end()) return changed->second;
    const auto known = m_known.find(expression.value);
    Node* node = expression.value->node();
    if (const auto constant = torch::jit::toIValue(expression.value)) return *constant;
    if (!isChanged(expression.value) || !canDescend(*node) || !isNumber(expression.value)) {
        return known == m_known.end() ? IValue() : known->second.now;
    }
    torch::jit::Stack stack;
    for (Value* input : node->inputs()) stack.push_back(evaluate({input, expression.changed, {}}));
    script::functionOf(node)(stack);
    return stack.back();
}

std::optional<std::int64_t> NumberFlow::now(const Value* value) const {
    const auto known = m_known.find(value);
    const auto number = known != m_known.end() ? std::optional<IValue>(known->second.now)
                                               : torch::jit::toIValue(value);
    if (!number) return std::nullopt;
    if (number->isInt()) return number->toInt();
    if (isSmallTensor(*number) && at::isIntegralType(number->toTensor().scalar_type(), false)) {
        return number->toTensor().item<std::int64_t>();
    }
    return std::nullopt;
}

std::optional<Expression> NumberFlow::solved(Value* value, std::int64_t wanted) {
    Expression expression{value, {}, {}};
    if (!solve(value, wanted, expression)) return std::nullopt;
    return expression;
}

bool NumberFlow::solve(Value* value, std::int64_t wanted, Expression& expression) {
    Node& node = *value->node();
    if (isStatic(value)) {
        const auto known = m_known.find(value);
        const auto old = known != m_known.end() ? std::optional<IValue>(known->second.now)
                                                : torch::jit::toIValue(value);
        if (!old || !(old->isInt() || isSmallTensor(*old))) return false;
        expression.changed.emplace(value, like(*old, wanted));
        return true;
    }
    if (!canDescend(node)) return false;
    expression.way.insert(&node);
    const std::string_view name = node.kind().toUnqualString();
    if (name == "NumToTensor" || name == "Int" || name == "to" || name == "detach" ||
        name == "IntImplicit" || name == "ScalarImplicit") {
        return solve(node.inputs()[0], wanted, expression);
    }
    return solveProduct(node, wanted, expression);
}

bool NumberFlow::solveProduct(Node& node, std::int64_t wanted, Expression& expression) {
    if (node.inputs().size() < 2) return false;
    const std::string_view name = node.kind().toUnqualString();
    Value* left = node.inputs()[0];
    Value* right = node.inputs()[1];
    const auto a = now(left), b = now(right);
    if (!a || !b) return false;
    if (name == "mul") {
        if (isStatic(left)) {
            std::swap(left, right);
        }
        const auto factor = now(left);
        if (isStatic(right) && *factor != 0 && wanted % *factor == 0) {
            return solve(right, wanted / *factor, expression);
        }
        const auto other = now(right);
        return *other != 0 && wanted % *other == 0 && solve(left, wanted / *other, expression);
    }
    if (name == "floordiv" || name == "floor_divide" || name == "div") {
        if (isStatic(right) && wanted != 0 && *a % wanted == 0) {
            return solve(right, *a / wanted, expression);
        }
        return solve(left, wanted * *b, expression);
    }
    if (name == "add" && isStatic(right)) return solve(right, wanted - *a, expression);
    if (name == "sub" && isStatic(right)) return solve(right, *a - wanted, expression);
    return false;
}

}  // namespace espalier::channels
