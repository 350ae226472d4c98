// SPDX-License-Identifier: GPL-3.0-or-later
// How a report's layers are counted for their pictures.
#include <algorithm>
#include <functional>

#include <ATen/ops/histc.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>

#include "core/exchange/reports.h"
#include "core/model/snapshot_torch.h"
#include "core/prune/masks_torch.h"

namespace espalier::exchange {

namespace {

constexpr int kBins = 40;

/// The weights that are not zero, as numbers that a histogram takes.
at::Tensor nonzeroValues(const at::Tensor& weight) {
    const at::Tensor values = weight.to(at::kCPU).to(at::kFloat).flatten();
    return values.masked_select(values.ne(0));
}

/// What lies outside counts in the outermost bins: training may have moved it there.
std::vector<std::int64_t> counted(const at::Tensor& values, double largest) {
    if (values.numel() == 0) return std::vector<std::int64_t>(kBins);
    const at::Tensor bins =
        at::histc(values.clamp(-largest, largest), kBins, -largest, largest).to(at::kLong);
    const auto* first = bins.const_data_ptr<std::int64_t>();
    return {first, first + kBins};
}

/// Training moves weights: those that stay are counted as they are now, those that went as they
/// were.
void countLayer(LayerOutcome& layer, const at::Tensor& before, const at::Tensor& after) {
    const at::Tensor opened = nonzeroValues(before);
    if (opened.numel() == 0) return;
    const double largest = opened.abs().max().item<double>();
    layer.kept = counted(nonzeroValues(after), largest);
    layer.before = {-largest, largest, counted(opened, largest), 0, 0};
    if (before.sizes() != after.sizes()) return;  // shapes were cut: what went is the difference
    const at::Tensor kept = after.to(at::kCPU).ne(0);
    const at::Tensor opening = before.to(at::kCPU);
    const auto gone =
        counted(nonzeroValues(at::where(kept, at::zeros_like(opening), opening)), largest);
    std::ranges::transform(layer.kept, gone, layer.before.counts.begin(), std::plus());
}

}  // namespace

Result<void> countWeights(PruneReport& report, const model::Snapshot& before,
                          const model::Snapshot& after, const prune::MasksPtr& masks,
                          RunControl& control) {
    return guarded("Cannot count the weights", [&]() -> Result<void> {
        for (LayerOutcome& layer : report.layers) {
            if (!control.keepGoing()) {
                return Error{Error::Kind::Cancelled, "Counting the weights", "it was cancelled",
                             ""};
            }
            const auto from = before.find(layer.weight);
            const auto to = after.find(layer.weight);
            if (!from || !to) continue;
            at::Tensor kept = model::weight(after, *to);
            const at::Tensor mask = masks ? prune::keptMask(*masks, *to) : at::Tensor();
            if (mask.defined()) kept = at::where(mask, kept, at::zeros_like(kept));
            countLayer(layer, model::weight(before, *from), kept);
        }
        return {};
    });
}

}  // namespace espalier::exchange
