// SPDX-License-Identifier: GPL-3.0-or-later
// bench_cut MODEL [--ratio R] [--input SPEC]… [--inexact] [--output FILE] [--masked FILE]
// Cuts the same share out of every group, proves it and saves it; prints times, memory and proof.
#include <sys/resource.h>

#include <chrono>
#include <cmath>
#include <iostream>
#include <numeric>
#include <string>

#include <ATen/Parallel.h>

#include "core/channels/shrink.h"
#include "core/model/snapshot.h"

using namespace espalier;

namespace {

struct Options {
    std::filesystem::path model;
    std::filesystem::path output;
    std::filesystem::path masked;
    double ratio = 0.5;
    bool allowInexact = false;
    std::vector<script::InputSpec> inputs;
};

Options parse(int argc, char** argv) {
    Options options;
    for (int i = 1; i < argc; ++i) {
        const std::string word = argv[i];
        if (word == "--ratio")
            options.ratio = std::stod(argv[++i]);
        else if (word == "--input")
            options.inputs.push_back(*script::parseInputSpec(argv[++i]));
        else if (word == "--inexact")
            options.allowInexact = true;
        else if (word == "--output")
            options.output = argv[++i];
        else if (word == "--masked")
            options.masked = argv[++i];
        else
            options.model = word;
    }
    return options;
}

class Stopwatch {
public:
    double seconds() const {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - m_start).count();
    }

private:
    std::chrono::steady_clock::time_point m_start = std::chrono::steady_clock::now();
};

/// Every second, third, … channel goes, so that what stays is no run of neighbours.
channels::KeptChannels spread(const channels::ChannelGroups& groups, const Options& options) {
    auto kept = channels::allChannels(groups);
    for (const auto& group : groups.groups()) {
        if (group.locked || (!group.exact && !options.allowInexact)) continue;
        const auto count = std::max<std::int64_t>(
            1, group.width - std::llround(options.ratio * static_cast<double>(group.width)));
        auto& channels = kept.groups[group.id.index()];
        channels.clear();
        for (std::int64_t i = 0; i < count; ++i) channels.push_back(i * group.width / count);
    }
    return kept;
}

int failed(const Error& error) {
    std::cout << "FAILED " << error.text() << "\n";
    return 1;
}

long peakMegabytes() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss / 1024;
}

int run(const Options& options) {
    RunControl control;
    const EventSink<> events;
    const auto snapshot =
        model::openSnapshot(options.model, {.inputs = options.inputs}, events, control);
    if (!snapshot) return failed(snapshot.error());
    const long openedMegabytes = peakMegabytes();
    const Stopwatch analysing;
    const auto groups = channels::analyse(*snapshot, control);
    if (!groups) return failed(groups.error());
    const double analysed = analysing.seconds();
    std::int64_t cuttable = 0;
    for (const auto& group : (*groups)->groups()) cuttable += group.locked ? 0 : 1;
    const auto model = channels::cut(*groups, spread(**groups, options), {}, events, control);
    if (!model) return failed(model.error());
    const auto& cut = **model;
    const Stopwatch saving;
    if (!options.output.empty()) {
        if (auto saved = channels::saveCut(cut, options.output, {}, control); !saved)
            return failed(saved.error());
    }
    const double saved = saving.seconds();
    if (!options.masked.empty()) {
        if (auto masked = channels::saveMasked(cut, options.masked, {}, control); !masked)
            return failed(masked.error());
    }
    std::cout << options.model.filename().string() << "  groups " << (*groups)->groups().size()
              << " open " << cuttable << " whole " << cut.leftWhole().size() << "  parameters "
              << (*snapshot)->parameters() << " -> " << cut.parameters() << " ("
              << 100 * cut.parameters() / std::max<std::int64_t>(1, (*snapshot)->parameters())
              << " %)  proof " << cut.proof().maxRelativeDifference << " " << cut.proof().dtype
              << (cut.proof().exact ? "" : " inexact") << " on " << cut.proof().inputs.size()
              << "  analyse " << analysed << " cut " << cut.seconds().cut << " prove "
              << cut.seconds().prove << " save " << saved << " s  peak " << peakMegabytes()
              << " MB (opened " << openedMegabytes << ")\n";
    for (const auto& whole : cut.leftWhole()) {
        std::cout << "  whole: " << (*groups)->group(whole.group).key << ": " << whole.reason
                  << "\n";
    }
    for (const auto& line : cut.proof().unproved) std::cout << "  unproved: " << line << "\n";
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    at::set_num_threads(1);
    return run(parse(argc, argv));
}
