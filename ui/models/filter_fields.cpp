// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/filter_fields.h"

#include <algorithm>

#include <QRegularExpression>

namespace espalier::ui {

namespace {

using Number = std::optional<double>;
using Unit = FilterField::Unit;

Number count(std::int64_t value) {
    return static_cast<double>(value);
}

constexpr FilterField kFields[] = {
    {"sparsity", Unit::Share, [](const LayerFacts& facts) -> Number { return facts.sparsity; }},
    {"params", Unit::Count, [](const LayerFacts& facts) { return count(facts.layer.parameters); }},
    {"weights", Unit::Count,
     [](const LayerFacts& facts) { return count(facts.layer.weightCount); }},
    {"nonzeros", Unit::Count, [](const LayerFacts& facts) { return count(facts.nonzeros); }},
    {"macs", Unit::Count, [](const LayerFacts& facts) { return count(facts.layer.macs); }},
    {"channels", Unit::Count,
     [](const LayerFacts& facts) { return facts.channels ? count(*facts.channels) : Number(); }},
    {"rows", Unit::Count,
     [](const LayerFacts& facts) {
         return facts.layer.shape.empty() ? Number() : count(facts.layer.shape.front());
     }},
};

}  // namespace

std::span<const FilterField> filterFields() {
    return kFields;
}

const FilterField* filterField(const QString& name) {
    for (const FilterField& field : kFields) {
        if (name.compare(QLatin1String(field.name), Qt::CaseInsensitive) == 0) return &field;
    }
    return nullptr;
}

QString filterFieldNames() {
    QStringList names;
    for (const FilterField& field : kFields) names << QString::fromLatin1(field.name);
    return names.join(QStringLiteral(", "));
}

bool endsInField(const QString& text) {
    static const QRegularExpression kLastWord(QStringLiteral("([A-Za-z]+)$"));
    const QString word = kLastWord.match(text).captured(1);
    return !word.isEmpty() && std::ranges::any_of(kFields, [&word](const FilterField& field) {
        return QLatin1String(field.name).startsWith(word, Qt::CaseInsensitive);
    });
}

QStringList filterWords() {
    QStringList words;
    for (const FilterField& field : kFields) words << QString::fromLatin1(field.name);
    for (const char* word : {"type:", "group:", "is:locked", "is:prunable", "or", "not"})
        words << QString::fromLatin1(word);
    return words;
}

}  // namespace espalier::ui
