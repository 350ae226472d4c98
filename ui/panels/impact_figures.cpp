// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/impact_figures.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <QCoreApplication>
#include <QStringList>

#include "core/base/format.h"
#include "ui/document/document.h"
#include "ui/document/probe.h"
#include "ui/models/layer_model.h"
#include "ui/style/counted.h"
#include "ui/style/number_text.h"
#include "ui/style/words.h"

namespace espalier::ui {

using Basis = ImpactFigure::Basis;
using Action = ImpactFigure::Action;
using Kind = measure::Metric::Kind;

namespace {

const QString kUnknown = QStringLiteral("–");

QString tr(const char* text) {
    return QCoreApplication::translate("ImpactFigures", text);
}

QString text(const std::string& utf8) {
    return QString::fromStdString(utf8);
}

double share(double part, double whole) {
    return whole > 0 ? part / whole : 1;
}

// "−92 %"; empty when nothing changed.
QString changeText(double before, double after) {
    if (!(before > 0) || before == after) return {};
    const double change = after / before - 1;
    return (change > 0 ? QStringLiteral("+") : QString()) +
           style::numberText(percent(change, std::abs(change) < 0.1 ? 1 : 0));
}

ImpactFigure countFigure(const QString& name, const QString& title, std::int64_t before,
                         std::int64_t after) {
    ImpactFigure figure;
    figure.name = name;
    figure.title = title;
    figure.before =
        before == after ? QString() : style::numberText(siCount(static_cast<double>(before)));
    figure.after = style::numberText(siCount(static_cast<double>(after)));
    figure.change = changeText(static_cast<double>(before), static_cast<double>(after));
    figure.left = share(static_cast<double>(after), static_cast<double>(before));
    return figure;
}

QString fromTo(std::int64_t before, std::int64_t after) {
    return tr("%1 → %2").arg(text(exactCount(before)), text(exactCount(after)));
}

ImpactFigure parameters(const prune::Footprint& dense, const prune::Footprint& now) {
    ImpactFigure figure = countFigure(QStringLiteral("parameters"), tr("Parameters"),
                                      dense.parameters, now.parameters);
    figure.toolTip =
        tr("Elements of all parameters: %1. Only channels that are cut out make "
           "tensors smaller; weight pruning sets weights to zero.")
            .arg(now.parameters == dense.parameters ? text(exactCount(now.parameters))
                                                    : fromTo(dense.parameters, now.parameters));
    return figure;
}

ImpactFigure nonzeros(const prune::Footprint& dense, const prune::Footprint& now) {
    ImpactFigure figure =
        countFigure(QStringLiteral("nonzeros"), tr("Non-zeros"), dense.nonzeros, now.nonzeros);
    figure.toolTip = tr("Parameters that no mask removes: %1, counted exactly.")
                         .arg(fromTo(dense.nonzeros, now.nonzeros));
    return figure;
}

ImpactFigure macs(const model::Snapshot& snapshot, const prune::Footprint& dense,
                  const prune::Footprint& now) {
    const bool isDense = now.macs == now.macsEffective;
    ImpactFigure figure =
        countFigure(QStringLiteral("macs"), isDense ? tr("MACs") : tr("Effective MACs"),
                    dense.macsEffective, now.macsEffective);
    const bool isCounted = isDense && !snapshot.inputsAreGuessed();
    figure.basis = isCounted ? Basis::Measured : Basis::Estimate;
    figure.toolTip =
        isDense
            ? tr("Multiply-accumulates at batch 1, as the shapes are after cutting channels: %1.")
                  .arg(fromTo(dense.macsEffective, now.macsEffective))
            : tr("Multiply-accumulates at batch 1, each layer's times the share of its weights "
                 "that is kept: %1. Only kernels that skip zeros get there; dense ones still do "
                 "%2.")
                  .arg(fromTo(dense.macsEffective, now.macsEffective), text(exactCount(now.macs)));
    const QString input = inputText(snapshot);
    figure.toolTip += snapshot.inputsAreGuessed()
                          ? tr(" Counted for the input %1, which is a guess.").arg(input)
                          : tr(" Counted for the input %1.").arg(input);
    return figure;
}

ImpactFigure file(const prune::Footprint& dense, const prune::Footprint& now) {
    ImpactFigure figure;
    figure.name = QStringLiteral("file");
    figure.title = tr("File, zipped");
    const auto before = static_cast<double>(dense.bytesCompressed);
    const auto after = static_cast<double>(now.bytesCompressed);
    figure.before = before == after ? QString() : style::numberText(byteSize(before));
    figure.after = style::numberText(byteSize(after));
    figure.change = changeText(before, after);
    figure.left = std::min(1.0, share(after, before));
    figure.basis = Basis::Estimate;
    figure.toolTip = tr("The exported file after gzip -6. As it lies on the disk, zeros included, "
                        "it keeps its %1.")
                         .arg(style::numberText(byteSize(static_cast<double>(now.bytesDense))));
    return figure;
}

QString pointsText(double points) {
    const QString sign = points > 0 ? QStringLiteral("+") : QString();
    return sign + style::numberText(significant(points, 3)) + tr(" pt");
}

/// " Lowest: 8 97.1 %, 9 97.4 %, 3 97.9 %."
QString weakestClasses(const measure::Evaluation& evaluation) {
    constexpr std::size_t kNamed = 3;
    std::vector<std::pair<double, QString>> classes;
    for (const measure::ClassAccuracy& each : evaluation.classes) {
        if (each.samples > 0)
            classes.emplace_back(double(each.correct) / double(each.samples), text(each.name));
    }
    if (classes.size() <= kNamed) return {};
    std::ranges::sort(classes);
    QStringList named;
    for (std::size_t i = 0; i < kNamed; ++i) {
        named << tr("%1 %2").arg(classes[i].second, style::numberText(percent(classes[i].first)));
    }
    return tr(" Lowest classes: %1.").arg(named.join(QStringLiteral(", ")));
}

QString metricTitle(const measure::Metric& metric) {
    if (metric.kind == Kind::Top1) return tr("Accuracy");
    if (metric.kind == Kind::Agreement) return tr("Agreement with dense");
    return metric.kind == Kind::Loss ? tr("Loss") : text(metric.title());
}

QString metricToolTip(const measure::Metric& metric) {
    switch (metric.kind) {
        case Kind::Agreement:
            return tr(
                "The data has no labels. Share of samples whose highest score is that of the "
                "model as it was opened.");
        case Kind::Loss:
            return tr("Mean %1 over the samples: lower is better.").arg(text(metric.loss));
        case Kind::Top1:
        case Kind::Top5:
        case Kind::Module:
            break;
    }
    return tr("Top-1: share of samples whose highest score is the right class.");
}

/// Of few samples: one decimal less than a measurement.
QString probeText(const measure::Metric& metric, double value) {
    return style::numberText(metric.isShare() ? percent(value, 1) : metric.text(value));
}

/// What the live probe says, and that it is no more than that.
void addProbe(ImpactFigure& figure, const measure::Metric& metric, const Probe& probe) {
    if (const Error* error = probe.error())
        figure.toolTip += QStringLiteral(" ") + style::withoutOptions(text(error->text()));
    const auto reading = probe.reading();
    if (!reading) {
        if (probe.isUnderWay()) figure.note = tr("probing…");
        return;
    }
    figure.basis = Basis::Probe;
    figure.before.clear();
    figure.after = probeText(metric, reading->figures.score);
    const QString count = text(exactCount(reading->figures.samples));
    figure.note = reading->isFollowing ? tr("earlier cut…") : tr("on %1 samples").arg(count);
    figure.toolTip +=
        tr(" Live probe: of %1 samples of the validation split, the same each time, each class by "
           "its share. It follows a cut while it moves and is no full measurement: Measure gives "
           "one.")
            .arg(count);
    if (reading->isFollowing)
        figure.toolTip += tr(" The figure is of the cut before: the newest is being probed.");
    if (!reading->dense || *reading->dense == reading->figures.score) return;
    figure.before = probeText(metric, *reading->dense);
    const double better = -metric.drop(*reading->dense, reading->figures.score);
    figure.change = metric.isShare() ? pointsText(better * 100)
                                     : changeText(*reading->dense, reading->figures.score);
}

/// What the measurement has to say of itself: outputs that are no numbers, classes without data.
void addNotes(ImpactFigure& figure, const std::vector<std::string>& notes) {
    if (notes.empty()) return;
    figure.note = tr("%1, see note").arg(figure.note);
    for (const std::string& note : notes)
        figure.toolTip += tr("\nNote: %1.").arg(style::withoutOptions(text(note)));
}

ImpactFigure accuracy(const Document& document, const Probe* probe) {
    ImpactFigure figure;
    figure.name = QStringLiteral("accuracy");
    const measure::Metric metric = document.metric();
    const bool isOfClasses = metric.kind == Kind::Top1;
    figure.title = metricTitle(metric);
    figure.after = kUnknown;
    figure.basis = Basis::NotMeasured;
    figure.toolTip = metricToolTip(metric);
    const auto now = document.evaluation();
    const auto dense = document.denseEvaluation();
    if (dense) figure.before = style::numberText(metric.text(dense->score));
    if (!now) {
        figure.action = document.dataset() ? Action::MeasureAccuracy : Action::AttachData;
        if (probe) addProbe(figure, metric, *probe);
        return figure;
    }
    figure.basis = Basis::Measured;
    figure.after = style::numberText(metric.text(now->score));
    figure.note =
        tr("%1, %2").arg(text(std::string(data::name(now->split))), text(exactCount(now->samples)));
    figure.toolTip +=
        style::counted(now->samples, tr(" Measured on %1 sample of the %2 split; %3 %4."),
                       tr(" Measured on %1 samples of the %2 split; %3 %4."))
            .arg(text(exactCount(now->samples)), text(std::string(data::name(now->split))),
                 metric.kind == Kind::Agreement ? tr("KL divergence") : tr("loss"),
                 style::numberText(significant(now->loss)));
    if (isOfClasses)
        figure.toolTip +=
            tr(" Top-5 %1.").arg(style::numberText(percent(now->top5, 2))) + weakestClasses(*now);
    addNotes(figure, now->notes);
    if (figure.before == figure.after && dense->score == now->score) figure.before.clear();
    if (!dense || dense->score == now->score) return figure;
    const double better = -metric.drop(dense->score, now->score);
    figure.change =
        metric.isShare() ? pointsText(better * 100) : changeText(dense->score, now->score);
    return figure;
}

QString milliseconds(double value) {
    return style::numberText(significant(value, 3)) + QStringLiteral("\u2009ms");
}

ImpactFigure latency(const Document& document) {
    ImpactFigure figure;
    figure.name = QStringLiteral("latency");
    figure.title = tr("Latency");
    figure.after = kUnknown;
    figure.basis = Basis::NotMeasured;
    figure.toolTip = tr(
        "Median time of one forward pass on this machine, both models measured in turns. Removed "
        "channels are cut out for it; zeros alone do not make dense kernels faster.");
    const auto now = document.latency();
    const auto dense = document.denseLatency();
    if (dense) figure.before = milliseconds(dense->median);
    if (!now) {
        figure.action = Action::MeasureLatency;
        return figure;
    }
    const bool isGuess = document.snapshot()->inputsAreGuessed();
    figure.basis = isGuess ? Basis::Estimate : Basis::Measured;
    if (isGuess) {
        figure.toolTip += tr(" Measured for the input %1, which is a guess.")
                              .arg(inputText(*document.snapshot()));
    }
    figure.after = milliseconds(now->median);
    figure.note =
        tr("%1 to %2").arg(style::numberText(significant(now->p10, 3)), milliseconds(now->p90));
    figure.toolTip += style::counted(now->runs, tr(" %1 run; 10 % to 90 % of them took %2."),
                                     tr(" %1 runs; 10 % to 90 % of them took %2."))
                          .arg(now->runs)
                          .arg(figure.note);
    if (dense && *dense == *now) figure.before.clear();
    if (dense && !figure.before.isEmpty()) figure.change = changeText(dense->median, now->median);
    return figure;
}

}  // namespace

QString basisText(Basis basis) {
    switch (basis) {
        case Basis::Measured:
            return tr("measured");
        case Basis::Estimate:
            return tr("≈ estimate");
        case Basis::Probe:
            return tr("probe");
        case Basis::NotMeasured:
            break;
    }
    return tr("not measured");
}

std::vector<ImpactFigure> impactFigures(const Document& document, const Probe* probe) {
    if (!document.hasModel()) return {};
    const prune::Footprint& dense = document.denseFootprint();
    const prune::Footprint& now = document.footprint();
    return {
        parameters(dense, now), nonzeros(dense, now),      macs(*document.snapshot(), dense, now),
        file(dense, now),       accuracy(document, probe), latency(document)};
}

}  // namespace espalier::ui
