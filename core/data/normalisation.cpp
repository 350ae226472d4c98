// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/normalisation.h"

#include <array>
#include <cmath>

#include "core/base/format.h"

namespace espalier::data {
namespace {

struct Preset {
    std::string_view name;
    std::vector<double> mean;
    std::vector<double> deviation;
};

const std::array<Preset, 4>& presets() {
    static const std::array<Preset, 4> table{{
        {"mnist", {0.1307}, {0.3081}},
        {"cifar10", {0.4914, 0.4822, 0.4465}, {0.2470, 0.2435, 0.2616}},
        {"cifar100", {0.5071, 0.4865, 0.4409}, {0.2673, 0.2564, 0.2762}},
        {"imagenet", {0.485, 0.456, 0.406}, {0.229, 0.224, 0.225}},
    }};
    return table;
}

Error refusal(std::string why, std::string hint) {
    return {Error::Kind::BadArgument, "Cannot normalise the images", std::move(why),
            std::move(hint)};
}

Result<std::vector<float>> perChannel(const std::vector<double>& given,
                                      const std::vector<double>& preset, std::string_view what,
                                      std::string_view source, std::int64_t channels) {
    const std::vector<double>& values = given.empty() ? preset : given;
    if (static_cast<std::int64_t>(values.size()) != channels) {
        return refusal(
            cat("the ", what, given.empty() ? cat(" of preset ", source) : std::string(), " has ",
                values.size(), " channel(s), the images have ", channels),
            cat("Give the ", what, " of ", channels, channels == 1 ? " channel" : " channels",
                channels == 1   ? ", or the preset mnist"
                : channels == 3 ? ", or the preset cifar10 or imagenet"
                                : "",
                " (--preset, --mean, --std)"));
    }
    std::vector<float> result;
    for (const double value : values) {
        if (!std::isfinite(value))
            return refusal(cat("the ", what, " is not a finite number"), "Give other numbers");
        result.push_back(static_cast<float>(value));
    }
    return result;
}

}  // namespace

std::vector<float> Normalisation::table(std::int64_t channel) const {
    const auto index = static_cast<std::size_t>(channel);
    std::vector<float> values(256);
    for (std::size_t byte = 0; byte < values.size(); ++byte) {
        values[byte] = (static_cast<float>(byte) / 255.0f - mean[index]) / deviation[index];
    }
    return values;
}

std::vector<std::string> presetNames() {
    std::vector<std::string> names;
    for (const Preset& preset : presets()) names.emplace_back(preset.name);
    return names;
}

Result<Normalisation> normalisationFor(const DataSpec& spec, std::string_view usual,
                                       std::int64_t channels) {
    const std::string_view wanted = spec.preset.empty() ? usual : std::string_view(spec.preset);
    for (const Preset& preset : presets()) {
        if (preset.name != wanted) continue;
        auto mean = perChannel(spec.mean, preset.mean, "mean", wanted, channels);
        if (!mean) return mean.error();
        auto deviation =
            perChannel(spec.deviation, preset.deviation, "standard deviation", wanted, channels);
        if (!deviation) return deviation.error();
        for (const float value : *deviation) {
            if (value <= 0)
                return refusal("a standard deviation must be above 0", "Give other numbers");
        }
        return Normalisation{*mean, *deviation};
    }
    std::string known;
    for (const std::string& name : presetNames()) known += name + ", ";
    return refusal(cat("there is no preset '", wanted, "'"),
                   cat("Use one of ", known, "or give mean and std"));
}

}  // namespace espalier::data
