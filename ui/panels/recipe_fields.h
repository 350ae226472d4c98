// SPDX-License-Identifier: GPL-3.0-or-later
// Every value of a recipe in one table: its words, where it stands, when it acts. A new option of
// Recipe is one entry.
#pragma once

#include <functional>
#include <vector>

#include <QString>
#include <QStringList>

#include "core/base/result.h"
#include "core/train/recipe.h"

namespace espalier::ui {

enum class RecipeSection { Basic, Optimizer, LearningRate, Schedule, Loss, Distillation, More };

struct RecipeField {
    enum class Kind {
        Count,        ///< a whole number from `low` to `high`
        Number,       ///< of at least 0
        Text,         ///< what is neither
        Seed,         ///< any whole number of 64 bits
        Flag,         ///< "true" or "false"
        Choice,       ///< one of `choices`
        ChoiceOrFile  ///< one of them, or a TorchScript file
    };

    QString key;   ///< as in recipe files: "optimizer.lr"
    QString name;  ///< of its widget: "recipeLr"
    Kind kind = Kind::Number;
    QString label;
    QString tip;  ///< the term, what it does, its unit
    RecipeSection section = RecipeSection::Basic;
    QStringList choices{};  ///< where they are known from the start
    int low = 0;
    int high = 0;
    QString unset{};  ///< what an empty value, or the count `low`, means: "none"; empty: a value
                      ///< has to be there
    bool hidesWhenIdle = false;

    std::function<QString(const train::Recipe&)> text;
    std::function<void(train::Recipe&, const QString&)> take;
    /// Why it does nothing in that recipe; empty or not set: it acts.
    std::function<QString(const train::Recipe&)> idle{};

    QString idleReason(const train::Recipe& recipe) const {
        return idle ? idle(recipe) : QString();
    }
};

/// In the order they are shown, and taken: what switches others on comes before them.
const std::vector<RecipeField>& recipeFields();

QString sectionTitle(RecipeSection section);
/// In names of widgets: "LearningRate".
QString sectionName(RecipeSection section);

/// The field that train::check's error is about; null when it has none.
const RecipeField* fieldNamedBy(const Error& error);

/// What a person should know of a recipe: the basic values and those that differ from the defaults,
/// a line each.
QString recipeSummary(const train::Recipe& recipe);

}  // namespace espalier::ui
