// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/measure/runtime.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <torch/csrc/jit/runtime/graph_executor.h>

#include <algorithm>
#include <atomic>
#include <limits>
#include <thread>

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace espalier::measure {
namespace {

std::atomic<int> g_keepers{0};

void keepFreedMemory(bool keep) {
#ifdef __GLIBC__
    constexpr int kLargestMapThreshold = 32 << 20;  // glibc takes no more
    mallopt(M_MMAP_THRESHOLD, kLargestMapThreshold);
    mallopt(M_TRIM_THRESHOLD, keep ? std::numeric_limits<int>::max() : 2 * kLargestMapThreshold);
    if (!keep) malloc_trim(0);
#else
    (void)keep;
#endif
}

}  // namespace

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

KeepFreedMemory::KeepFreedMemory() {
    if (g_keepers++ == 0) keepFreedMemory(true);
}

KeepFreedMemory::~KeepFreedMemory() {
    if (--g_keepers == 0) keepFreedMemory(false);
}

}  // namespace espalier::measure
