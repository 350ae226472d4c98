// SPDX-License-Identifier: GPL-3.0-or-later
// Plans and recipes that come before their model: they wait, and the start page says so.
#include <utility>

#include <QFileInfo>

#include "app/gui/tasks.h"
#include "core/exchange/plan_file.h"
#include "core/exchange/recipe_file.h"
#include "ui/document/workbench.h"

namespace espalier::gui {

void Tasks::openPlanWithModel(const QString& path) {
    const std::filesystem::path file = path.toStdString();
    const auto plan = exchange::readPlan(file);
    if (!plan) return onFailed(plan.error());
    // A plan names a file beside it and no other place, whatever somebody wrote there.
    const auto name = std::filesystem::path(plan->modelFile).filename();
    const std::filesystem::path model = file.parent_path() / name;
    std::error_code ignored;
    if (!name.empty() && std::filesystem::exists(model, ignored)) {
        m_planAfterOpening = path;
        return openAsLastTime(QString::fromStdString(model.string()), plan->inputs);
    }
    m_waitingPlan = path;
    m_waitingPlanModel = QString::fromStdString(name.string());
    showWaiting();
}

void Tasks::openRecipe(const QString& path) {
    if (const auto recipe = exchange::readRecipe(path.toStdString()); !recipe)
        return onFailed(recipe.error());
    m_waitingRecipe = path;
    showWaiting();
}

void Tasks::showWaiting() {
    QStringList files;
    if (!m_waitingRecipe.isEmpty())
        files << tr("Recipe %1 is ready: open a model.").arg(QFileInfo(m_waitingRecipe).fileName());
    if (!m_waitingPlan.isEmpty())
        files << tr("Plan %1 is ready: open the model it was made for, %2.")
                     .arg(QFileInfo(m_waitingPlan).fileName(), m_waitingPlanModel);
    Q_EMIT waitingChanged(files.join(QLatin1Char('\n')));
}

void Tasks::applyWaiting() {
    const QString recipe = std::exchange(m_waitingRecipe, {});
    const QString plan = std::exchange(m_waitingPlan, {});
    if (recipe.isEmpty() && plan.isEmpty()) return;
    showWaiting();
    if (!recipe.isEmpty()) Q_EMIT recipeChosen(recipe);
    if (!plan.isEmpty()) m_workbench->openPlan(plan.toStdString());
}

void Tasks::forgetWaiting() {
    m_waitingRecipe.clear();
    m_waitingPlan.clear();
    showWaiting();
}

}  // namespace espalier::gui
