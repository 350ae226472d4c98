// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/train/broken_off.h"

namespace espalier::train {
namespace {

constexpr std::string_view kWhat = "Fine-tuning broke off";

}  // namespace

Error brokenOff(const std::exception& failure) {
    return detail::errorFromException(kWhat, failure);
}

bool isBrokenOff(const Error& error) {
    return error.what == kWhat;
}

}  // namespace espalier::train
