// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/exchange/model_format.h"

#include <algorithm>
#include <array>

#include "core/base/format.h"
#include "core/exchange/export.h"
#include "core/exchange/onnx_export.h"
#include "core/exchange/safetensors.h"

namespace espalier::exchange {

namespace {

Result<std::vector<std::string>> writeTorchScript(const ExportSubject& subject,
                                                  const std::filesystem::path& target,
                                                  const EventSink<>& events, RunControl& control) {
    const auto written = [&] {
        if (!subject.cut) {
            return exportMasked(*subject.snapshot, subject.masks, target, events, control);
        }
        return subject.isMasked ? channels::saveMasked(*subject.cut, target, events, control)
                                : channels::saveCut(*subject.cut, target, events, control);
    }();
    if (!written) return written.error();
    return std::vector<std::string>{};
}

constexpr std::array kFormats = {
    ModelFormat{"torchscript", ".pt", writeTorchScript},
    ModelFormat{"onnx", ".onnx", writeOnnx},
    ModelFormat{"safetensors", ".safetensors", writeSafetensors},
};

}  // namespace

std::span<const ModelFormat> modelFormats() {
    return kFormats;
}

Result<ModelFormat> findModelFormat(std::string_view name) {
    const auto found = std::ranges::find(kFormats, name, &ModelFormat::name);
    if (found != kFormats.end()) return *found;
    std::string known;
    for (const auto& format : kFormats) known += cat(known.empty() ? "" : ", ", format.name);
    return Error{Error::Kind::BadArgument, cat("There is no format '", name, "'"), "",
                 cat("Known are ", known)};
}

}  // namespace espalier::exchange
