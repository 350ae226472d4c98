// SPDX-License-Identifier: GPL-3.0-or-later
// The example that comes with the program: models, plans, recipes and MNIST.
#pragma once

#include <filesystem>

#include "core/script/input_spec.h"

namespace espalier::project {

struct Example {
    std::filesystem::path model;
    std::filesystem::path plan;
    std::filesystem::path recipe;
    std::filesystem::path data;
    script::InputSpec input;
};

Example lenet5Example();
Example lenet300100Example();

}  // namespace espalier::project
