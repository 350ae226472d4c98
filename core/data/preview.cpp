// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/preview.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/base/format.h"
#include "core/data/batch_stream_torch.h"

namespace espalier::data {
namespace {

constexpr std::int64_t kNumbers = 8;       // shown of an input that is no image
constexpr double kUsuallyNormalised = 20;  // values beyond this are hardly normalised

constexpr std::array kSplits{Split::Train, Split::Validation, Split::Test};

bool isImage(const at::Tensor& input) {
    const bool hasBrightness = input.is_floating_point() || input.scalar_type() == at::kByte;
    return input.dim() == 4 && hasBrightness && (input.size(1) == 1 || input.size(1) == 3);
}

/// "3, 17, 4, …"
std::string numbersOf(const at::Tensor& values) {
    const at::Tensor flat = values.flatten().slice(0, 0, kNumbers).to(at::kDouble);
    std::string text;
    for (std::int64_t i = 0; i < flat.numel(); ++i)
        text += cat(i == 0 ? "" : ", ", significant(flat[i].item<double>()));
    return values.numel() > kNumbers ? text + ", …" : text;
}

std::string labelOf(const DatasetInfo& info, const at::Tensor& targets, std::int64_t sample) {
    if (!targets.defined()) return {};
    if (info.targets != Targets::Classes) return numbersOf(targets[sample]);
    return info.classes.at(static_cast<std::size_t>(targets[sample].item<std::int64_t>()));
}

void draw(SamplePreview& sample, const at::Tensor& values, double lowest, double highest) {
    const double span = highest > lowest ? highest - lowest : 1;
    const at::Tensor bytes =
        values.to(at::kFloat).sub(lowest).mul(255 / span).round().to(at::kByte).permute({1, 2, 0});
    const at::Tensor pixels = bytes.contiguous();
    sample.channels = values.size(0);
    sample.height = values.size(1);
    sample.width = values.size(2);
    const auto* first = pixels.const_data_ptr<std::uint8_t>();
    sample.pixels.assign(first, first + pixels.numel());
}

std::vector<std::string> warningsOn(const at::Tensor& input, const Preview& preview) {
    if (input.is_floating_point() &&
        std::max(std::abs(preview.lowest), std::abs(preview.highest)) > kUsuallyNormalised) {
        return {cat("values reach ", significant(preview.highest, 3),
                    ": most models were trained on normalised ones (preset, mean and standard "
                    "deviation)")};
    }
    if (preview.lowest == preview.highest) return {"all values are the same"};
    return {};
}

Preview described(const Dataset& dataset, Split split, const Batch& batch) {
    const at::Tensor& input = batch.inputs[0];
    Preview preview{.split = split, .samples = {}, .warnings = {}};
    if (input.numel() > 0 && !input.is_complex()) {
        preview.lowest = input.min().to(at::kDouble).item<double>();
        preview.highest = input.max().to(at::kDouble).item<double>();
    }
    for (std::int64_t i = 0; i < batch.samples(); ++i) {
        SamplePreview& sample = preview.samples.emplace_back();
        sample.label = labelOf(dataset.info(), batch.targets, i);
        if (batch.inputs.size() == 1 && isImage(input)) {
            draw(sample, input[i], preview.lowest, preview.highest);
            continue;
        }
        for (const at::Tensor& each : batch.inputs)
            sample.numbers += cat(sample.numbers.empty() ? "" : "\n", numbersOf(each[i]));
    }
    preview.warnings = warningsOn(input, preview);
    return preview;
}

}  // namespace

Result<Preview> previewSamples(const Dataset& dataset, int count, RunControl& control) {
    const std::string what = cat("Cannot show samples of ", dataset.info().name);
    return guarded(what, [&]() -> Result<Preview> {
        for (const Split split : kSplits) {
            const std::int64_t size = sampleCount(dataset, split);
            if (size == 0) continue;
            const std::int64_t shown = std::min<std::int64_t>(count, size);
            std::vector<std::int64_t> places;
            for (std::int64_t i = 0; i < shown; ++i) places.push_back(i * size / shown);
            BatchStream stream(dataset, split, places, {.batchSize = shown});
            const auto batch = stream.next(control);
            if (!batch) return batch.error();
            return described(dataset, split, *batch);
        }
        return Error{Error::Kind::Damaged, what, "all its splits are empty",
                     "Attach data that holds samples"};
    });
}

}  // namespace espalier::data
