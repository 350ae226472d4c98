// SPDX-License-Identifier: GPL-3.0-or-later
// Elementwise operators of several tensors and numbers.
#include <array>

#include "core/exchange/onnx_call_torch.h"

namespace espalier::exchange {

namespace {

at::ScalarType resultType(const OnnxCall& call) {
    return call.type(call.output());
}

std::string first(const OnnxCall& call) {
    return call.operand(0, resultType(call));
}

std::string second(const OnnxCall& call) {
    return call.operand(1, resultType(call));
}

/// The second operand times alpha.
std::string secondScaled(const OnnxCall& call) {
    const double alpha = call.real("alpha", 1);
    const auto value = second(call);
    if (alpha == 1) return value;
    return call.graph.add("Mul", {value, call.graph.scalar(alpha, resultType(call))});
}

void add(const OnnxCall& call) {
    if (resultType(call) == at::kBool) {
        call.give(call.graph.add("Or", {first(call), second(call)}));
    } else {
        call.give(call.graph.add("Add", {first(call), secondScaled(call)}));
    }
}

void subtract(const OnnxCall& call) {
    call.give(call.graph.add("Sub", {first(call), secondScaled(call)}));
}

void subtractFrom(const OnnxCall& call) {
    call.give(call.graph.add("Sub", {secondScaled(call), first(call)}));
}

void multiply(const OnnxCall& call) {
    const bool isBool = resultType(call) == at::kBool;
    call.give(call.graph.add(isBool ? "And" : "Mul", {first(call), second(call)}));
}

/// Towards minus infinity; ONNX divides integers towards zero.
std::string floored(const OnnxCall& call) {
    auto& graph = call.graph;
    if (at::isFloatingType(resultType(call)))
        return graph.add("Floor", {graph.add("Div", {first(call), second(call)})});
    const auto rest = graph.add("Mod", {first(call), second(call)});
    return graph.add("Div", {graph.add("Sub", {first(call), rest}), second(call)});
}

void divide(const OnnxCall& call) {
    const auto rounding = call.text("rounding_mode");
    if (call.name == "floor_divide" || rounding == "floor") return call.give(floored(call));
    auto value = call.graph.add("Div", {first(call), second(call)});
    if (rounding == "trunc" && at::isFloatingType(resultType(call))) {
        const auto size = call.graph.add("Floor", {call.graph.add("Abs", {value})});
        value = call.graph.add("Mul", {call.graph.add("Sign", {value}), size});
    }
    call.give(value);
}

/// With the sign of the divisor (remainder), or of the dividend (fmod).
void remainder(const OnnxCall& call) {
    auto& graph = call.graph;
    const bool isReal = at::isFloatingType(resultType(call));
    if (call.name == "fmod" || !isReal) {
        const std::int64_t asInC = call.name == "fmod" ? 1 : 0;
        return call.give(graph.add("Mod", {first(call), second(call)}, {{"fmod", asInC}}));
    }
    const auto times = graph.add("Mul", {floored(call), second(call)});
    call.give(graph.add("Sub", {first(call), times}));
}

void power(const OnnxCall& call) {
    const auto type = resultType(call);
    if (call.id(1) < 0 && call.real("exponent") == 2) {
        const auto x = first(call);
        return call.give(call.graph.add("Mul", {x, x}));
    }
    call.give(call.graph.add("Pow", {call.operand(0, type), call.operand(1, type)}));
}

void extreme(const OnnxCall& call) {
    const bool isMax = call.name == "maximum" || call.name == "fmax";
    call.give(call.graph.add(isMax ? "Max" : "Min", {first(call), second(call)}));
}

/// The type that both sides of a comparison are brought to.
at::ScalarType commonType(const OnnxCall& call) {
    const auto left = call.type(call.id(0));
    if (const auto right = call.id(1); right >= 0) {
        if (call.rank(right) > 0 || call.rank(call.id(0)) == 0)
            return c10::promoteTypes(left, call.type(right));
        return left;
    }
    const auto other = call.seen.value(call.step.inputs[1]).value;
    if (other.isDouble() && !at::isFloatingType(left)) return at::kFloat;
    return left == at::kBool && other.isInt() ? at::kLong : left;
}

void compare(const OnnxCall& call) {
    const auto type = commonType(call);
    const auto left = call.operand(0, type);
    const auto right = call.operand(1, type);
    const auto give = [&](const std::string& op) { return call.graph.add(op, {left, right}); };
    if (call.name == "eq") return call.give(give("Equal"));
    if (call.name == "ne") return call.give(call.graph.add("Not", {give("Equal")}));
    if (call.name == "lt") return call.give(give("Less"));
    if (call.name == "le") return call.give(give("LessOrEqual"));
    if (call.name == "gt") return call.give(give("Greater"));
    call.give(give("GreaterOrEqual"));
}

void logical(const OnnxCall& call) {
    const bool isBitwise = !call.name.starts_with("logical");
    if (isBitwise && resultType(call) != at::kBool)
        throw Unmapped("it works on the bits of integers");
    std::string op = "Xor";
    if (call.name.find("and") != std::string::npos) op = "And";
    if (call.name.find("or") != std::string::npos && call.name.find("xor") == std::string::npos)
        op = "Or";
    call.give(call.graph.add(op, {call.operand(0, at::kBool), call.operand(1, at::kBool)}));
}

void where(const OnnxCall& call) {
    const auto type = resultType(call);
    call.give(call.graph.add("Where", {call.tensor(call.id(0), at::kBool), call.operand(1, type),
                                       call.operand(2, type)}));
}

void maskedFill(const OnnxCall& call) {
    const auto type = resultType(call);
    call.give(call.graph.add("Where", {call.tensor(call.id("mask"), at::kBool),
                                       call.operand(call.argument("value"), type), first(call)}));
}

/// self + value × a × b, or a / b
void addProduct(const OnnxCall& call) {
    auto& graph = call.graph;
    const auto type = resultType(call);
    auto value = graph.add(call.name == "addcmul" ? "Mul" : "Div",
                           {call.operand(1, type), call.operand(2, type)});
    if (const double by = call.real("value", 1); by != 1)
        value = graph.add("Mul", {value, graph.scalar(by, type)});
    call.give(graph.add("Add", {first(call), value}));
}

void interpolate(const OnnxCall& call) {
    auto& graph = call.graph;
    const auto start = first(call);
    const auto way = graph.add("Sub", {second(call), start});
    const auto weight = call.operand(2, resultType(call));
    call.give(graph.add("Add", {start, graph.add("Mul", {weight, way})}));
}

/// The slopes of PRelu lie along the channels.
void prelu(const OnnxCall& call) {
    auto slope = call.tensor("weight");
    Integers axes;
    for (std::int64_t i = 1; i < call.rank(call.id(0)) - 1; ++i) axes.push_back(i);
    const bool isPerChannel =
        call.rank(call.id("weight")) == 1 && call.shape(call.id("weight"))[0] > 1;
    if (isPerChannel && !axes.empty())
        slope = call.graph.add("Unsqueeze", {slope, call.graph.constant(axes)});
    call.give(call.graph.add("PRelu", {first(call), slope}));
}

/// A whole tensor replaced by another, or by a number.
void replace(const OnnxCall& call) {
    const auto output = call.output();
    const auto value = call.operand(1, call.type(output));
    const auto source = call.id(1);
    if (source >= 0 && call.shape(source) == call.shape(output)) return call.give(value);
    call.give(call.graph.add("Expand", {value, call.graph.counts(call.seen.dims(output))}));
}

constexpr std::array kMappings = {
    NamedMapping{"add __add__ __iadd__", add},
    NamedMapping{"sub subtract", subtract},
    NamedMapping{"rsub", subtractFrom},
    NamedMapping{"mul multiply", multiply},
    NamedMapping{"div true_divide divide floor_divide", divide},
    NamedMapping{"remainder fmod", remainder},
    NamedMapping{"pow", power},
    NamedMapping{"maximum minimum fmax fmin", extreme},
    NamedMapping{"eq ne lt le gt ge", compare},
    NamedMapping{"logical_and logical_or logical_xor bitwise_and bitwise_or bitwise_xor __and__ "
                 "__or__ __xor__",
                 logical},
    NamedMapping{"where", where},
    NamedMapping{"masked_fill", maskedFill},
    NamedMapping{"addcmul addcdiv", addProduct},
    NamedMapping{"lerp", interpolate},
    NamedMapping{"prelu", prelu},
    NamedMapping{"copy fill", replace},
};

}  // namespace

std::span<const NamedMapping> binaryMappings() {
    return kMappings;
}

}  // namespace espalier::exchange
