// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/metric_words.h"

#include <QCoreApplication>

namespace espalier::ui {

namespace {

constexpr double kPercent = 100;

QString tr(const char* text) {
    return QCoreApplication::translate("SensitivityPanel", text);
}

}  // namespace

double shownValue(const measure::Metric& metric, double value) {
    return metric.isShare() ? kPercent * value : value;
}

QString dropUnit(const measure::Metric& metric) {
    if (metric.kind == measure::Metric::Kind::Module) return {};
    return metric.isShare() ? tr("pt") : QStringLiteral("%");
}

double shownDrop(const measure::Metric& metric, double drop) {
    return metric.kind == measure::Metric::Kind::Module ? drop : kPercent * drop;
}

double dropOfShown(const measure::Metric& metric, double shown) {
    return metric.kind == measure::Metric::Kind::Module ? shown : shown / kPercent;
}

QString metricTitle(const measure::Metric& metric) {
    const bool isAgreement = metric.kind == measure::Metric::Kind::Agreement;
    return isAgreement ? tr("agreement with dense") : QString::fromStdString(metric.title());
}

}  // namespace espalier::ui
