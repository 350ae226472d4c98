// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/recipe_fields.h"

#include <QCoreApplication>

#include "ui/panels/recipe_table.h"

namespace espalier::ui {
namespace recipe_table {

QString tr(const char* text) {
    return QCoreApplication::translate("RecipeFields", text);
}

QStringList texts(const std::vector<std::string>& names) {
    QStringList list;
    for (const std::string& name : names) list << QString::fromStdString(name);
    return list;
}

RecipeField& Section::add(Kind kind, const QString& key, const QString& name, const QString& label,
                          const QString& tip) {
    RecipeField field;
    field.key = key;
    field.name = name;
    field.kind = kind;
    field.label = label;
    field.tip = tip;
    field.section = m_section;
    return m_fields.emplace_back(std::move(field));
}

namespace {

Fields allFields() {
    Fields fields;
    fields.reserve(64);  // references stay good while they are added
    addBasic({fields, RecipeSection::Basic});
    addOptimizer({fields, RecipeSection::Optimizer});
    addLearningRate({fields, RecipeSection::LearningRate});
    addSchedule({fields, RecipeSection::Schedule});
    addLoss({fields, RecipeSection::Loss});
    addDistillation({fields, RecipeSection::Distillation});
    addMore({fields, RecipeSection::More});
    return fields;
}

}  // namespace
}  // namespace recipe_table

const std::vector<RecipeField>& recipeFields() {
    static const std::vector<RecipeField> kFields = recipe_table::allFields();
    return kFields;
}

QString sectionTitle(RecipeSection section) {
    switch (section) {
        case RecipeSection::Basic:
            return recipe_table::tr("Basic");
        case RecipeSection::Optimizer:
            return recipe_table::tr("Optimizer");
        case RecipeSection::LearningRate:
            return recipe_table::tr("Learning rate");
        case RecipeSection::Schedule:
            return recipe_table::tr("Pruning schedule");
        case RecipeSection::Loss:
            return recipe_table::tr("Loss and regularisers");
        case RecipeSection::Distillation:
            return recipe_table::tr("Distillation");
        case RecipeSection::More:
            return recipe_table::tr("More");
    }
    return {};
}

QString sectionName(RecipeSection section) {
    static constexpr const char* kNames[] = {"Basic", "Optimizer",    "LearningRate", "Schedule",
                                             "Loss",  "Distillation", "More"};
    return QString::fromLatin1(kNames[static_cast<int>(section)]);
}

const RecipeField* fieldNamedBy(const Error& error) {
    const QString what = QString::fromStdString(error.what);
    for (const RecipeField& field : recipeFields()) {
        if (what.startsWith(QStringLiteral("The recipe's %1 cannot be ").arg(field.key)))
            return &field;
    }
    return nullptr;
}

QString recipeSummary(const train::Recipe& recipe) {
    static const train::Recipe kDefaults;
    QStringList lines;
    for (const RecipeField& field : recipeFields()) {
        const QString text = field.text(recipe);
        const bool isTold = field.section == RecipeSection::Basic || text != field.text(kDefaults);
        if (!isTold || !field.idleReason(recipe).isEmpty()) continue;
        lines << QStringLiteral("%1: %2").arg(field.label, text.isEmpty() ? field.unset : text);
    }
    return lines.join(QLatin1Char('\n'));
}

}  // namespace espalier::ui
