// SPDX-License-Identifier: GPL-3.0-or-later
// How long one step of fineTune takes, with masks and without, on random images.
//
// bench_train MODEL.pt CxHxW [--batch 128] [--steps 40] [--turns 1] [--threads 1]
// One line of JSON per turn and kind of run, with medians in milliseconds of wall and processor
// time. tests/bench/bench_train.py compares with eager Python.
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include <torch/csrc/jit/serialization/import.h>

#include "core/measure/runtime.h"
#include "core/train/fine_tune.h"
#include "tests/support/toy_training_torch.h"

namespace {

using namespace espalier;

constexpr int kWarmUpSteps = 5;

double milliseconds(clockid_t clock) {
    timespec now{};
    clock_gettime(clock, &now);
    return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) * 1e-6;
}

/// As many random images as asked for, dealt from a pool of 1024.
class RandomImages final : public data::Dataset {
public:
    RandomImages(std::vector<std::int64_t> shape, std::int64_t samples) {
        m_info.name = "random";
        m_info.sampleShape = shape;
        m_info.classes.assign(10, "");
        m_info.train = samples;
        m_info.validation = 2;
        shape.insert(shape.begin(), kPool);
        m_inputs = at::randn(shape);
        m_targets = at::randint(10, {kPool}, at::kLong);
    }
    const data::DatasetInfo& info() const override { return m_info; }
    const data::DataSpec& spec() const override { return m_spec; }
    data::Batch batch(data::Split, std::span<const std::int64_t> indices) const override {
        const at::Tensor places =
            at::tensor(at::ArrayRef<std::int64_t>(indices.data(), indices.size())).remainder(kPool);
        return {{m_inputs.index_select(0, places)}, m_targets.index_select(0, places)};
    }
    data::DatasetPtr withValidation(double) const override { return nullptr; }

private:
    static constexpr std::int64_t kPool = 1024;
    data::DatasetInfo m_info;
    data::DataSpec m_spec;
    at::Tensor m_inputs;
    at::Tensor m_targets;
};

struct Options {
    std::string model;
    std::vector<std::int64_t> shape;
    std::map<std::string, int> numbers{
        {"--batch", 128}, {"--steps", 40}, {"--turns", 1}, {"--threads", 1}};
};

Options parse(int argc, char** argv) {
    Options options;
    if (argc >= 3) {
        options.model = argv[1];
        options.shape = script::parseInputSpec(argv[2])->shape;
    }
    for (int i = 3; i + 1 < argc; i += 2) options.numbers.at(argv[i]) = std::atoi(argv[i + 1]);
    return options;
}

double median(std::vector<double> values) {
    std::ranges::sort(values);
    return values[values.size() / 2];
}

/// One run; prints the medians of its steps.
void time(const char* kind, const model::SnapshotPtr& snapshot, const prune::MasksPtr& masks,
          const Options& options) {
    const std::int64_t steps = options.numbers.at("--steps") + kWarmUpSteps;
    train::Recipe recipe{.epochs = 1, .batchSize = options.numbers.at("--batch"), .device = "cpu"};
    recipe.optimizer.lr = 1e-4;
    const RandomImages images(options.shape, steps * recipe.batchSize);
    std::vector<double> wall;
    std::vector<double> processor;
    double wallBefore = 0;
    double processorBefore = 0;
    EventSink<train::TrainSample> events;
    events.onPartial = [&](const train::TrainSample& sample) {
        const double wallNow = milliseconds(CLOCK_MONOTONIC);
        const double processorNow = milliseconds(CLOCK_PROCESS_CPUTIME_ID);
        if (sample.step > kWarmUpSteps && std::isnan(sample.valLoss)) {
            wall.push_back(wallNow - wallBefore);
            processor.push_back(processorNow - processorBefore);
        }
        wallBefore = wallNow;
        processorBefore = processorNow;
    };
    RunControl control;
    const auto result = train::fineTune(*snapshot, masks, images, recipe, events, control);
    if (!result) {
        std::fprintf(stderr, "%s\n", result.error().text().c_str());
        std::exit(1);
    }
    std::printf("{\"kind\": \"%s\", \"wall_ms\": %.3f, \"cpu_ms\": %.3f}\n", kind, median(wall),
                median(processor));
    std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
    const Options options = parse(argc, argv);
    if (options.model.empty()) {
        std::fprintf(
            stderr,
            "bench_train MODEL.pt CxHxW [--batch N] [--steps N] [--turns N] [--threads N]\n");
        return 2;
    }
    measure::setUpTorchThread(options.numbers.at("--threads"));
    std::vector<std::int64_t> input = options.shape;
    input.insert(input.begin(), 1);
    const auto snapshot = test::snapshotOf(torch::jit::load(options.model), input);
    // Masks that keep everything: the same arithmetic on the same numbers, so that the difference
    // is the masks' own cost. With most weights at zero the step itself was a tenth faster.
    std::map<std::string, at::Tensor> kept;
    for (const model::Layer& layer : snapshot->layers())
        kept[layer.name] = at::ones(layer.shape, at::kBool);
    const prune::MasksPtr masks = test::masksOf(*snapshot, kept);
    for (int turn = 0; turn < options.numbers.at("--turns"); ++turn) {
        const bool masksFirst = turn % 2 == 1;
        if (masksFirst) time("masked", snapshot, masks, options);
        time("dense", snapshot, nullptr, options);
        if (!masksFirst) time("masked", snapshot, masks, options);
    }
}
