// SPDX-License-Identifier: GPL-3.0-or-later
// Results of sensitivity scans that survive closing the program: one small file per model in the
// user's cache folder.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "core/measure/sensitivity.h"

namespace espalier::exchange {

/// Each result is in the file as soon as it is kept; the file is replaced as a whole, so that
/// whatever happens all earlier ones are in it. A damaged file is left out with a word in the log;
/// so is a file that cannot be written: the scan goes on without. For one thread.
class ScanCache final : public measure::ScanMemory {
public:
    /// Of the model with these weights, in cacheDir().
    static ScanCache forModel(const model::Snapshot& snapshot);
    explicit ScanCache(std::filesystem::path path);

    std::optional<measure::ScanFigures> find(const std::string& key) const override;
    void keep(const std::string& key, const measure::ScanFigures& figures) override;

    const std::filesystem::path& path() const { return m_path; }

private:
    void load();
    std::string text() const;

    std::filesystem::path m_path;
    std::map<std::string, measure::ScanFigures> m_figures;
    bool m_isWritable = true;
};

}  // namespace espalier::exchange
