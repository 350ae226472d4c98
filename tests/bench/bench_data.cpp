// SPDX-License-Identifier: GPL-3.0-or-later
// How many images of a folder become samples in a second: opening it and one pass over all splits.
//
//     bench_data FOLDER [--workers N] [--batch N] [--resize N] [--crop N] [--augment NAME]
//                [--passes N]
//
// Prints a line of JSON for each pass; the first includes the opening, as all files are new then.
// bench_data.py compares it with torchvision.
#include <chrono>
#include <cstdio>
#include <cstring>
#include <numeric>
#include <string>

#include "core/data/loader_torch.h"

using namespace espalier;
using Clock = std::chrono::steady_clock;

namespace {

struct Options {
    data::DataSpec spec;
    std::int64_t batch = 128;
    int passes = 1;
};

bool parse(int count, char** words, Options& options) {
    if (count < 2 || count % 2 != 0) return false;
    options.spec.path = words[1];
    for (int i = 2; i < count; i += 2) {
        const std::string name = words[i];
        const std::int64_t number = std::atoll(words[i + 1]);
        if (name == "--workers") options.spec.workers = static_cast<int>(number);
        if (name == "--batch") options.batch = number;
        if (name == "--resize") options.spec.resize = {number};
        if (name == "--crop") options.spec.crop = {number};
        if (name == "--augment") options.spec.augment = words[i + 1];
        if (name == "--passes") options.passes = static_cast<int>(number);
    }
    return true;
}

/// The images of all splits, each once; training ones as fine-tuning deals them.
std::int64_t pass(const data::Dataset& dataset, const Options& options, int epoch) {
    RunControl control;
    std::int64_t images = 0;
    for (const auto split : {data::Split::Train, data::Split::Validation, data::Split::Test}) {
        // Without a training split, the validation split is the test split once more.
        const bool isRepeated = split == data::Split::Validation && data::info(dataset).train == 0;
        if (isRepeated || data::sampleCount(dataset, split) == 0) continue;
        data::Loader loader(dataset, split, options.batch, 0);
        loader.startEpoch(epoch);
        while (loader.hasNext()) {
            const auto batch = loader.next(control);
            if (!batch) std::fprintf(stderr, "%s\n", batch.error().text().c_str());
            if (!batch) return 0;
            images += batch->samples();
        }
    }
    return images;
}

}  // namespace

int main(int count, char** words) {
    Options options;
    if (!parse(count, words, options)) {
        std::fprintf(stderr, "bench_data FOLDER [--option value]…\n");
        return 2;
    }
    RunControl control;
    auto start = Clock::now();
    const auto dataset = data::openDataset(options.spec, control);
    if (!dataset) std::fprintf(stderr, "%s\n", dataset.error().text().c_str());
    if (!dataset) return 1;
    for (int epoch = 1; epoch <= options.passes; ++epoch) {
        const std::int64_t images = pass(**dataset, options, epoch);
        const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
        std::printf("{\"images\": %lld, \"seconds\": %.6f}\n", static_cast<long long>(images),
                    seconds);
        start = Clock::now();
    }
    return 0;
}
