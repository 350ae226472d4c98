// SPDX-License-Identifier: GPL-3.0-or-later
// Compares running a model in parts with the module's own forward, in turns.
//
//     bench_partial_run MODEL.pt 3x32x32 [BATCH…]
//
// Prints, for each batch, the median milliseconds of forward, of a run from the first node to the
// last, and of the half of the nodes behind the middle.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include <ATen/Functions.h>
#include <torch/csrc/jit/serialization/import.h>

#include "core/measure/runtime.h"
#include "core/script/partial_run_torch.h"

using namespace espalier;

namespace {

template <class Body>
double millisecondsOf(Body body) {
    const auto start = std::chrono::steady_clock::now();
    body();
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
        .count();
}

double median(std::vector<double> values) {
    std::ranges::sort(values);
    return values[values.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 3) return std::puts("bench_partial_run MODEL.pt 3x32x32 [BATCH…]"), 2;
    measure::setUpTorchThread(1);
    const measure::KeepFreedMemory keep;
    const c10::NoGradGuard noGrad;
    auto module = torch::jit::load(argv[1]);
    module.eval();
    const auto program = script::makeProgram(module);
    if (!program) return std::puts(program.error().text().c_str()), 1;
    std::vector<std::int64_t> shape{1};
    std::istringstream sizes(argv[2]);
    for (std::string size; std::getline(sizes, size, 'x');) shape.push_back(std::stoll(size));

    RunControl control;
    const std::size_t nodes = program->code->body.steps.size();
    std::printf("%zu nodes\n", nodes);
    for (int i = 3; i < std::max(argc, 4); ++i) {
        shape[0] = i < argc ? std::atoll(argv[i]) : 1;
        const auto input = at::randn(shape);
        auto whole = script::PartialRun::begin(*program, {input});
        auto half = script::PartialRun::begin(*program, {input});
        if (!whole || !half || !half->advance(script::stopPointAt(*program, nodes / 2), control))
            return std::puts("the model does not run on this shape"), 1;
        std::vector<double> forward, parts, behind;
        for (int turn = 0; turn < 31; ++turn) {
            forward.push_back(millisecondsOf([&] { module.forward({input}); }));
            parts.push_back(millisecondsOf([&] { (void)whole->finish(control); }));
            behind.push_back(millisecondsOf([&] { (void)half->finish(control); }));
        }
        std::printf("batch %lld: forward %.3f ms, in parts %.3f ms, second half %.3f ms\n",
                    static_cast<long long>(shape[0]), median(forward), median(parts),
                    median(behind));
    }
    return 0;
}
