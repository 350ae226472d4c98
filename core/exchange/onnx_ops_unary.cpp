// SPDX-License-Identifier: GPL-3.0-or-later
// Elementwise operators of one tensor: activations, roots, rounding.
#include <array>
#include <cmath>
#include <limits>
#include <numbers>

#include "core/exchange/onnx_call_torch.h"

namespace espalier::exchange {

namespace {

std::string input(const OnnxCall& call) {
    return call.tensor(call.id(0), call.type(call.output()));
}

std::string number(const OnnxCall& call, double value) {
    return call.graph.scalar(value, call.type(call.output()));
}

/// PyTorch's names, and ONNX's for the same.
struct Twin {
    std::string_view torch;
    std::string_view onnx;
};
constexpr std::array kTwins = {
    Twin{"relu", "Relu"},
    Twin{"sigmoid", "Sigmoid"},
    Twin{"tanh", "Tanh"},
    Twin{"exp", "Exp"},
    Twin{"log", "Log"},
    Twin{"sqrt", "Sqrt"},
    Twin{"neg", "Neg"},
    Twin{"negative", "Neg"},
    Twin{"abs", "Abs"},
    Twin{"floor", "Floor"},
    Twin{"ceil", "Ceil"},
    Twin{"round", "Round"},
    Twin{"sign", "Sign"},
    Twin{"erf", "Erf"},
    Twin{"sin", "Sin"},
    Twin{"cos", "Cos"},
    Twin{"tan", "Tan"},
    Twin{"asin", "Asin"},
    Twin{"acos", "Acos"},
    Twin{"atan", "Atan"},
    Twin{"sinh", "Sinh"},
    Twin{"cosh", "Cosh"},
    Twin{"reciprocal", "Reciprocal"},
    Twin{"softsign", "Softsign"},
    Twin{"logical_not", "Not"},
    Twin{"hardswish", "HardSwish"},
    Twin{"isnan", "IsNaN"},
    Twin{"isinf", "IsInf"},
    Twin{"asinh", "Asinh"},
    Twin{"acosh", "Acosh"},
    Twin{"atanh", "Atanh"},
};

void twin(const OnnxCall& call) {
    for (const auto& [torch, onnx] : kTwins) {
        if (torch != call.name) continue;
        const bool keepsType = onnx == "Not" || onnx == "IsNaN" || onnx == "IsInf";
        const auto type =
            onnx == "Not" ? at::kBool : call.type(keepsType ? call.id(0) : call.output());
        call.give(call.graph.add(std::string(onnx), {call.tensor(call.id(0), type)}));
    }
}

void bitwiseNot(const OnnxCall& call) {
    if (call.type(call.id(0)) != at::kBool) throw Unmapped("it works on the bits of integers");
    call.give(call.graph.add("Not", {input(call)}));
}

void hardSigmoid(const OnnxCall& call) {
    call.give(call.graph.add("HardSigmoid", {input(call)}, {{"alpha", 1.0 / 6}, {"beta", 0.5}}));
}

void silu(const OnnxCall& call) {
    const auto x = input(call);
    call.give(call.graph.add("Mul", {x, call.graph.add("Sigmoid", {x})}));
}

void mish(const OnnxCall& call) {
    const auto x = input(call);
    const auto gate = call.graph.add("Tanh", {call.graph.add("Softplus", {x})});
    call.give(call.graph.add("Mul", {x, gate}));
}

/// x / 2 × (1 + erf(x / √2)), or its approximation by tanh (Hendrycks and Gimpel, 2016).
void gelu(const OnnxCall& call) {
    auto& graph = call.graph;
    const auto x = input(call);
    std::string inner;
    if (call.text("approximate") == "tanh") {
        const auto cube = graph.add("Mul", {x, graph.add("Mul", {x, x})});
        const auto sum = graph.add("Add", {x, graph.add("Mul", {cube, number(call, 0.044715)})});
        const auto scaled =
            graph.add("Mul", {sum, number(call, std::sqrt(2 * std::numbers::inv_pi))});
        inner = graph.add("Tanh", {scaled});
    } else {
        inner = graph.add("Erf", {graph.add("Div", {x, number(call, std::numbers::sqrt2)})});
    }
    const auto gate = graph.add("Add", {inner, number(call, 1)});
    call.give(graph.add("Mul", {graph.add("Mul", {x, gate}), number(call, 0.5)}));
}

void elu(const OnnxCall& call) {
    if (call.name == "selu") return call.give(call.graph.add("Selu", {input(call)}));
    if (call.name == "celu") {
        return call.give(call.graph.add("Celu", {input(call)}, {{"alpha", call.real("alpha", 1)}}));
    }
    if (call.real("scale", 1) != 1 || call.real("input_scale", 1) != 1)
        throw Unmapped("it is scaled");
    call.give(call.graph.add("Elu", {input(call)}, {{"alpha", call.real("alpha", 1)}}));
}

void leakyRelu(const OnnxCall& call) {
    const double slope = call.name == "rrelu" ? (call.real("lower") + call.real("upper")) / 2
                                              : call.real("negative_slope", 0.01);
    call.give(call.graph.add("LeakyRelu", {input(call)}, {{"alpha", slope}}));
}

void softplus(const OnnxCall& call) {
    auto& graph = call.graph;
    const auto x = input(call);
    const double beta = call.real("beta", 1);
    if (beta == 1) return call.give(graph.add("Softplus", {x}));
    const auto soft = graph.add("Softplus", {graph.add("Mul", {x, number(call, beta)})});
    call.give(graph.add("Div", {soft, number(call, beta)}));
}

void logSigmoid(const OnnxCall& call) {
    auto& graph = call.graph;
    call.give(graph.add("Neg", {graph.add("Softplus", {graph.add("Neg", {input(call)})})}));
}

/// Between two bounds, each a number, a tensor, or none.
void clamp(const OnnxCall& call) {
    if (call.name == "relu6") {
        call.give(call.graph.add("Clip", {input(call), number(call, 0), number(call, 6)}));
        return;
    }
    const bool isHard = call.name == "hardtanh";
    const auto type = call.type(call.output());
    const auto bound = [&](std::string_view argument) -> std::string {
        const auto place = call.argument(argument);
        if (place < 0) return {};
        if (call.id(place) < 0 && call.given(argument).isNone()) return {};
        return call.operand(place, type);
    };
    const auto low = bound(isHard ? "min_val" : "min");
    const auto high = bound(isHard ? "max_val" : "max");
    auto value = input(call);
    if (!call.has("min") && !call.has("max")) {
        return call.give(call.graph.add("Clip", {value, low, high}));
    }
    if (!low.empty()) value = call.graph.add("Max", {value, low});
    if (!high.empty()) value = call.graph.add("Min", {value, high});
    call.give(value);
}

void clampMin(const OnnxCall& call) {
    const bool isMin = call.name == "clamp_min";
    call.give(call.graph.add(isMin ? "Max" : "Min",
                             {input(call), call.operand(1, call.type(call.output()))}));
}

void threshold(const OnnxCall& call) {
    auto& graph = call.graph;
    const auto x = input(call);
    const auto isAbove = graph.add("Greater", {x, number(call, call.real("threshold"))});
    call.give(graph.add("Where", {isAbove, x, number(call, call.real("value"))}));
}

void shrink(const OnnxCall& call) {
    const double lambda = call.real("lambd", 0.5);
    const double bias = call.name == "softshrink" ? lambda : 0;
    call.give(call.graph.add("Shrink", {input(call)}, {{"lambd", lambda}, {"bias", bias}}));
}

void tanhShrink(const OnnxCall& call) {
    const auto x = input(call);
    call.give(call.graph.add("Sub", {x, call.graph.add("Tanh", {x})}));
}

/// Those that are one operator after or before a number.
void composed(const OnnxCall& call) {
    auto& graph = call.graph;
    const auto x = input(call);
    if (call.name == "square") return call.give(graph.add("Mul", {x, x}));
    if (call.name == "rsqrt") return call.give(graph.add("Reciprocal", {graph.add("Sqrt", {x})}));
    if (call.name == "log1p")
        return call.give(graph.add("Log", {graph.add("Add", {x, number(call, 1)})}));
    if (call.name == "expm1")
        return call.give(graph.add("Sub", {graph.add("Exp", {x}), number(call, 1)}));
    if (call.name == "exp2") return call.give(graph.add("Pow", {number(call, 2), x}));
    if (call.name == "erfc")
        return call.give(graph.add("Sub", {number(call, 1), graph.add("Erf", {x})}));
    if (call.name == "trunc" || call.name == "fix") {
        const auto floor = graph.add("Floor", {graph.add("Abs", {x})});
        return call.give(graph.add("Mul", {graph.add("Sign", {x}), floor}));
    }
    const double base = call.name == "log2" ? std::numbers::ln2 : std::numbers::ln10;
    call.give(graph.add("Div", {graph.add("Log", {x}), number(call, base)}));
}

/// What copies, or does nothing when a model is evaluated; it may change the type.
void identity(const OnnxCall& call) {
    const bool isDropout = call.name.find("dropout") != std::string::npos;
    if (isDropout && call.flag(call.argument("train") >= 0 ? "train" : "training"))
        throw Unmapped("it is in training mode");
    call.give(call.graph.add("Identity", {input(call)}));
}

constexpr std::array kMappings = {
    NamedMapping{"relu sigmoid tanh exp log sqrt neg negative abs floor ceil round sign erf sin "
                 "cos tan asin acos atan sinh cosh reciprocal softsign logical_not hardswish isnan "
                 "isinf asinh acosh atanh",
                 twin},
    NamedMapping{"bitwise_not", bitwiseNot},
    NamedMapping{"hardsigmoid", hardSigmoid},
    NamedMapping{"silu", silu},
    NamedMapping{"mish", mish},
    NamedMapping{"gelu", gelu},
    NamedMapping{"elu selu celu", elu},
    NamedMapping{"leaky_relu rrelu", leakyRelu},
    NamedMapping{"softplus", softplus},
    NamedMapping{"log_sigmoid", logSigmoid},
    NamedMapping{"clamp clip hardtanh relu6", clamp},
    NamedMapping{"clamp_min clamp_max", clampMin},
    NamedMapping{"threshold", threshold},
    NamedMapping{"hardshrink softshrink", shrink},
    NamedMapping{"tanhshrink", tanhShrink},
    NamedMapping{"square rsqrt log1p expm1 exp2 erfc trunc fix log2 log10", composed},
    NamedMapping{"dropout feature_dropout alpha_dropout feature_alpha_dropout native_dropout "
                 "contiguous clone detach alias to type_as lift_fresh lift_fresh_copy float double "
                 "cpu requires_grad _to_copy",
                 identity},
};

}  // namespace

std::span<const NamedMapping> unaryMappings() {
    return kMappings;
}

}  // namespace espalier::exchange
