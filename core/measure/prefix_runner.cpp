// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/measure/prefix_runner_torch.h"

#include <algorithm>
#include <numeric>

#include "core/base/format.h"
#include "core/measure/model_output_torch.h"

namespace espalier::measure {

Error dataIsGone(const data::Dataset& dataset, const std::exception& exception) {
    const auto error = detail::errorFromException("", exception);
    return {Error::Kind::Unreadable,
            cat("The scan stopped, as ", dataset.info().name, " cannot be read any more"),
            error.why, "Bring the data back and scan again: what is measured is kept"};
}

PrefixRunner::PrefixRunner(const script::Program& program, const Placement& placement,
                           const data::Dataset& dataset, const Slice& slice)
    : m_program(program),
      m_placement(placement),
      m_dataset(dataset),
      m_slice(slice),
      m_point(script::stopPointAt(program, 0)) {
    for (std::int64_t begin = 0; begin < slice.samples; begin += slice.batchSize) {
        Part part;
        part.begin = begin;
        part.end = std::min(begin + slice.batchSize, slice.samples);
        m_parts.push_back(std::move(part));
    }
}

void PrefixRunner::stopAt(std::size_t step) {
    if (step < m_point.step) {
        for (auto& part : m_parts) part.run.reset();
        m_bytes = 0;
    }
    if (step != m_point.step) m_point = script::stopPointAt(m_program, step);
}

Result<void> PrefixRunner::begin(Part& part) {
    data::Batch batch;
    try {
        std::vector<std::int64_t> indices(static_cast<std::size_t>(part.end - part.begin));
        std::iota(indices.begin(), indices.end(), part.begin);
        batch = moved(m_dataset.batch(m_slice.split, indices), m_placement);
    } catch (const std::exception& exception) {
        return dataIsGone(m_dataset, exception);
    }
    part.labels = batch.targets;
    part.samples = batch.samples();
    auto run = script::PartialRun::begin(m_program, {batch.inputs.begin(), batch.inputs.end()});
    if (!run) return run.error();
    part.run.emplace(std::move(*run));
    part.bytes = 0;
    return {};
}

Result<void> PrefixRunner::advance(Part& part, RunControl& control) {
    if (!part.run) {
        if (auto begun = begin(part); !begun) return begun;
    } else if (part.run->position() == m_point.step) {
        return {};
    }
    auto advanced = part.run->advance(m_point, control);
    m_bytes -= part.bytes;
    if (!advanced) {
        part.run.reset();
        return advanced;
    }
    part.bytes = part.run->bytes();
    m_bytes += part.bytes;
    return {};
}

Result<ScanFigures> PrefixRunner::sumsOf(Part& part, const ScanMetric& metric,
                                         RunControl& control) {
    if (auto advanced = advance(part, control); !advanced) return advanced.error();
    const auto output = part.run->finish(control);
    if (!output) return output.error();
    const auto scores = selectOutput(*output, metric.output);
    if (!scores) return scores.error();
    if (metric.reference == ScanMetric::Reference::Labels) {
        try {
            return metric.sums(*scores, part.labels);
        } catch (const StrayLabel& stray) {
            return strayLabelError(m_dataset, m_slice.split, part.begin, stray);
        }
    }
    if (!part.denseScores.defined()) part.denseScores = scores->clone();
    return metric.sums(*scores, part.denseScores);
}

void PrefixRunner::forgetIfTooLarge(Part& part) {
    if (m_bytes <= m_slice.keepBytes) return;
    m_bytes -= part.bytes;
    part.run.reset();
}

Result<ScanFigures> PrefixRunner::evaluate(const ScanMetric& metric,
                                           const std::function<void(std::int64_t)>& onBatch,
                                           RunControl& control) {
    ScanFigures sum;
    std::int64_t samples = 0;
    for (auto& part : m_parts) {
        if (!control.keepGoing())
            return Error{Error::Kind::Cancelled, "The scan was stopped", {}, {}};
        const auto sums = sumsOf(part, metric, control);
        if (!sums) return sums.error();
        sum += *sums;
        samples += part.samples;
        forgetIfTooLarge(part);
        onBatch(part.end);
    }
    return sum / static_cast<double>(samples);
}

std::int64_t PrefixRunner::samples() const {
    std::int64_t samples = 0;
    for (const auto& part : m_parts) samples += part.samples;
    return samples;
}

}  // namespace espalier::measure
