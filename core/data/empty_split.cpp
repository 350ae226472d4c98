// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/empty_split.h"

#include "core/base/format.h"

namespace espalier::data {

Error emptySplit(std::string what, const DatasetInfo& info, Split split) {
    const bool canHoldOut = split == Split::Validation && info.train > 1;
    const std::string others = cat("It has ", exactCount(info.train), " samples for training, ",
                                   exactCount(info.validation), " for validation and ",
                                   exactCount(info.test), " for test");
    return {Error::Kind::Mismatch, std::move(what), cat("its ", name(split), " split is empty"),
            cat(others, canHoldOut ? ": hold out a larger share of the training samples for "
                                     "validation (--validation-share 0.2), choose another split, "
                                     "or attach data that has it"
                                   : ": choose another split, or attach data that has it")};
}

Error nothingToTrainOn(const DatasetInfo& info) {
    return {Error::Kind::Mismatch, cat("Cannot train on ", info.name),
            "it has no samples for training, only for validation and test",
            "Attach data with training samples: a folder of images has them in train/"};
}

}  // namespace espalier::data
