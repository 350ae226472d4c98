// SPDX-License-Identifier: GPL-3.0-or-later
// How the table of recipe fields is written down, section by section. Only for its .cpp files.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "ui/panels/recipe_fields.h"
#include "ui/panels/recipe_value.h"

namespace espalier::ui::recipe_table {

using train::Recipe;
using Fields = std::vector<RecipeField>;
using Kind = RecipeField::Kind;

constexpr int kMostCount = 1'000'000;
constexpr int kMostEpochs = 10'000;

QString tr(const char* text);
QStringList texts(const std::vector<std::string>& names);

/// Adds the fields of one section.
class Section {
public:
    Section(Fields& fields, RecipeSection section) : m_fields(fields), m_section(section) {}

    /// Without `text` and `take`, which the caller gives it.
    RecipeField& add(Kind kind, const QString& key, const QString& name, const QString& label,
                     const QString& tip);

    /// `at` gives a reference to the value in a recipe.
    template <class At>
    RecipeField& add(Kind kind, const char* key, const char* name, const QString& label,
                     const QString& tip, At at) {
        RecipeField& field =
            add(kind, QString::fromLatin1(key), QString::fromLatin1(name), label, tip);
        field.text = [at](const Recipe& recipe) { return valueText(at(recipe)); };
        field.take = [at](Recipe& recipe, const QString& text) { takeValue(at(recipe), text); };
        return field;
    }

    template <class At>
    RecipeField& choice(const char* key, const char* name, const QString& label, const QString& tip,
                        const std::vector<std::string>& names, At at) {
        RecipeField& field = add(Kind::Choice, key, name, label, tip, at);
        field.choices = texts(names);
        return field;
    }

    template <class At>
    RecipeField& count(const char* key, const char* name, const QString& label, const QString& tip,
                       std::pair<int, int> range, At at) {
        RecipeField& field = add(Kind::Count, key, name, label, tip, at);
        field.low = range.first;
        field.high = range.second;
        return field;
    }

private:
    Fields& m_fields;
    RecipeSection m_section;
};

/// Shown only while the value at `name` is one of `names`.
template <class At>
void onlyWith(RecipeField& field, const std::vector<std::string>& names, At name) {
    field.hidesWhenIdle = true;
    field.idle = [names, name](const Recipe& recipe) {
        if (std::ranges::find(names, name(recipe)) != names.end()) return QString();
        return tr("Acts with %1 only.").arg(texts(names).join(QStringLiteral(", ")));
    };
}

// A reference to one value of a recipe, whether it may be changed or not.
#define ESPALIER_RECIPE_VALUE(member) \
    [](auto& recipe) -> auto& {       \
        return recipe.member;         \
    }

void addBasic(Section section);
void addOptimizer(Section section);
void addLearningRate(Section section);
void addSchedule(Section section);
void addLoss(Section section);
void addDistillation(Section section);
void addMore(Section section);

}  // namespace espalier::ui::recipe_table
