// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/train/batch_parts_torch.h"

#include <c10/util/Exception.h>

#include <algorithm>
#include <cmath>

#include "core/base/format.h"
#include "core/base/log.h"

namespace espalier::train {
namespace {

data::Batch slice(const data::Batch& batch, std::int64_t first, std::int64_t end) {
    data::Batch part;
    for (const at::Tensor& input : batch.inputs) part.inputs.push_back(input.slice(0, first, end));
    if (batch.targets.defined()) part.targets = batch.targets.slice(0, first, end);
    return part;
}

Error tooLarge(std::int64_t samples, bool mayHalve) {
    return {Error::Kind::Failed, "Fine-tuning was given up",
            cat("the device's memory does not suffice for ", samples,
                samples == 1 ? " sample" : " samples", " at once"),
            mayHalve || samples == 1
                ? "Close other programs that use the device, or train on the CPU"
                : "Use half the batch size, allow halve_batch_to_fit in the recipe, or train on "
                  "the CPU"};
}

/// What an operator throws within TorchScript arrives as a std::runtime_error that holds the text.
bool isOutOfMemory(const std::exception& failure) {
    if (dynamic_cast<const c10::OutOfMemoryError*>(&failure)) return true;
    const std::string_view text = failure.what();
    return text.find("out of memory") != std::string_view::npos ||
           text.find("can't allocate memory") != std::string_view::npos;
}

}  // namespace

Result<double> BatchParts::run(const data::Batch& batch, const std::vector<at::Tensor>& parameters,
                               const AddGradients& add) {
    const std::int64_t samples = batch.samples();
    while (true) {
        for (const at::Tensor& parameter : parameters) parameter.mutable_grad() = at::Tensor();
        try {
            return tryParts(batch, add);
        } catch (const std::exception& failure) {
            if (!isOutOfMemory(failure)) throw;
            log(LogLevel::Debug, failure.what());
        }
        const std::int64_t size = (samples + m_parts - 1) / m_parts;
        if (!m_mayHalve || size <= 1) return tooLarge(size, m_mayHalve);
        m_parts *= 2;
        log(LogLevel::Warning,
            cat("The device's memory does not suffice for ", size,
                " samples at once: batches are taken in ", m_parts,
                " parts from here on, and their gradients summed. Batch norms see the parts."));
    }
}

Result<double> BatchParts::tryParts(const data::Batch& batch, const AddGradients& add) const {
    const std::int64_t samples = batch.samples();
    if (m_parts == 1) return add(batch, 1);
    const std::int64_t size = (samples + m_parts - 1) / m_parts;
    double sum = 0;
    for (std::int64_t first = 0; first < samples; first += size) {
        const data::Batch part = slice(batch, first, std::min(first + size, samples));
        const double share = static_cast<double>(part.samples()) / static_cast<double>(samples);
        const auto loss = add(part, share);
        if (!loss || !std::isfinite(*loss)) return loss;
        sum += share * *loss;
    }
    return sum;
}

}  // namespace espalier::train
