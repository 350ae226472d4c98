// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/channels/taken_apart_torch.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <ATen/Functions.h>
#include <ATen/TensorUtils.h>
#include <torch/csrc/jit/ir/constants.h>

#include "core/script/steps_torch.h"

namespace espalier::channels {

namespace {

/// Operators whose result is the same memory, seen otherwise: axes move or go …
constexpr std::array<std::string_view, 14> kViews = {
    "permute", "transpose", "t",      "swapaxes", "swapdims", "movedim", "moveaxis",
    "squeeze", "unsqueeze", "select", "unbind",   "chunk",    "split",   "slice"};
/// … or are regrouped.
constexpr std::array<std::string_view, 6> kRegroups = {"view",      "reshape", "_unsafe_view",
                                                       "unflatten", "flatten", "contiguous"};

template <std::size_t N>
bool isOneOf(const std::array<std::string_view, N>& names, const torch::jit::Node& node) {
    return node.kind().is_aten() &&
           std::ranges::find(names, node.kind().toUnqualString()) != names.end();
}

bool isStrided(const torch::jit::Node& node) {
    return node.kind() == c10::aten::slice &&
           torch::jit::constant_as<std::int64_t>(node.inputs()[4]) != 1;
}

/// Stands in for a value that has axes of another one: no memory, and the stride of an axis says
/// which it was. The strides are primes: what regrouping makes of one is none of the others.
using StandIn = at::Tensor;
constexpr std::array<std::int64_t, 12> kPrimes = {2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37};

class Follower {
public:
    explicit Follower(const Trace& trace) : m_trace(trace) {}

    void follow(std::size_t step, ValueId id, const StandIn& standIn) {
        for (; step < m_trace.steps.size(); ++step) {
            const auto& user = m_trace.steps[step];
            if (user.inputs.empty() || user.inputs[0] != id) continue;
            if (isOneOf(kViews, *user.node) && !isStrided(*user.node)) {
                view(step, standIn);
            } else if (isOneOf(kRegroups, *user.node) && user.outputs[0] != id) {
                regroup(step, standIn);
            }
        }
    }

    bool isTaken(std::size_t axis) const { return m_isTaken[axis]; }

private:
    const TraceValue& value(ValueId id) const {
        return m_trace.values[static_cast<std::size_t>(id)];
    }

    /// The operator moves the axes of the stand-in itself.
    void view(std::size_t step, const StandIn& standIn) {
        const auto& user = m_trace.steps[step];
        torch::jit::Stack stack{standIn};
        for (std::size_t i = 1; i < user.inputs.size(); ++i) {
            stack.push_back(value(user.inputs[i]).value);
        }
        script::functionOf(const_cast<torch::jit::Node*>(user.node))(stack);
        const auto& result = stack.at(0);
        const bool isList = result.isTensorList();
        const auto made = isList ? result.toTensorVector() : std::vector{result.toTensor()};
        const auto output = user.outputs.at(0);
        const auto ids = isList ? value(output).elements : std::vector{output};
        for (std::size_t i = 0; i < made.size() && i < ids.size(); ++i) {
            noteMissing(standIn, made[i]);
            follow(step + 1, ids[i], made[i]);
        }
    }

    /// Not followed where it merges axes.
    void regroup(std::size_t step, const StandIn& standIn) {
        const auto output = m_trace.steps[step].outputs[0];
        const auto& shape = value(output).shape;
        const auto strides = at::detail::computeStride(standIn.sizes(), standIn.strides(), shape);
        if (strides) follow(step + 1, output, standIn.as_strided(shape, *strides));
    }

    void noteMissing(const StandIn& before, const StandIn& after) {
        for (std::size_t i = 0; i < kPrimes.size(); ++i) {
            if (hasAxis(before, kPrimes[i]) && !hasAxis(after, kPrimes[i])) m_isTaken[i] = true;
        }
    }

    static bool hasAxis(const StandIn& standIn, std::int64_t number) {
        for (std::int64_t i = 0; i < standIn.dim(); ++i) {
            if (standIn.size(i) > 1 && standIn.stride(i) == number) return true;
        }
        return false;
    }

    const Trace& m_trace;
    std::array<bool, kPrimes.size()> m_isTaken{};
};

}  // namespace

std::vector<bool> axesTakenApart(const Trace& trace, int made, ValueId id) {
    const auto& shape = trace.values[static_cast<std::size_t>(id)].shape;
    std::vector<bool> isTaken(shape.size(), false);
    if (shape.size() > kPrimes.size()) return isTaken;
    Follower follower(trace);
    follower.follow(static_cast<std::size_t>(made) + 1, id,
                    at::empty_strided(shape, {kPrimes.data(), shape.size()}, at::kMeta));
    for (std::size_t axis = 0; axis < shape.size(); ++axis) isTaken[axis] = follower.isTaken(axis);
    return isTaken;
}

}  // namespace espalier::channels
