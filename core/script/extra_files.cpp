// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/script/extra_files_torch.h"

#include <string_view>

#include <caffe2/serialize/inline_container.h>

#include "core/base/format.h"
#include "core/base/log.h"

namespace espalier::script {

ExtraFiles extraFilesOf(const std::filesystem::path& archive) {
    constexpr std::string_view kFolder = "extra/";
    ExtraFiles files;
    try {
        caffe2::serialize::PyTorchStreamReader reader(archive.string());
        for (const auto& name : reader.getAllRecords()) {
            if (!name.starts_with(kFolder)) continue;
            const auto [data, size] = reader.getRecord(name);
            files.emplace(name.substr(kFolder.size()),
                          std::string(static_cast<const char*>(data.get()), size));
        }
    } catch (const std::exception&) {
        log(LogLevel::Info, cat("No extra files could be read from ", archive.string()));
    }
    return files;
}

}  // namespace espalier::script
