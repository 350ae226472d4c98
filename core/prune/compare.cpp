// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/prune/compare.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

#include "core/base/format.h"
#include "core/model/weight_values_torch.h"
#include "core/prune/masks_torch.h"

namespace espalier::prune {

namespace {

using Run = std::array<double, model::kRunLength>;

Error cancelledError() {
    return {Error::Kind::Cancelled, "Stopped", "", ""};
}

/// A layer's weights with 0 in place of those that are removed.
class MaskedReader {
public:
    static Result<MaskedReader> of(const Pruned& pruned, model::LayerId layer) {
        auto values = model::weightValues(*pruned.snapshot, layer);
        if (!values) return values.error();
        at::Tensor kept;
        if (pruned.masks && keptMask(*pruned.masks, layer).defined())
            kept = keptMask(*pruned.masks, layer).contiguous();
        return MaskedReader(std::move(*values), std::move(kept));
    }

    std::int64_t count() const { return m_values.count(); }

    /// The weights from `begin` on, as many as fit into `run`.
    std::span<const double> read(std::int64_t begin, Run& run) const {
        const auto size = std::min<std::int64_t>(model::kRunLength, count() - begin);
        const std::span<double> part(run.data(), static_cast<std::size_t>(size));
        m_values.read(begin, part);
        if (!m_kept.defined()) return part;
        const bool* kept = m_kept.const_data_ptr<bool>() + begin;
        for (std::size_t i = 0; i < part.size(); ++i) part[i] = kept[i] ? part[i] : 0;
        return part;
    }

    /// Calls `visit` with each run; false when stopped.
    template <class Visit>
    bool forEachRun(RunControl& control, Visit visit) const {
        Run run;
        for (std::int64_t begin = 0; begin < count(); begin += model::kRunLength) {
            if (!control.keepGoing()) return false;
            visit(read(begin, run));
        }
        return true;
    }

private:
    MaskedReader(model::WeightValues values, at::Tensor kept)
        : m_values(std::move(values)), m_kept(std::move(kept)) {}

    model::WeightValues m_values;
    at::Tensor m_kept;  // contiguous, or undefined: all
};

std::int64_t channelsLeft(const model::Layer& layer, const at::Tensor& kept) {
    const bool isTransposed = layer.op.find("transpose") != std::string::npos;
    const std::size_t axis = isTransposed && layer.shape.size() > 1 ? 1 : 0;
    if (layer.shape.empty()) return 1;
    if (!kept.defined()) return layer.shape[axis];
    const at::Tensor rows = kept.transpose(0, static_cast<std::int64_t>(axis));
    return rows.reshape({rows.size(0), -1}).any(1).sum().item<std::int64_t>();
}

LayerFigures figuresOf(const Pruned& pruned, const model::Layer& layer) {
    const Masks* masks = pruned.masks.get();
    LayerFigures figures{layer.shape, layer.weightCount, layer.weightCount, 0, layer.macs};
    if (masks) figures.nonzeros -= masks->removed(layer.id);
    if (masks && masks->channels()) {
        figures.weights = masks->state().cut.weights[layer.id.index()];
        figures.macs = masks->state().cut.macs[layer.id.index()];
        figures.nonzeros = std::min(figures.nonzeros, figures.weights);
    }
    figures.channels = channelsLeft(layer, masks ? keptMask(*masks, layer.id) : at::Tensor());
    return figures;
}

/// None where there is none; see LayerComparison.
Result<std::optional<double>> changeOf(const Pruned& left, model::LayerId leftId,
                                       const Pruned& right, model::LayerId rightId,
                                       RunControl& control) {
    if (left.snapshot->layer(leftId).shape != right.snapshot->layer(rightId).shape)
        return std::optional<double>();
    const auto before = MaskedReader::of(left, leftId);
    const auto after = MaskedReader::of(right, rightId);
    if (!before || !after) return std::optional<double>();
    double moved = 0;
    double norm = 0;
    Run leftRun;
    Run rightRun;
    for (std::int64_t begin = 0; begin < before->count(); begin += model::kRunLength) {
        if (!control.keepGoing()) return cancelledError();
        const auto a = before->read(begin, leftRun);
        const auto b = after->read(begin, rightRun);
        for (std::size_t i = 0; i < a.size(); ++i) {
            moved += (b[i] - a[i]) * (b[i] - a[i]);
            norm += a[i] * a[i];
        }
    }
    return norm > 0 ? std::optional(std::sqrt(moved / norm)) : std::nullopt;
}

/// The largest magnitude. Errors: Damaged, Cancelled.
Result<double> largestOf(const MaskedReader& values, const model::Layer& layer,
                         RunControl& control) {
    double largest = 0;
    std::int64_t broken = 0;
    const bool isDone = values.forEachRun(control, [&](std::span<const double> run) {
        for (const double value : run) {
            broken += std::isfinite(value) ? 0 : 1;
            largest = std::max(largest, std::abs(value));
        }
    });
    if (!isDone) return cancelledError();
    if (broken > 0) return model::nonFiniteError(layer, broken);
    return largest;
}

struct Counts {
    std::vector<std::int64_t> bins;
    std::int64_t zeros = 0;
};

Result<Counts> countsOf(const MaskedReader& values, double largest, int bins, RunControl& control) {
    Counts counts{std::vector<std::int64_t>(static_cast<std::size_t>(bins), 0), 0};
    const double perUnit = largest > 0 ? bins / (2 * largest) : 0;
    const bool isDone = values.forEachRun(control, [&](std::span<const double> run) {
        for (const double value : run) {
            const auto bin = static_cast<std::int64_t>((value + largest) * perUnit);
            if (value == 0) {
                ++counts.zeros;
            } else {
                ++counts.bins[static_cast<std::size_t>(std::clamp<std::int64_t>(bin, 0, bins - 1))];
            }
        }
    });
    if (!isDone) return cancelledError();
    return counts;
}

}  // namespace

double LayerFigures::sparsity() const {
    return weights == 0 ? 0 : 1 - static_cast<double>(nonzeros) / static_cast<double>(weights);
}

Result<std::vector<LayerComparison>> compareLayers(const Pruned& left, const Pruned& right,
                                                   RunControl& control) {
    std::vector<LayerComparison> compared;
    for (const model::Layer& layer : left.snapshot->layers()) {
        LayerComparison row{layer.name, figuresOf(left, layer), {}, {}};
        if (const auto other = right.snapshot->find(layer.name)) {
            row.right = figuresOf(right, right.snapshot->layer(*other));
            const auto change = changeOf(left, layer.id, right, *other, control);
            if (!change) return change.error();
            row.change = *change;
        }
        compared.push_back(std::move(row));
    }
    for (const model::Layer& layer : right.snapshot->layers()) {
        if (!left.snapshot->find(layer.name))
            compared.push_back({layer.name, {}, figuresOf(right, layer), {}});
    }
    return compared;
}

Result<HistogramPair> compareHistograms(const Pruned& left, const Pruned& right,
                                        const std::string& layer, int bins, RunControl& control) {
    std::array<std::optional<MaskedReader>, 2> readers;
    double largest = 0;
    for (const std::size_t side : {0, 1}) {
        const Pruned& pruned = side == 0 ? left : right;
        const auto id = pruned.snapshot->find(layer);
        if (!id) continue;
        auto reader = MaskedReader::of(pruned, *id);
        if (!reader) return reader.error();
        const auto own = largestOf(*reader, pruned.snapshot->layer(*id), control);
        if (!own) return own.error();
        largest = std::max(largest, *own);
        readers[side] = std::move(*reader);
    }
    if (!readers[0] && !readers[1]) {
        return Error{Error::Kind::NotFound, "Cannot compare histograms",
                     cat("neither model has ", layer), "Choose a layer of one of them"};
    }
    HistogramPair pair{-largest, largest, {}, {}, 0, 0};
    for (const std::size_t side : {0, 1}) {
        if (!readers[side]) continue;
        auto counts = countsOf(*readers[side], largest, bins, control);
        if (!counts) return counts.error();
        (side == 0 ? pair.left : pair.right) = std::move(counts->bins);
        (side == 0 ? pair.leftZeros : pair.rightZeros) = counts->zeros;
    }
    return pair;
}

}  // namespace espalier::prune
