// SPDX-License-Identifier: GPL-3.0-or-later
// Datasets: named, opened, and split into training, validation and test.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.h"
#include "core/base/run_control.h"

namespace espalier::data {

class Dataset;  // dataset_torch.h
using DatasetPtr = std::shared_ptr<const Dataset>;

/// Train is the training split less its last-drawn validation share; Test is never used to choose
/// anything.
enum class Split { Train, Validation, Test };
std::string_view name(Split split);
/// "train", "val" or "validation", "test". Errors: BadArgument.
Result<Split> parseSplit(std::string_view text);

/// Where data lies and how it is read.
struct DataSpec {
    std::filesystem::path path;
    std::string preset{};        ///< one of presetNames(), or empty: by the kind of data
    std::vector<double> mean{};  ///< per channel, on values scaled to 0..1; empty: the preset's
    std::vector<double> deviation{};  ///< likewise
    double validation = 0.1;  ///< share of each class of the training split, drawn with seed 0
    /// Images are scaled to this before anything else: {side} of the shorter one, or {height,
    /// width}; empty: as they are, or by the preset where their sizes differ.
    std::vector<std::int64_t> resize{};
    std::vector<std::int64_t> crop{};  ///< then cut out of the middle: {side} or {height, width}
    std::string augment{};  ///< one of augmentationNames(): random changes in training; empty: none
    int workers = 0;        ///< threads that decode images; 0: as many as there are cores

    bool operator==(const DataSpec&) const = default;
};

/// The known normalisations: "mnist", "cifar10", "cifar100", "imagenet".
std::vector<std::string> presetNames();
/// "mnist" (small shifts), "cifar10" (padded crop, mirrored), "imagenet" (resized crop, mirrored).
std::vector<std::string> augmentationNames();

/// What the targets are: the number of one class a sample; numbers of any shape; nothing.
enum class Targets { Classes, Numbers, None };

/// One argument of forward, as samples hold it.
struct SampleInput {
    std::vector<std::int64_t> shape;  ///< without the batch
    std::string dtype = "float32";    ///< as PyTorch spells it
    /// Half-open, of all integers in the data; none for floating-point numbers.
    std::optional<std::pair<std::int64_t, std::int64_t>> range{};

    bool operator==(const SampleInput&) const = default;
};

/// What people are told about an open dataset.
struct DatasetInfo {
    std::string name;                       ///< "mnist"
    std::string kind;                       ///< "IDX files"
    std::vector<std::int64_t> sampleShape;  ///< [channels, height, width] of images
    std::vector<std::string> classes;       ///< empty unless the targets are classes
    std::int64_t train = 0;                 ///< samples per split
    std::int64_t validation = 0;
    std::int64_t test = 0;
    std::vector<std::string>
        notes;  ///< "choices are made on the test split: there is no training split"
    /// In the order of forward's arguments; the first has the shape `sampleShape`.
    std::vector<SampleInput> inputs{};
    Targets targets = Targets::Classes;
    bool areTargetsWhole = true;  ///< whether numbers are integers

    bool operator==(const DatasetInfo&) const = default;
};

/// Opens the data at `spec.path`, recognised by what is there.
/// Errors: NotFound, naming what was looked for; Damaged, naming the file; Mismatch (images and
/// labels differ in number); BadArgument (an option that makes no sense for the data); Untrusted (a
/// pickle that holds more than tensors); Cancelled.
Result<DatasetPtr> openDataset(const DataSpec& spec, RunControl& control);

const DatasetInfo& info(const Dataset& dataset);
const DataSpec& spec(const Dataset& dataset);

}  // namespace espalier::data
