// SPDX-License-Identifier: GPL-3.0-or-later
// Samples as tensors.
#pragma once

#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <ATen/core/Tensor.h>

#include "core/base/files.h"
#include "core/data/dataset.h"

namespace espalier::data {

/// Inputs in the order of forward's arguments, each [batch, …]; targets [batch] int64 class
/// indices, [batch, …] numbers, or undefined, as DatasetInfo::targets says.
struct Batch {
    std::vector<at::Tensor> inputs;
    at::Tensor targets;

    std::int64_t samples() const { return inputs.at(0).size(0); }
};

/// Thrown where samples cannot be read any more: their files have gone since the data was opened.
class ReadError : public std::runtime_error {
public:
    explicit ReadError(Error error) : std::runtime_error(error.text()), m_error(std::move(error)) {}
    const Error& error() const { return m_error; }

private:
    Error m_error;
};

/// One kind of data. Immutable and thread-safe.
class Dataset {
public:
    virtual ~Dataset() = default;
    virtual const DatasetInfo& info() const = 0;
    virtual const DataSpec& spec() const = 0;
    /// The samples at `indices` (0 .. size of the split), decoded and normalised; those whose files
    /// turn out to be broken are left out. Throws ReadError.
    virtual Batch batch(Split split, std::span<const std::int64_t> indices) const = 0;
    /// The same samples, changed at random as DataSpec::augment says. The change depends on `seed`
    /// and the sample alone.
    virtual Batch augmented(Split split, std::span<const std::int64_t> indices,
                            std::uint64_t seed) const;
    /// Adds to `hash` what tells the first `samples` of a split from others: by default all of
    /// them, as batches give them; where files are read anew, their names, sizes and times, and the
    /// content of the first batch. Throws ReadError.
    virtual void addContent(Sha256& hash, Split split, std::int64_t samples) const;
    /// The class of each sample of a split; empty unless the targets are classes. Kinds that would
    /// have to read the samples' files for `batch` know it otherwise. Throws ReadError.
    virtual std::vector<std::int64_t> labels(Split split) const;
    /// A sample as its owner finds it again: "sample 12 (from 0) of the train split", or its place
    /// in a file where several splits are one.
    virtual std::string sampleName(Split split, std::int64_t index) const;
    /// Whether making a batch is worth threads of its own.
    virtual bool readsFiles() const { return false; }
    /// The same samples with another share of the training split held out; shares their memory.
    virtual DatasetPtr withValidation(double share) const = 0;
};

std::int64_t sampleCount(const Dataset& dataset, Split split);

/// Adds a batch to `hash`: types, shapes and values.
void addBatch(Sha256& hash, const Batch& batch);

/// The stratified validation split: for each class the share `validation` of its samples, drawn
/// with seed 0 and independent of the platform. Classes whose share rounds to nothing give that
/// share together, one sample each at most; those with one sample stay in training unless all are
/// such. Both lists ascend.
struct TrainValidation {
    std::vector<std::int64_t> train;
    std::vector<std::int64_t> validation;
};
TrainValidation stratifiedSplit(std::span<const std::int64_t> labels, double validation);

/// `count` of the samples with these labels (all, when there are no more), each class as often as
/// its share of them asks for (largest remainders, ties to the lower class), drawn with seed 0 and
/// independent of the platform. Ascending.
std::vector<std::int64_t> stratifiedSample(std::span<const std::int64_t> labels,
                                           std::int64_t count);

}  // namespace espalier::data
