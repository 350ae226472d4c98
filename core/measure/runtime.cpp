// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/measure/runtime.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <torch/csrc/jit/runtime/graph_executor.h>

#include <algorithm>
#include <thread>

namespace espalier::measure {

void setUpTorchThread(int threads) {
    const int cores = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
    at::set_num_threads(threads > 0 ? threads : cores);
    at::globalContext().setFlushDenormal(true);
    torch::jit::getProfilingMode() = false;
}

}  // namespace espalier::measure
