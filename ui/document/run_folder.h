// SPDX-License-Identifier: GPL-3.0-or-later
// Where a training writes what it needs to be continued after the program has ended.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include <QDateTime>
#include <QString>

#include "core/base/result.h"
#include "ui/document/locked_folder.h"

namespace espalier::ui {

/// A folder of one training among the program's own files, which no other program takes while this
/// lives. The folder stays unless it is removed.
class RunFolder {
public:
    /// A new one; null when none can be made.
    static std::unique_ptr<RunFolder> make();
    /// One that is there; null while another program has it.
    static std::unique_ptr<RunFolder> take(const std::filesystem::path& path);

    const std::filesystem::path& path() const { return m_folder->path(); }
    std::filesystem::path checkpoint() const;
    std::filesystem::path plan() const;
    std::filesystem::path dense() const;     ///< the model that distillation learns from
    std::filesystem::path rewindTo() const;  ///< the weights that a lottery ticket goes back to
    /// Which session the training belongs to, and where in it.
    struct Origin {
        std::filesystem::path session{};  ///< an AutosaveFolder
        std::string weights{};            ///< Snapshot::weightsHash before training
    };
    Result<void> setOrigin(const Origin& origin);
    Origin origin() const;  ///< empty when it is not known
    /// The training is over, or shall not be continued. The model that was trained stays.
    void remove();

private:
    explicit RunFolder(std::unique_ptr<LockedFolder> folder);
    static std::unique_ptr<RunFolder> in(std::unique_ptr<LockedFolder> folder);

    std::unique_ptr<LockedFolder> m_folder;
};

/// A training that did not come to its end.
struct BrokenRun {
    std::filesystem::path folder;
    QString model;   ///< the file's name
    int epochs = 0;  ///< finished
    int totalEpochs = 0;
    QDateTime when;  ///< its last checkpoint was written
    /// The AutosaveFolder with the session it belongs to; empty: there is none any more.
    std::filesystem::path session{};
};

/// The latest that no program works on.
std::optional<BrokenRun> latestBrokenRun();
/// "the fine-tuning of lenet5.pt (epoch 3 of 10, today 21:40)"
QString describe(const BrokenRun& run);

}  // namespace espalier::ui
