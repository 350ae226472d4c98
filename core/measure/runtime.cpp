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
    // TorchScript's profiling executor specialises code to the shapes it saw first. Processor time
    // on one core, batch 128 in training: its first three steps cost 200, 90 and 90 ms more on
    // ResNet-20 (of 400), 36 ms more on LeNet-5 (of 35), and every step after them is the same
    // within 2 %; inference at batch 256 likewise.
    torch::jit::getProfilingMode() = false;
}

}  // namespace espalier::measure
