// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/project/staged_outputs.h"

#include <unistd.h>

#include "core/base/format.h"

namespace espalier::project {

namespace fs = std::filesystem;

StagedOutputs::~StagedOutputs() {
    std::error_code ignored;
    for (const auto& [staged, target] : m_files) fs::remove(staged, ignored);
}

fs::path StagedOutputs::stage(const fs::path& target) {
    fs::path staged = target;
    // The extension stays: writers and their messages go by it.
    staged.replace_filename(cat(target.stem().string(), ".staged-", ::getpid(), "-", m_files.size(),
                                target.extension().string()));
    m_files.emplace_back(staged, target);
    return staged;
}

Result<void> StagedOutputs::commit() {
    while (!m_files.empty()) {
        const auto& [staged, target] = m_files.front();
        std::error_code failure;
        fs::rename(staged, target, failure);
        if (failure) {
            return Error{Error::Kind::WriteFailed, "Cannot write " + target.string(),
                         failure.message(), "Check the folder's permissions and free space"};
        }
        m_files.erase(m_files.begin());
    }
    return {};
}

}  // namespace espalier::project
