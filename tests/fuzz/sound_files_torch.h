// SPDX-License-Identifier: GPL-3.0-or-later
// Small sound files of every kind that the program opens, for tests that damage them.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "core/exchange/checkpoint_file.h"
#include "core/model/snapshot_torch.h"
#include "core/project/session.h"
#include "core/train/fine_tune.h"
#include "tests/support/idx_files.h"
#include "tests/support/image_files.h"
#include "tests/support/stored_zip.h"
#include "tests/support/toy_training_torch.h"

namespace espalier::test {

/// A NumPy array of `count` rows: floats of five columns, or whole numbers 0 to 3.
inline std::string npyBytes(int count, bool areLabels) {
    const std::string shape = "(" + std::to_string(count) + (areLabels ? ",)" : ", 5)");
    const std::string header = std::string("{'descr': '") + (areLabels ? "<i8" : "<f4") +
                               "', 'fortran_order': False, 'shape': " + shape + ", }   \n";
    std::string bytes = std::string("\x93NUMPY\x01", 7) + '\0';
    bytes += static_cast<char>(header.size() & 0xff);
    bytes += static_cast<char>(header.size() >> 8);
    bytes += header;
    for (int i = 0; i < count * (areLabels ? 1 : 5); ++i) {
        const std::int64_t label = i % 4;
        const float value = static_cast<float>(i) / 8;
        bytes += areLabels ? std::string(reinterpret_cast<const char*>(&label), sizeof label)
                           : std::string(reinterpret_cast<const char*>(&value), sizeof value);
    }
    return bytes;
}

/// Files of tensors: data.npz and tensors.pt in `folder`, one of them a copy out of `fixtures`, and
/// a folder for damaged ones.
inline void writeSoundTensors(const std::filesystem::path& folder,
                              const std::filesystem::path& fixtures) {
    constexpr int kSamples = 40;
    writeBytes((folder / "data.npz").string(),
               storedZip({{"inputs.npy", npyBytes(kSamples, false)},
                          {"targets.npy", npyBytes(kSamples, true)}}));
    std::filesystem::copy_file(fixtures / "tensors.data", folder / "tensors.pt");
    std::filesystem::create_directories(folder / "tensors");
}

/// Folders IDX, gzip, CIFAR and images in `folder`.
inline void writeSoundData(const std::filesystem::path& folder) {
    std::filesystem::create_directories(folder / "IDX");
    for (const char* part : {"train", "t10k"})
        writeIdxPair((folder / "IDX").string(), part, 40, 6, 5, 4);
    std::filesystem::create_directories(folder / "gzip");
    for (const char* part : {"train-images-idx3-ubyte", "train-labels-idx1-ubyte",
                             "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"})
        writeGzip((folder / "gzip" / (std::string(part) + ".gz")).string(),
                  readBytes((folder / "IDX" / part).string()));
    std::filesystem::create_directories(folder / "CIFAR");
    std::string records;
    for (char i = 0; i < 20; ++i) {
        records.push_back(static_cast<char>(i % 10));
        records.append(3072, i);
    }
    for (const char* name : {"data_batch_1.bin", "test_batch.bin"})
        writeBytes((folder / "CIFAR" / name).string(), records);
    const std::string image = solidPng(24, 20, 200, 30, 90);
    for (const char* name : {"train/a/1.png", "train/a/2.png", "train/b/1.png", "test/a/1.png"})
        writeFile(folder / "images" / name, image);
}

/// Of a run of one epoch, in `folder`; empty: it could not be written.
inline std::string soundCheckpoint(const std::filesystem::path& folder) {
    const auto snapshot = linearModel(at::ones({3, 6}), at::zeros({3}));
    train::RunLife life;
    const auto file = folder / "sound.checkpoint";
    life.keep = [&](const train::Checkpoint& checkpoint) {
        return exchange::writeCheckpoint(checkpoint, "", file);
    };
    RunControl control;
    const train::Recipe recipe{.epochs = 1, .batchSize = 32, .device = "cpu"};
    const auto run =
        train::fineTune(*snapshot, masksOf(*snapshot, {}), blobData(), recipe, {}, control, life);
    return run.ok() ? readBytes(file.string()) : std::string();
}

/// A session at `file`, beside its model: opened, pruned, fine-tuned to other weights, with data
/// attached. The fine-tuned state; null: it could not be written.
inline model::SnapshotPtr writeSoundSession(const std::filesystem::path& model,
                                            const std::filesystem::path& data,
                                            const std::filesystem::path& file) {
    RunControl control;
    const auto root = model::openSnapshot(model, {}, {}, control);
    if (!root) return nullptr;
    const auto empty = std::make_shared<const prune::Plan>(prune::emptyPlan(**root));
    prune::Plan half = *empty;
    half.weights[(*root)->layers().front().name] = prune::WeightRule::sparsity(0.5);
    const auto history = project::History::opened(*root, empty);
    train::TrainResult result;
    const auto module = model::cloneModule((*root)->state().module);
    for (const auto& each : module.named_parameters()) each.value.detach().add_(0.125);
    result.best = model::withWeights(**root, module, (*root)->state().baseMasks);
    result.samples = {{.step = 1, .epoch = 1, .loss = 0.3, .lr = 0.01, .seconds = 0.1}};
    const auto tuned = history.fineTuned(history.root(), std::make_shared<const prune::Plan>(half),
                                         result, "fine-tuned 1 epoch");
    project::SessionData attached;
    attached.spec.path = data;
    const project::Session session{tuned.history, tuned.id, empty, attached, "layout"};
    const auto saved = project::saveSession(session, file, control);
    return saved ? result.best : nullptr;
}

}  // namespace espalier::test
