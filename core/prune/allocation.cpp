// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/prune/allocation.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/base/format.h"

namespace espalier::prune {

namespace {

constexpr std::string_view kWhat = "Cannot reach the goal";
constexpr double kRounding = 1e-9;  // of a drop: 0.9875 − 0.9775 is a little more than 0.01

std::vector<const model::Layer*> openLayers(const model::Snapshot& snapshot, const Plan& plan) {
    std::vector<const model::Layer*> layers;
    for (const model::Layer& layer : snapshot.layers()) {
        const bool isOpen =
            layer.prunable.weights && layer.weightCount > 0 && !plan.locked.contains(layer.name);
        if (isOpen) layers.push_back(&layer);
    }
    return layers;
}

/// What leaves the layer one weight.
double mostOf(const model::Layer& layer) {
    return 1 - 1 / static_cast<double>(layer.weightCount);
}

Plan withSparsities(const Plan& base, const std::vector<const model::Layer*>& layers,
                    const std::function<double(const model::Layer&)>& sparsity) {
    Plan plan = base;
    for (const model::Layer* layer : layers) {
        plan.weights[layer->name] =
            WeightRule::sparsity(std::clamp(sparsity(*layer), 0.0, mostOf(*layer)));
    }
    return plan;
}

/// How dense a layer is beside others: the sum of its sizes over their product.
double erdosRenyi(const model::Layer& layer) {
    const double sum = static_cast<double>(
        std::accumulate(layer.shape.begin(), layer.shape.end(), std::int64_t{0}));
    return sum / static_cast<double>(layer.weightCount);
}

/// The factor that makes densities min(1, factor · erdosRenyi) keep `kept` weights in all: layers
/// that would be denser than 1 stay whole and the others share what is left.
double erdosRenyiFactor(std::vector<const model::Layer*> layers, double kept) {
    std::ranges::sort(layers, std::ranges::greater(),
                      [](const model::Layer* layer) { return erdosRenyi(*layer); });
    double scaled = 0;
    for (const model::Layer* layer : layers)
        scaled += erdosRenyi(*layer) * static_cast<double>(layer->weightCount);
    for (const model::Layer* layer : layers) {
        const double density = erdosRenyi(*layer);
        if (kept * density <= scaled) return kept / scaled;
        kept -= static_cast<double>(layer->weightCount);
        scaled -= density * static_cast<double>(layer->weightCount);
    }
    return std::numeric_limits<double>::infinity();
}

std::string sizes(const model::Layer& layer) {
    std::string text;
    for (const std::int64_t size : layer.shape) text += cat(text.empty() ? "" : "×", size);
    return text;
}

/// What may go of a layer that may lose `drop`: largestSparsity, or largestMeasured.
using CurveReading = double (*)(const DropCurve& curve, double drop);

std::string lostText(const DropUnit& unit, double drop) {
    const std::string amount = significant(unit.perDrop * drop, 3);
    const std::string name = amount == "1" && unit.name == "points" ? "point" : unit.name;
    return name.empty() ? amount : cat(amount, " ", name);
}

std::string whyByCurve(const GoalOptions& options, CurveReading reading, const std::string& name,
                       double drop) {
    const auto curve = options.curves.find(name);
    if (curve == options.curves.end()) return "its sensitivity was not measured: it stays whole";
    const double sparsity = reading(curve->second, drop);
    const bool isAll = !curve->second.empty() && sparsity >= curve->second.back().sparsity;
    const std::string lost = lostText(options.dropUnit, drop);
    if (isAll) return cat("loses no more than ", lost, " at any level that was measured");
    if (sparsity <= 0)
        return cat("alone it loses more than ", lost, " at the least that was tried");
    return cat("alone it loses at most ", lost, " up to ", percent(sparsity));
}

Spread uniformWeights(const model::Snapshot& snapshot, const Plan& base) {
    const auto layers = openLayers(snapshot, base);
    return {1,
            [layers, &base](double strength) -> Result<Plan> {
                return withSparsities(base, layers,
                                      [strength](const model::Layer&) { return strength; });
            },
            [](const std::string&, double) { return "the same share of every layer"; }};
}

Result<Spread> globalWeights(const GoalOptions& options, const model::Snapshot& snapshot,
                             const Plan& base, RunControl& control) {
    auto order = options.order ? Result<WeightOrderPtr>(options.order)
                               : WeightOrder::make(snapshot, base, options.scores, control);
    if (!order) return order.error();
    const auto layers = openLayers(snapshot, base);
    const auto weights = static_cast<double>(std::max<std::int64_t>(1, (*order)->weights()));
    return Spread{
        1 - static_cast<double>(layers.size()) / weights,
        [order = *order, &base](double strength) { return order->withSparsity(base, strength); },
        [](const std::string&, double) { return "what lies under one threshold for all layers"; }};
}

Spread erdosRenyiWeights(const model::Snapshot& snapshot, const Plan& base) {
    const auto layers = openLayers(snapshot, base);
    double weights = 0;
    for (const model::Layer* layer : layers) weights += static_cast<double>(layer->weightCount);
    return {1,
            [layers, weights, &base](double strength) -> Result<Plan> {
                const double factor = erdosRenyiFactor(layers, (1 - strength) * weights);
                return withSparsities(base, layers, [factor](const model::Layer& layer) {
                    return 1 - std::min(1.0, factor * erdosRenyi(layer));
                });
            },
            [&snapshot](const std::string& name, double) {
                const auto layer = snapshot.find(name);
                return cat("density in proportion to ",
                           significant(erdosRenyi(snapshot.layer(*layer))),
                           ", the sum over the product of ", sizes(snapshot.layer(*layer)));
            }};
}

Spread sensitiveWeights(CurveReading reading, const GoalOptions& options,
                        const model::Snapshot& snapshot, const Plan& base) {
    std::vector<const model::Layer*> layers = openLayers(snapshot, base);
    std::erase_if(layers, [reading, &options](const model::Layer* layer) {
        return !options.curves.contains(layer->name);
    });
    return {largestDrop(options.curves),
            [layers, reading, &options, &base](double strength) -> Result<Plan> {
                return withSparsities(base, layers, [&](const model::Layer& layer) {
                    return reading(options.curves.at(layer.name), strength);
                });
            },
            [reading, &options](const std::string& name, double strength) {
                return whyByCurve(options, reading, name, strength);
            }};
}

Spread spreadChannels(const GoalOptions& options, const Plan& base, const ChannelFacts& channels,
                      Scope scope) {
    return {1,
            [&, scope](double strength) {
                return withChannelsEverywhere(*channels.groups, base, strength, scope,
                                              channels.scores, options.multipleOf);
            },
            [scope](const std::string&, double) {
                return scope == Scope::Layer ? "the same share of every group"
                                             : "what lies under one threshold for all groups";
            }};
}

Spread sensitiveChannels(CurveReading reading, const GoalOptions& options, const Plan& base,
                         const ChannelFacts& channels) {
    const auto plan = [reading, &options, &base, &channels](double strength) -> Result<Plan> {
        // Which groups may lose channels at all is the same for every request.
        auto spread = withChannelsEverywhere(*channels.groups, base, 0, Scope::Layer,
                                             channels.scores, options.multipleOf);
        if (!spread) return spread;
        for (auto& [key, rule] : spread->channels) {
            const auto curve = options.curves.find(key);
            if (curve != options.curves.end()) rule.value = reading(curve->second, strength);
        }
        return spread;
    };
    return {largestDrop(options.curves), plan,
            [reading, &options](const std::string& name, double strength) {
                return whyByCurve(options, reading, name, strength);
            }};
}

}  // namespace

std::optional<double> dropAt(const DropCurve& curve, double sparsity) {
    DropPoint last;
    for (const DropPoint& point : curve) {
        if (sparsity <= point.sparsity) {
            const double width = point.sparsity - last.sparsity;
            const double share = width > 0 ? (sparsity - last.sparsity) / width : 1;
            return last.drop + share * (point.drop - last.drop);
        }
        last = point;
    }
    return sparsity <= last.sparsity ? std::optional(last.drop) : std::nullopt;
}

double largestSparsity(const DropCurve& curve, double drop) {
    DropPoint last;
    for (const DropPoint& point : curve) {
        if (point.drop > drop) {
            const double rise = point.drop - last.drop;
            const double share = rise > 0 ? std::max(0.0, drop - last.drop) / rise : 0;
            return last.sparsity + std::min(share, 1.0) * (point.sparsity - last.sparsity);
        }
        last = point;
    }
    return last.sparsity;
}

double largestMeasured(const DropCurve& curve, double drop) {
    double largest = 0;
    for (const DropPoint& point : curve) {
        if (!(point.drop <= drop + kRounding)) break;  // NaN is too much
        largest = point.sparsity;
    }
    return largest;
}

double largestDrop(const std::map<std::string, DropCurve>& curves) {
    double most = 0;
    for (const auto& [name, curve] : curves) {
        for (const DropPoint& point : curve) most = std::max(most, point.drop);
    }
    return most;
}

Result<Spread> spreadBy(Quantity quantity, const GoalOptions& options,
                        const model::Snapshot& snapshot, const Plan& base,
                        const ChannelFacts& channels, RunControl& control) {
    const CurveReading reading = quantity == Quantity::Drop ? largestMeasured : largestSparsity;
    const bool isSensitive = options.allocation == Allocation::Sensitivity;
    if (isSensitive && options.curves.empty()) {
        return Error{Error::Kind::Mismatch, std::string(kWhat), "no sensitivity was measured yet",
                     "Measure it first, or choose another way to spread"};
    }
    if (options.structure == Structure::Weights) {
        switch (options.allocation) {
            case Allocation::Uniform:
                return uniformWeights(snapshot, base);
            case Allocation::Global:
                return globalWeights(options, snapshot, base, control);
            case Allocation::ErdosRenyi:
                return erdosRenyiWeights(snapshot, base);
            case Allocation::Sensitivity:
                return sensitiveWeights(reading, options, snapshot, base);
        }
    }
    if (channels.groups == nullptr) {
        return Error{Error::Kind::BadArgument, std::string(kWhat),
                     "the channel groups are not known yet", "Wait until they are found"};
    }
    switch (options.allocation) {
        case Allocation::Uniform:
            return spreadChannels(options, base, channels, Scope::Layer);
        case Allocation::Global:
            return spreadChannels(options, base, channels, Scope::Global);
        case Allocation::Sensitivity:
            return sensitiveChannels(reading, options, base, channels);
        case Allocation::ErdosRenyi:
            break;
    }
    return Error{Error::Kind::BadArgument, std::string(kWhat),
                 "Erd\u0151s\u2013R\u00e9nyi densities are defined for weights, not for channels",
                 "Choose uniform, global or sensitivity"};
}

}  // namespace espalier::prune
