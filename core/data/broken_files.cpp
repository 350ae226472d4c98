// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/broken_files.h"

#include "core/base/format.h"
#include "core/base/log.h"

namespace espalier::data {
namespace {

constexpr std::int64_t kNamed = 3;

}  // namespace

std::string shortName(const std::filesystem::path& path, const std::filesystem::path& root) {
    return path.lexically_relative(root).string();
}

Error folderError(Error::Kind kind, const std::filesystem::path& root, std::string why,
                  std::string hint) {
    return {kind, cat("Cannot open the data in ", root.string()), std::move(why), std::move(hint)};
}

void BrokenFiles::add(const std::filesystem::path& file, const std::string& why) {
    const std::string line = cat(shortName(file, m_root), " (", why, ")");
    log(LogLevel::Info, cat("Left out: ", line));  // the note warns, once for all of them
    if (++m_count <= kNamed) m_first.push_back(line);
}

std::string BrokenFiles::note() const {
    if (m_count == 0) return {};
    std::string text =
        cat(m_count, m_count == 1 ? " broken image" : " broken images", " left out: ");
    for (const std::string& name : m_first) text += (name == m_first.front() ? "" : ", ") + name;
    return m_count > kNamed
               ? cat(text, " and ", m_count - kNamed, " more, named in ", logFilePath())
               : text;
}

}  // namespace espalier::data
