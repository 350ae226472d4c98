// SPDX-License-Identifier: GPL-3.0-or-later
// Operators that work element by element, hand their input on, or fill new tensors.
#include <array>

#include "core/base/format.h"
#include "core/channels/rules_torch.h"

namespace espalier::channels {

namespace {

/// Operands that broadcast to the shape of the result; a scalar passes.
void pointwise(const Call& call) {
    const auto inputs = call.tensors();
    for (const auto output : call.outputs()) {
        call.set(output, broadcastTags(call, inputs, call.shape(output)));
    }
}

/// The first tensor as it is; the others only say a type, a device or a shape.
void same(const Call& call) {
    const auto inputs = call.tensors();
    for (const auto output : call.outputs()) {
        if (inputs.empty()) {
            call.set(output, call.plain(output));
        } else if (output != inputs[0]) {
            auto tags = call.tagger.allAxes(inputs[0]);
            tags.isLazy = false;
            if (call.shape(output) != call.shape(inputs[0])) {
                return call.freezeAll(cat(call.tagger.here(), " changes their shape"));
            }
            call.set(output, std::move(tags));
        }
    }
}

/// What an operator writes has the channels of what it writes to.
void copy(const Call& call) {
    const auto self = call.tensor(0);
    const auto source = call.tensor(1);
    if (self < 0 || source < 0) return call.freezeAll(cat("of ", call.tagger.here()));
    const std::array<ValueId, 2> both{self, source};
    auto tags = broadcastTags(call, both, call.shape(self));
    for (const auto output : call.outputs()) call.set(output, tags);
}

void prelu(const Call& call) {
    const auto input = call.tensor(0);
    const auto weight = call.tensor(1);
    auto tags = call.tagger.allAxes(input);
    tags.isLazy = false;
    if (weight >= 0 && call.rank(weight) == 1 && call.shape(weight)[0] > 1) {
        joinAxes(call, input, call.rank(input) > 1 ? 1 : 0, weight, 0);
    }
    for (const auto output : call.outputs()) call.set(output, tags);
}

/// The same number everywhere: any of its positions may go.
void filled(const Call& call) {
    for (const auto output : call.outputs()) {
        auto tags = call.plain(output);
        tags.isLazy = true;
        tags.isParametric = false;
        tags.leaves.clear();
        call.set(output, std::move(tags));
    }
}

/// Shaped like another tensor, channel by channel.
void filledLike(const Call& call) {
    const auto like = call.tensor(0);
    for (const auto output : call.outputs()) {
        auto tags = call.plain(output);
        tags.isParametric = false;
        tags.leaves.clear();
        if (like >= 0 && call.shape(like) == call.shape(output)) {
            tags.axes = call.tagger.allAxes(like).axes;
        }
        call.set(output, std::move(tags));
    }
}

/// New numbers that differ from place to place.
void fresh(const Call& call) {
    const int origin = call.tagger.atoms().reason(cat("what ", call.tagger.here(), " makes"));
    for (const auto output : call.outputs()) {
        Tags tags;
        tags.axes.resize(call.shape(output).size());
        tags.origin = origin;
        call.set(output, std::move(tags));
    }
}

/// Looks at a tensor without handing its numbers on.
void looks(const Call& call) {
    for (const auto output : call.outputs()) call.set(output, call.plain(output));
}

constexpr std::array kRules = {
    NamedRule{"add sub mul div rsub where masked_fill maximum minimum lerp addcmul addcdiv pow "
              "hypot fmin fmax clamp clamp_min clamp_max floor_divide remainder fmod atan2 "
              "logical_and logical_or logical_xor __and__ __or__ __xor__ bitwise_and bitwise_or "
              "complex polar eq ne lt le gt ge isclose true_divide floordiv huber_loss multiply "
              "subtract divide arctan2 xlogy heaviside copysign not_equal less less_equal greater "
              "greater_equal",
              pointwise},
    NamedRule{
        "relu relu6 gelu silu sigmoid tanh hardtanh hardswish hardsigmoid leaky_relu elu celu "
        "selu mish softplus softsign softshrink hardshrink tanhshrink threshold rrelu "
        "log_sigmoid logsigmoid abs neg sqrt rsqrt exp log square reciprocal sin cos erf "
        "dropout feature_dropout alpha_dropout feature_alpha_dropout native_dropout "
        "contiguous clone detach alias to type_as float half double int long bool byte cpu "
        "cuda _to_copy lift lift_fresh lift_fresh_copy positive data requires_grad nan_to_num "
        "logical_not bitwise_not isnan isinf isfinite sign floor ceil round trunc resolve_conj "
        "resolve_neg conj real imag angle _autocast_to_reduced_precision "
        "_autocast_to_full_precision "
        "detach_copy alias_copy autocast_to_fp32 to_dense fake_quantize_per_tensor_affine "
        "bucketize absolute negative fix arccos arccosh arcsin arcsinh arctan arctanh",
        same},
    NamedRule{"copy", copy},
    NamedRule{"prelu _prelu_kernel", prelu},
    NamedRule{"zeros ones full empty new_zeros new_ones new_full new_empty", filled},
    NamedRule{"zeros_like ones_like full_like empty_like zero fill", filledLike},
    NamedRule{"tensor as_tensor scalar_tensor arange linspace logspace randn rand randint randperm "
              "eye tril_indices triu_indices NumToTensor hann_window normal bernoulli rand_like "
              "randn_like one_hot _shape_as_tensor full_tensor",
              fresh},
    NamedRule{"size dim len numel is_nested is_cuda device dtype layout stride is_floating_point "
              "item Int Float Bool ScalarImplicit IntImplicit FloatImplicit requires_grad_ shape "
              "ndim is_complex is_contiguous storage_offset get_device sym_size __isnot__ __is__ "
              "is_grad_enabled is_autocast_enabled equal is_nonzero is_cpu is_mkldnn is_quantized "
              "is_sparse is_meta is_xpu is_mps type_as_type _is_zerotensor result_type can_cast",
              looks},
};

}  // namespace

std::span<const NamedRule> pointwiseRules() {
    return kRules;
}

}  // namespace espalier::channels
