// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/project/examples.h"

#include <string>

#include "core/base/files.h"

namespace espalier::project {

namespace {

Example example(const std::string& name) {
    const auto folder = resourcesDir() / "examples";
    return {folder / (name + ".script.pt"), folder / (name + "-12x.espalier-plan.json"),
            folder / (name + "-12x.espalier-recipe.json"), folder / "mnist",
            *script::parseInputSpec("1x1x28x28")};
}

}  // namespace

Example lenet5Example() {
    return example("lenet5");
}

Example lenet300100Example() {
    return example("lenet-300-100");
}

}  // namespace espalier::project
