// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/measure/shape_hint.h"

#include "core/base/format.h"

namespace espalier::measure {

namespace {

using Shape = std::vector<std::int64_t>;

constexpr std::string_view kImageFolder = "image folder";

/// [batch, channels, height, width] and [channels, height, width].
bool areImages(const Shape& taken, const Shape& sample) {
    const auto isKnown = [](std::int64_t channels) { return channels == 1 || channels == 3; };
    return taken.size() == 4 && sample.size() == 3 && isKnown(taken[1]) && isKnown(sample[0]);
}

/// Which option says how many channels images are read with; empty when none does.
std::string channelsAskedBy(const data::DataSpec& spec) {
    if (!spec.mean.empty()) return cat("A mean of ", spec.mean.size());
    if (!spec.deviation.empty()) return cat("A standard deviation of ", spec.deviation.size());
    return spec.preset.empty() ? "" : "Preset " + spec.preset;
}

/// Grey images for a model of colour ones, or the other way round.
std::string channelHint(std::int64_t taken, const data::DatasetInfo& data,
                        const data::DataSpec& spec) {
    const bool wantsColour = taken == 3;
    // Only files of images are decoded as they are asked for.
    if (data.kind != kImageFolder)
        return cat("Attach ", wantsColour ? "colour" : "grey", " images");
    const std::string asked = channelsAskedBy(spec);
    const std::string remedy =
        wantsColour ? "choose the preset cifar10 or imagenet, or give a mean of three numbers"
                    : "choose the preset mnist, or give a mean of one number";
    const std::string way = wantsColour ? "grey images as colour" : "colour images as grey";
    if (asked.empty()) return cat("To read ", way, ", ", remedy, " (--preset, --mean)");
    return cat(asked, " reads images as ", wantsColour ? "grey" : "colour", ": ", remedy,
               " (--preset, --mean)");
}

/// Images of another height or width.
std::string sizeHint(const Shape& taken) {
    const auto height = std::to_string(taken[2]);
    const std::string size = taken[2] == taken[3] ? height : cat(height, "x", taken[3]);
    return cat("Scale the images to ", height, " and cut out ", size, " (--resize ", height,
               " --crop ", size, ")");
}

}  // namespace

std::string shapeHint(const model::Snapshot& snapshot, const data::DatasetInfo& data,
                      const data::DataSpec& spec) {
    const Shape& taken = snapshot.inputs()[0].shape;
    const Shape& sample = data.sampleShape;
    std::string hint;
    if (areImages(taken, sample)) {
        const bool areChannelsOff = taken[1] != sample[0];
        if (areChannelsOff) hint = channelHint(taken[1], data, spec);
        // Other images are to be attached, or nothing but their channels is known to be wrong.
        const bool isSizeOpen =
            areChannelsOff && (data.kind != kImageFolder || snapshot.inputsAreGuessed());
        if (!isSizeOpen && (taken[2] != sample[1] || taken[3] != sample[2]))
            hint += cat(hint.empty() ? "" : ". ", sizeHint(taken));
    } else {
        hint =
            "Attach data of the model's shape, or open the model with the input shape it was made "
            "for";
    }
    if (snapshot.inputsAreGuessed())
        hint += ". If the guess is wrong, give the true shape (--input)";
    return hint;
}

}  // namespace espalier::measure
