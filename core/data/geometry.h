// SPDX-License-Identifier: GPL-3.0-or-later
// How large images become samples: scaled, then cut out of the middle.
#pragma once

#include <cstdint>
#include <optional>

#include "core/base/result.h"
#include "core/data/augmentation.h"
#include "core/data/dataset.h"

namespace espalier::data {

struct ImageSize {
    std::int64_t height = 0;
    std::int64_t width = 0;

    bool operator==(const ImageSize&) const = default;
};

/// An image scaled to `whole`, of which `part` is kept.
struct Window {
    ImageSize whole;
    Region part;

    ImageSize size() const { return {part.height, part.width}; }
    bool operator==(const Window&) const = default;
};

/// DataSpec::resize and DataSpec::crop, checked. Rounds as torchvision's Resize and CenterCrop do.
class Geometry {
public:
    /// Leaves images as they are.
    Geometry() = default;
    /// Errors: BadArgument, naming the option.
    static Result<Geometry> from(const DataSpec& spec);

    bool isIdentity() const { return !m_side && !m_whole && !m_crop; }
    /// Errors, with the reason alone: Mismatch (the image is smaller than the crop).
    Result<Window> windowFor(ImageSize image) const;

private:
    std::optional<std::int64_t> m_side;  // of the shorter one
    std::optional<ImageSize> m_whole;
    std::optional<ImageSize> m_crop;
};

}  // namespace espalier::data
