// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/layer_filter.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include <QCoreApplication>
#include <QRegularExpression>

namespace espalier::ui {

namespace {

QString tr(const char* text) {
    return QCoreApplication::translate("LayerFilter", text);
}

using Measure = double (*)(const LayerFacts&);

Measure measureOf(const QString& key) {
    if (key == QLatin1String("sparsity"))
        return [](const LayerFacts& facts) { return facts.sparsity; };
    if (key == QLatin1String("params")) {
        return [](const LayerFacts& facts) { return static_cast<double>(facts.layer.parameters); };
    }
    if (key == QLatin1String("weights")) {
        return [](const LayerFacts& facts) { return static_cast<double>(facts.layer.weightCount); };
    }
    if (key == QLatin1String("macs")) {
        return [](const LayerFacts& facts) { return static_cast<double>(facts.layer.macs); };
    }
    return nullptr;
}

std::optional<double> numberOf(QString text) {
    const bool isPercent = text.endsWith(QLatin1Char('%'));
    if (isPercent) text.chop(1);
    bool isNumber = false;
    const double number = text.toDouble(&isNumber);
    if (!isNumber) return {};
    return isPercent ? number / 100 : number;
}

bool compare(double left, const QString& comparator, double right) {
    if (comparator == QLatin1String("<")) return left < right;
    if (comparator == QLatin1String("<=")) return left <= right;
    if (comparator == QLatin1String(">")) return left > right;
    if (comparator == QLatin1String(">=")) return left >= right;
    // A share that was typed with three digits means those digits.
    return std::abs(left - right) <= 5e-4 * std::max(1.0, std::abs(right) * 1e-3);
}

bool contains(const std::string& text, const QString& part) {
    return QString::fromStdString(text).contains(part, Qt::CaseInsensitive);
}

}  // namespace

LayerFilter::LayerFilter(const QString& text) {
    const QStringList words = text.split(QLatin1Char(' '), Qt::SkipEmptyParts);
    for (const QString& word : words) add(word);
}

bool LayerFilter::accepts(const LayerFacts& facts) const {
    return std::ranges::all_of(m_conditions,
                               [&facts](const Condition& condition) { return condition(facts); });
}

void LayerFilter::add(const QString& word) {
    static const QRegularExpression comparison(QStringLiteral("^([A-Za-z]+)(<=|>=|<|>|=)(.*)$"));
    static const QRegularExpression property(QStringLiteral("^(type|is|group):(.*)$"));
    if (const auto match = comparison.match(word); match.hasMatch()) {
        addComparison(match.captured(1).toLower(), match.captured(2), match.captured(3));
    } else if (const auto named = property.match(word); named.hasMatch()) {
        addProperty(named.captured(1), named.captured(2));
    } else {
        m_conditions.push_back(
            [word](const LayerFacts& facts) { return contains(facts.layer.name, word); });
    }
}

void LayerFilter::addComparison(const QString& key, const QString& comparator,
                                const QString& number) {
    const Measure measure = measureOf(key);
    const auto value = numberOf(number);
    if (!measure) {
        m_problem = tr("“%1” cannot be compared: use sparsity, params, weights or macs").arg(key);
    } else if (!value) {
        m_problem = tr("“%1” needs a number, as in %2").arg(key, QStringLiteral("sparsity<0.3"));
    } else {
        m_conditions.push_back([measure, comparator, right = *value](const LayerFacts& facts) {
            return compare(measure(facts), comparator, right);
        });
    }
}

void LayerFilter::addProperty(const QString& key, const QString& value) {
    if (key == QLatin1String("type")) {
        m_conditions.push_back(
            [value](const LayerFacts& facts) { return contains(facts.layer.op, value); });
    } else if (key == QLatin1String("group")) {
        m_conditions.push_back([value](const LayerFacts& facts) {
            return facts.group.compare(value, Qt::CaseInsensitive) == 0;
        });
    } else if (value == QLatin1String("locked")) {
        m_conditions.push_back([](const LayerFacts& facts) { return facts.isLocked; });
    } else if (value == QLatin1String("prunable")) {
        m_conditions.push_back(
            [](const LayerFacts& facts) { return facts.layer.prunable.weights; });
    } else {
        m_problem = tr("“is:” knows locked and prunable");
    }
}

}  // namespace espalier::ui
