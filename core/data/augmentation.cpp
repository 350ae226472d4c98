// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/augmentation.h"

#include <array>
#include <cmath>

#include "core/base/format.h"

namespace espalier::data {
namespace {

/// Uniform in low .. high, both reached.
std::int64_t between(SplitMix64& random, std::int64_t low, std::int64_t high) {
    return low +
           static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(high - low + 1)));
}

/// Uniform in low .. high.
double between(SplitMix64& random, double low, double high) {
    constexpr double kOne = 9007199254740992.0;  // 2^53: as many bits as a double holds
    return low + (high - low) * (static_cast<double>(random.next() >> 11) / kOne);
}

/// As a random crop after padding by `pixels` on every side.
ImageChange shifted(SplitMix64& random, std::int64_t pixels) {
    ImageChange change;
    change.down = between(random, -pixels, pixels);
    change.right = between(random, -pixels, pixels);
    return change;
}

/// Digits are not mirrored: that would make other signs of them.
ImageChange likeMnist(SplitMix64& random, std::int64_t, std::int64_t) {
    return shifted(random, 2);
}

/// K. He et al., Deep Residual Learning for Image Recognition, 2016, section 4.2
ImageChange likeCifar(SplitMix64& random, std::int64_t, std::int64_t) {
    ImageChange change = shifted(random, 4);
    change.isMirrored = random.below(2) == 1;
    return change;
}

/// The largest part in the middle whose sides relate by 3:4 to 4:3.
Region middle(std::int64_t height, std::int64_t width) {
    const auto most = [](std::int64_t side) {
        return std::llround(static_cast<double>(side) * 4 / 3);
    };
    const std::int64_t rows = std::min<std::int64_t>(height, most(width));
    const std::int64_t columns = std::min<std::int64_t>(width, most(height));
    return {(height - rows) / 2, (width - columns) / 2, rows, columns};
}

/// 8 to 100 % of the area with sides that relate by 3:4 to 4:3, the ratio's logarithm uniform.
/// C. Szegedy et al., Going Deeper with Convolutions, 2015, section 6
Region randomRegion(SplitMix64& random, std::int64_t height, std::int64_t width) {
    constexpr int kTries = 10;
    const double area = static_cast<double>(height) * static_cast<double>(width);
    const double edge = std::log(4.0 / 3.0);
    for (int i = 0; i < kTries; ++i) {
        const double part = area * between(random, 0.08, 1.0);
        const double ratio = std::exp(between(random, -edge, edge));
        const std::int64_t columns = std::llround(std::sqrt(part * ratio));
        const std::int64_t rows = std::llround(std::sqrt(part / ratio));
        if (rows < 1 || columns < 1 || rows > height || columns > width) continue;
        const std::int64_t top = between(random, std::int64_t{0}, height - rows);
        return {top, between(random, std::int64_t{0}, width - columns), rows, columns};
    }
    return middle(height, width);
}

ImageChange likeImageNet(SplitMix64& random, std::int64_t height, std::int64_t width) {
    ImageChange change;
    change.region = randomRegion(random, height, width);
    change.isMirrored = random.below(2) == 1;
    return change;
}

constexpr std::array<Augmentation, 3> kAugmentations{{
    {"mnist", false, likeMnist},
    {"cifar10", false, likeCifar},
    {"imagenet", true, likeImageNet},
}};

}  // namespace

std::vector<std::string> augmentationNames() {
    std::vector<std::string> names;
    for (const Augmentation& each : kAugmentations) names.emplace_back(each.name);
    return names;
}

Result<const Augmentation*> findAugmentation(std::string_view name) {
    if (name.empty()) return nullptr;
    std::string known;
    for (const Augmentation& each : kAugmentations) {
        if (each.name == name) return &each;
        known += cat(known.empty() ? "" : ", ", each.name);
    }
    return Error{Error::Kind::BadArgument, cat("Cannot augment as '", name, "'"),
                 "there is no augmentation of that name", cat("Use one of ", known, ", or none")};
}

SplitMix64 randomOf(std::uint64_t seed, std::int64_t sample) {
    return SplitMix64(SplitMix64(seed).next() ^
                      SplitMix64(static_cast<std::uint64_t>(sample)).next());
}

}  // namespace espalier::data
