// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/training_progress.h"

#include <algorithm>
#include <cmath>

#include <QCoreApplication>
#include <QStringList>

#include "core/base/format.h"
#include "core/train/timetable.h"
#include "ui/style/number_text.h"

namespace espalier::ui {
namespace {

QString tr(const char* text, int count = -1) {
    return QCoreApplication::translate("TrainingProgress", text, nullptr, count);
}

constexpr double kGrown = 1e-5;  // of the sparsity, which the optimizer may change by a zero or two

QString shown(const std::string& text) {
    return QString::fromStdString(text);
}

}  // namespace

TrainingProgress::TrainingProgress(const train::Recipe& recipe, std::int64_t trainSamples,
                                   const measure::Metric& metric)
    : m_recipe(recipe), m_trainSamples(trainSamples), m_metric(metric) {}

void TrainingProgress::add(const train::TrainSample& sample) {
    m_last = sample;
    if (sample.sparsity > m_sparsity + kGrown)
        m_bestScore.reset();  // more is gone: no epoch counts
    m_sparsity = std::max(m_sparsity, sample.sparsity);
    if (std::isnan(sample.score) || isStillPruning()) return;
    if (m_bestScore && !m_metric.isBetter(sample.score, *m_bestScore)) return;
    m_bestScore = sample.score;
    m_bestEpoch = sample.epoch;
}

// Then no epoch can be the result.
bool TrainingProgress::isStillPruning() const {
    const train::Timetable timetable(m_recipe, stepsPerEpoch());
    return m_sparsity > kGrown && !timetable.isReachedAt(m_last.step);
}

std::int64_t TrainingProgress::stepsPerEpoch() const {
    return (m_trainSamples + m_recipe.batchSize - 1) / m_recipe.batchSize;
}

double TrainingProgress::samplesPerSecond() const {
    if (!std::isnan(m_last.figures.samplesPerSecond)) return m_last.figures.samplesPerSecond;
    if (m_last.step <= 0 || m_last.seconds <= 0) return 0;
    // The last batch of an epoch may be smaller than the others.
    const double perStep = m_trainSamples > 0 ? static_cast<double>(m_trainSamples) /
                                                    static_cast<double>(stepsPerEpoch())
                                              : static_cast<double>(m_recipe.batchSize);
    return static_cast<double>(m_last.step) * perStep / m_last.seconds;
}

std::optional<double> TrainingProgress::secondsLeft() const {
    if (!std::isnan(m_last.figures.secondsLeft)) return m_last.figures.secondsLeft;
    if (m_last.step <= 0 || m_trainSamples <= 0) return std::nullopt;
    const auto total = static_cast<double>(stepsPerEpoch() * train::totalEpochs(m_recipe));
    const auto done = static_cast<double>(m_last.step);
    return std::max(0.0, m_last.seconds * (total - done) / done);
}

QString TrainingProgress::statusText(bool isPaused) const {
    const int epochs = train::totalEpochs(m_recipe);
    if (epochs == 0) return tr("Taking batch-norm statistics anew");
    QStringList parts{tr("Epoch %1 of %2").arg(std::max(1, m_last.epoch)).arg(epochs)};
    if (isPaused) parts << tr("paused");
    if (const auto left = secondsLeft(); left && !isPaused)
        parts << tr("%1 left").arg(shown(duration(*left)));
    const double speed = samplesPerSecond();
    if (speed > 0) parts << tr("%1 samples/s").arg(style::numberText(siCount(std::round(speed))));
    if (m_last.step > 0) {
        parts << tr("LR %1").arg(style::numberText(significant(m_last.lr, 3)));
        parts << tr("sparsity %1").arg(style::numberText(percent(m_last.sparsity)));
    }
    return parts.join(QStringLiteral("  ·  "));
}

QString TrainingProgress::memoryText() const {
    const train::RunFigures& figures = m_last.figures;
    QStringList parts;
    if (figures.memoryBytes > 0)
        parts << tr("peak memory %1")
                     .arg(style::numberText(byteSize(static_cast<double>(figures.memoryBytes))));
    if (figures.deviceBytes > 0) {
        const QString used = style::numberText(byteSize(static_cast<double>(figures.deviceBytes)));
        const QString all = style::numberText(byteSize(static_cast<double>(figures.deviceTotal)));
        parts << (figures.deviceTotal > 0 ? tr("device %1 of %2").arg(used, all)
                                          : tr("device %1").arg(used));
    }
    if (!std::isnan(figures.processorLoad))
        parts << tr("CPU %1").arg(style::numberText(percent(figures.processorLoad)));
    if (!std::isnan(figures.deviceLoad))
        parts << tr("GPU %1").arg(style::numberText(percent(figures.deviceLoad)));
    return parts.join(QStringLiteral("  ·  "));
}

QString TrainingProgress::bestText() const {
    if (!m_bestScore && isStillPruning()) return tr("The best epoch is chosen once all is removed");
    if (!m_bestScore) return {};
    const QString score = style::numberText(m_metric.text(*m_bestScore));
    if (m_bestEpoch == 0) return tr("Best so far: before training, %1 on validation").arg(score);
    return tr("Best so far: epoch %1, %2 on validation").arg(m_bestEpoch).arg(score);
}

QString summaryOf(const train::TrainResult& result) {
    const QString before = style::numberText(result.before.metric.text(result.before.score));
    const QString after = style::numberText(result.after.metric.text(result.after.score));
    const QString count = result.epochs == 1 ? tr("1 epoch") : tr("%1 epochs").arg(result.epochs);
    const QString epochs =
        result.stopped ? tr("stopped after %1").arg(count) : tr("after %1").arg(count);
    const bool isStatistics = result.epochs == 0 && !result.stopped;
    if (isStatistics && !result.hasNewStatistics) {
        return tr("New batch-norm statistics were no better than those of the model (%1 on "
                  "validation): nothing was changed.")
            .arg(before);
    }
    if (result.bestEpoch > result.epochs) {
        return tr("Stopped in epoch %1: %2 (was %3) on validation.")
            .arg(QString::number(result.bestEpoch), after, before);
    }
    if (result.bestEpoch == 0 && result.stopped && result.epochs == 0) {
        return tr("Stopped in the first epoch, which was no better than the start (%1 on "
                  "validation): the weights are unchanged.")
            .arg(before);
    }
    if (result.bestEpoch == 0 && !result.hasNewStatistics) {
        return tr("No epoch was better than the start (%1 on validation), %2: the weights are "
                  "unchanged.")
            .arg(before, epochs);
    }
    if (result.bestEpoch == 0) {
        return tr("New batch-norm statistics: %1 (was %2) on validation.").arg(after, before);
    }
    return tr("Best epoch %1: %2 (was %3) on validation, %4.")
        .arg(QString::number(result.bestEpoch), after, before, epochs);
}

}  // namespace espalier::ui
