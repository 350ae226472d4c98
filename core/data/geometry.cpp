// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/geometry.h"

#include <algorithm>
#include <cmath>

#include "core/base/format.h"

namespace espalier::data {
namespace {

constexpr std::int64_t kLargestSide = 1 << 14;

Error refusal(std::string why, std::string hint) {
    return {Error::Kind::BadArgument, "Cannot prepare the images", std::move(why), std::move(hint)};
}

Result<void> check(const std::vector<std::int64_t>& sides, std::string_view what,
                   std::string_view example) {
    const std::string hint = cat("Give one number or two, height and width (", example, ")");
    if (sides.size() > 2) return refusal(cat(what, " has ", sides.size(), " numbers"), hint);
    for (const std::int64_t side : sides) {
        if (side < 1 || side > kLargestSide)
            return refusal(cat(what, " is ", side, ", not 1 to ", kLargestSide), hint);
    }
    return {};
}

/// Half of what is left over, rounded to the even number when it is between two.
std::int64_t margin(std::int64_t side, std::int64_t kept) {
    return static_cast<std::int64_t>(std::nearbyint(static_cast<double>(side - kept) / 2));
}

}  // namespace

Result<Geometry> Geometry::from(const DataSpec& spec) {
    if (auto sound = check(spec.resize, "the size to scale to", "--resize 256"); !sound)
        return sound.error();
    if (auto sound = check(spec.crop, "the size to cut out", "--crop 224"); !sound)
        return sound.error();
    Geometry geometry;
    if (spec.resize.size() == 1) geometry.m_side = spec.resize[0];
    if (spec.resize.size() == 2) geometry.m_whole = ImageSize{spec.resize[0], spec.resize[1]};
    if (!spec.crop.empty()) geometry.m_crop = ImageSize{spec.crop.front(), spec.crop.back()};
    return geometry;
}

Result<Window> Geometry::windowFor(ImageSize image) const {
    ImageSize whole = m_whole.value_or(image);
    if (m_side) {
        const std::int64_t shorter = std::min(image.height, image.width);
        whole = {*m_side * image.height / shorter, *m_side * image.width / shorter};
    }
    if (!m_crop) return Window{whole, {0, 0, whole.height, whole.width}};
    if (m_crop->height > whole.height || m_crop->width > whole.width) {
        return Error{Error::Kind::Mismatch,
                     {},
                     cat(m_crop->height, "x", m_crop->width, " pixels are to be cut out of ",
                         whole.height, "x", whole.width),
                     "Cut out less, or scale to at least as much (--crop, --resize)"};
    }
    return Window{whole,
                  {margin(whole.height, m_crop->height), margin(whole.width, m_crop->width),
                   m_crop->height, m_crop->width}};
}

}  // namespace espalier::data
