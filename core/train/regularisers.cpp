// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <array>
#include <stdexcept>
#include <string_view>

#include "core/base/format.h"
#include "core/base/log.h"
#include "core/model/snapshot_torch.h"
#include "core/train/regularisers_torch.h"

namespace espalier::train {
namespace {

struct Entry {
    std::string_view name;
    Penalty (*make)(const Regularised&);
};

constexpr std::array kRegularisers{
    Entry{"l1", makeL1},
    Entry{"l2", makeL2},
    Entry{"group_lasso", makeGroupLasso},
    Entry{"bn_l1", makeBatchNormL1},
};

Penalty find(std::string_view name, const Regularised& regularised) {
    for (const Entry& entry : kRegularisers) {
        if (entry.name == name) return entry.make(regularised);
    }
    throw std::invalid_argument(cat("there is no regulariser ", name));
}

}  // namespace

std::vector<std::string> regulariserNames() {
    std::vector<std::string> names;
    for (const Entry& entry : kRegularisers) names.emplace_back(entry.name);
    return names;
}

at::Tensor Regularised::trained(const model::Layer& layer) const {
    const at::Tensor weight = model::parameterAt(module, layer.name);
    const auto isIt = [&weight](const at::Tensor& each) { return each.is_same(weight); };
    return std::ranges::any_of(parameters, isIt) ? weight : at::Tensor();
}

std::vector<at::Tensor> Regularised::weights() const {
    std::vector<at::Tensor> weights;
    for (const model::Layer& layer : snapshot.layers()) {
        const at::Tensor weight = layer.prunable.weights ? trained(layer) : at::Tensor();
        if (weight.defined()) weights.push_back(weight);
    }
    return weights;
}

Penalty makePenalty(const std::vector<Regulariser>& terms, const Regularised& regularised) {
    struct Term {
        Penalty penalty;
        double strength;
    };
    std::vector<Term> found;
    for (const Regulariser& term : terms) {
        if (Penalty penalty = find(term.name, regularised)) {
            found.push_back({std::move(penalty), term.strength});
        } else {
            log(LogLevel::Warning,
                cat("The regulariser ", term.name,
                    " does nothing: the model has no weights for it that train"));
        }
    }
    if (found.empty()) return {};
    return [found] {
        at::Tensor sum;
        for (const Term& term : found) {
            const at::Tensor value = term.penalty() * term.strength;
            sum = sum.defined() ? sum + value : value;
        }
        return sum;
    };
}

}  // namespace espalier::train
