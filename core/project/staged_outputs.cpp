// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/project/staged_outputs.h"

#include <algorithm>

#include <unistd.h>

#include "core/base/files.h"
#include "core/base/format.h"

namespace espalier::project {

namespace fs = std::filesystem;

namespace {

fs::path beside(const fs::path& target, std::string_view what, std::size_t number) {
    // The extension stays: writers and their messages go by it.
    return target.parent_path() / cat(target.stem().string(), ".", what, "-", ::getpid(), "-",
                                      number, target.extension().string());
}

}  // namespace

StagedOutputs::~StagedOutputs() {
    std::error_code ignored;
    for (const File& file : m_files) fs::remove(file.staged, ignored);
}

fs::path StagedOutputs::stage(const fs::path& target) {
    const auto found = replaceableFile(target);
    if (!found && m_check) m_check = found.error();
    const fs::path real = found ? *found : target;
    if (m_check && std::ranges::any_of(m_files, [&](const File& f) { return f.real == real; })) {
        m_check = Error{Error::Kind::BadArgument, cat("Cannot write ", target.string()),
                        "two outputs have the same name", "Give each a name of its own"};
    }
    m_files.push_back({target, real, beside(real, "staged", m_files.size()), {}});
    return m_files.back().staged;
}

Result<void> StagedOutputs::check() const {
    return m_check;
}

Error StagedOutputs::named(Error error) const {
    for (const File& file : m_files) {
        for (std::string* text : {&error.what, &error.why, &error.hint}) {
            const std::string staged = file.staged.string();
            if (const auto at = text->find(staged); at != std::string::npos) {
                text->replace(at, staged.size(), file.target.string());
            }
        }
    }
    return error;
}

Result<void> StagedOutputs::put(File& file) {
    std::error_code failure;
    if (fs::exists(file.real)) {
        const fs::path old = beside(file.real, "old", 0);
        fs::create_hard_link(file.real, old, failure);
        if (!failure) file.old = old;  // some file systems have none: then there is no way back
        fs::permissions(file.staged, fs::status(file.real).permissions(), failure);
    }
    fs::rename(file.staged, file.real, failure);
    if (!failure) return {};
    return Error{Error::Kind::WriteFailed, cat("Cannot write ", file.target.string()),
                 failure.message(), "Check the folder's permissions and free space"};
}

Result<void> StagedOutputs::commit() {
    if (!m_check) return m_check;
    Result<void> done;
    std::size_t placed = 0;
    while (done && placed < m_files.size()) {
        done = put(m_files[placed]);
        if (done) ++placed;
    }
    std::error_code ignored;
    for (std::size_t i = 0; i < m_files.size(); ++i) {
        const File& file = m_files[i];
        if (done || i >= placed) {
            if (!file.old.empty()) fs::remove(file.old, ignored);
        } else if (!file.old.empty()) {
            fs::rename(file.old, file.real, ignored);
        } else {
            fs::remove(file.real, ignored);
        }
    }
    if (done) m_files.clear();
    return done;
}

}  // namespace espalier::project
