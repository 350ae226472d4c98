// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/script/load_guard.h"

#include <exception>

#include <torch/csrc/jit/serialization/import.h>

namespace espalier::script {

int loadGuardMain(int argc, char** argv) {
    if (argc != 2) return 2;
    try {
        torch::jit::load(argv[1], c10::Device(c10::kCPU));
    } catch (const std::exception&) {
        return 3;
    }
    return 0;
}

}  // namespace espalier::script
