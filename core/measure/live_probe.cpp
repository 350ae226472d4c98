// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/measure/live_probe.h"

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <utility>

#include <ATen/core/grad_mode.h>

#include "core/base/format.h"
#include "core/base/log.h"
#include "core/data/subset_torch.h"
#include "core/measure/device_torch.h"
#include "core/measure/evaluate.h"
#include "core/measure/masked_copy_torch.h"
#include "core/measure/objective_torch.h"
#include "core/measure/prefix_runner_torch.h"
#include "core/measure/runtime.h"
#include "core/model/snapshot_torch.h"

namespace espalier::measure {

namespace {

constexpr auto kProbing = "Cannot probe the accuracy";

/// Whether running the model as a whole may do what running it in parts did not.
bool isOfTheModel(const Error& error) {
    return error.kind != Error::Kind::Cancelled && error.kind != Error::Kind::Unreadable;
}

}  // namespace

Result<data::DatasetPtr> probeSamples(const data::DatasetPtr& dataset, std::int64_t samples) {
    const data::DatasetInfo& info = dataset->info();
    if (info.validation == 0 || samples < 1) {
        return Error{Error::Kind::BadArgument, kProbing,
                     cat(info.validation, " samples are in the validation split of ", info.name,
                         ", ", samples, " are asked for"),
                     "Attach data with a validation split, and ask for one sample or more"};
    }
    return guarded(kProbing, [&]() -> Result<data::DatasetPtr> {
        return data::stratifiedSubset(dataset, data::Split::Validation, samples);
    });
}

/// All that belongs to one model, one dataset and one set of options.
class LiveProbe::Session {
public:
    static Result<std::unique_ptr<Session>> begin(const ProbeSubject& subject,
                                                  const ProbeOptions& options, RunControl& control);

    bool isOf(const ProbeSubject& subject, const ProbeOptions& options) const {
        return subject.snapshot == m_snapshot && subject.dataset == m_dataset &&
               options == m_options;
    }
    std::int64_t keptBytes() const { return m_runner ? m_runner->keptBytes() : 0; }

    Result<ProbeFigures> measure(const ProbeSubject& subject, RunControl& control) {
        if (m_runner) {
            auto figures = measureFromPrefix(subject, control);
            if (figures || !isOfTheModel(figures.error())) return figures;
            runAsWhole(figures.error());
        }
        return measureAsWhole(subject, control);
    }

private:
    Session(const ProbeSubject& subject, const ProbeOptions& options, data::DatasetPtr samples)
        : m_snapshot(subject.snapshot),
          m_dataset(subject.dataset),
          m_options(options),
          m_samples(std::move(samples)),
          m_weights(subject.snapshot) {}

    Result<void> prepare(RunControl& control);
    Result<ScanFigures> evaluateFromPrefix(RunControl& control);
    void runAsWhole(const Error& why);
    std::size_t firstUse(const std::vector<std::string>& paths);
    Result<ProbeFigures> measureFromPrefix(const ProbeSubject& subject, RunControl& control);
    Result<ProbeFigures> measureAsWhole(const ProbeSubject& subject, RunControl& control) const;

    const KeepFreedMemory m_keepFreedMemory{};  // first: what all the others free is given back
    model::SnapshotPtr m_snapshot;
    data::DatasetPtr m_dataset;
    ProbeOptions m_options;
    data::DatasetPtr m_samples;
    MaskedCopy m_weights;
    std::optional<script::Program> m_program;
    Objective m_objective;
    std::optional<PrefixRunner> m_runner;  // none: forward is run as a whole
    bool m_hasReference = false;           // the runner has seen the dense model's scores
    std::map<std::string, std::size_t> m_firstUses;
};

Result<std::unique_ptr<LiveProbe::Session>> LiveProbe::Session::begin(const ProbeSubject& subject,
                                                                      const ProbeOptions& options,
                                                                      RunControl& control) {
    auto samples = probeSamples(subject.dataset, options.samples);
    if (!samples) return samples.error();
    std::unique_ptr<Session> session(new Session(subject, options, std::move(*samples)));
    if (auto prepared = session->prepare(control); !prepared) return prepared.error();
    return session;
}

Result<void> LiveProbe::Session::prepare(RunControl& control) {
    const auto device = findDevice(m_options.device);
    if (!device) return device.error();
    if (auto fits = checkFit(*m_snapshot, *m_samples, m_options.metrics); !fits)
        return fits.error();
    auto objective = makeObjective(m_options.metrics, m_samples->info(), *device, control);
    if (!objective) return objective.error();
    m_objective = *std::move(objective);
    const Placement placement = place(m_weights.module(), *m_snapshot, *device);
    auto program = script::makeProgram(m_weights.module());
    if (!program) {
        runAsWhole(program.error());
        return {};
    }
    m_program = std::move(*program);
    m_runner.emplace(*m_program, placement, *m_samples,
                     PrefixRunner::Slice{data::Split::Validation, m_samples->info().validation,
                                         m_options.batchSize, m_options.prefixBytes});
    return {};
}

void LiveProbe::Session::runAsWhole(const Error& why) {
    log(LogLevel::Info, cat("The live probe runs ", m_snapshot->file().name(),
                            " as a whole, as it does not run in parts: ", why.text()));
    m_runner.reset();
    m_program.reset();
}

/// In front of the first node that computes from one of `paths`, of which there is at least one.
std::size_t LiveProbe::Session::firstUse(const std::vector<std::string>& paths) {
    auto first = std::numeric_limits<std::size_t>::max();
    for (const auto& path : paths) {
        auto known = m_firstUses.find(path);
        if (known == m_firstUses.end()) {
            const at::Tensor tensors[] = {model::parameterAt(m_program->module, path)};
            known = m_firstUses.emplace(path, script::firstUse(*m_program, tensors)).first;
        }
        first = std::min(first, known->second);
    }
    return first;
}

Result<ScanFigures> LiveProbe::Session::evaluateFromPrefix(RunControl& control) {
    return m_runner->evaluate(
        m_objective.figures, [](std::int64_t) {}, control);
}

Result<ProbeFigures> LiveProbe::Session::measureFromPrefix(const ProbeSubject& subject,
                                                           RunControl& control) {
    if (m_objective.needsReference() && !m_hasReference) {  // the weights are still whole
        if (auto dense = evaluateFromPrefix(control); !dense) return dense.error();
        m_hasReference = true;
    }
    const auto changed = m_weights.differing(*subject.masks);
    // What was computed from a weight that has changed since does not hold any more.
    if (!changed.empty() && firstUse(changed) < m_runner->position()) m_runner->stopAt(0);
    m_weights.apply(*subject.masks);
    m_runner->stopAt(subject.moving.empty() ? 0 : firstUse(subject.moving));
    const auto figures = evaluateFromPrefix(control);
    if (figures) {
        return ProbeFigures{m_runner->samples(), figures->top1, figures->loss, figures->score};
    }
    Error error = figures.error();
    if (error.kind == Error::Kind::Unreadable) {
        error.what = cat(kProbing, ", as ", m_dataset->info().name, " cannot be read any more");
        error.hint = "Bring the data back, or attach it again";
    }
    return error;
}

Result<ProbeFigures> LiveProbe::Session::measureAsWhole(const ProbeSubject& subject,
                                                        RunControl& control) const {
    EvaluateOptions options;
    options.batchSize = m_options.batchSize;
    options.device = m_options.device;
    options.metrics = m_options.metrics;
    const auto whole = evaluate(*m_snapshot, subject.masks, *m_samples, options, {}, control);
    if (!whole) return whole.error();
    return ProbeFigures{whole->samples, whole->top1, whole->loss, whole->score};
}

LiveProbe::LiveProbe() = default;
LiveProbe::~LiveProbe() = default;

Result<ProbeFigures> LiveProbe::measure(const ProbeSubject& subject, const ProbeOptions& options,
                                        RunControl& control) {
    return guarded(kProbing, [&]() -> Result<ProbeFigures> {
        const at::NoGradGuard noGradients;
        if (!m_session || !m_session->isOf(subject, options)) {
            m_session.reset();
            auto session = Session::begin(subject, options, control);
            if (!session) return session.error();
            m_session = std::move(*session);
        }
        return m_session->measure(subject, control);
    });
}

void LiveProbe::forget() {
    m_session.reset();
}

std::int64_t LiveProbe::keptBytes() const {
    return m_session ? m_session->keptBytes() : 0;
}

}  // namespace espalier::measure
