// SPDX-License-Identifier: GPL-3.0-or-later
// The Training panel's recipe files and exports, and the runs that are drawn under the live one.
#include <algorithm>
#include <vector>

#include <QFileInfo>

#include "core/exchange/metrics_file.h"
#include "core/exchange/recipe_file.h"
#include "ui/dialogs/dialogs.h"
#include "ui/panels/recipe_form.h"
#include "ui/panels/runs_table.h"
#include "ui/panels/training_charts.h"
#include "ui/panels/training_panel.h"
#include "ui/panels/training_runs.h"
#include "ui/style/counted.h"

namespace espalier::ui {
namespace {

// Okabe–Ito indices that no live curve has.
constexpr int kOverlayColors[] = {3, 5, 6, 7};

QString recipeFilter() {
    return TrainingPanel::tr("Recipes (*.espalier-recipe.json *.json);;All files (*)");
}

QString csvFilter() {
    return TrainingPanel::tr("Comma-separated values (*.csv)");
}

/// "gentle" of "…/gentle.espalier-recipe.json".
QString recipeName(const QString& path) {
    return QFileInfo(path).fileName().section(QLatin1Char('.'), 0, 0);
}

QString withSuffix(QString path, const QString& suffix) {
    return path.endsWith(suffix) ? path : path + suffix;
}

}  // namespace

void TrainingPanel::loadRecipe(const QString& path, std::optional<double> madeFor) {
    const auto recipe = exchange::readRecipe(path.toStdString());
    if (!recipe) {
        Q_EMIT failed(recipe.error());
        return;
    }
    m_form->setRecipe(*recipe, madeFor ? tr("Example") : recipeName(path));
    m_example.reset();
    if (madeFor) m_example.emplace(m_form->recipe(), *madeFor);
    Q_EMIT deviceChanged(QString::fromStdString(recipe->device));
}

void TrainingPanel::chooseRecipe() {
    const QString path = dialogs::openFile(this, {tr("Load recipe"), {}, recipeFilter()});
    if (!path.isEmpty()) loadRecipe(path);
}

void TrainingPanel::saveRecipe() {
    const QString suffix = QStringLiteral(".espalier-recipe.json");
    QString path = dialogs::saveFile(
        this, {tr("Save recipe"), QStringLiteral("fine-tune") + suffix, recipeFilter()});
    if (path.isEmpty()) return;
    path = withSuffix(path, QStringLiteral(".json"));
    if (const auto written = exchange::writeRecipe(recipe(), path.toStdString()); !written) {
        Q_EMIT failed(written.error());
        return;
    }
    Q_EMIT saved(tr("Saved the recipe."), path);
}

void TrainingPanel::exportMetrics() {
    const TrainingRun* run = m_runs->current();
    if (!run) return;
    const std::vector<train::TrainSample> samples = run->samples;  // the run may go on meanwhile
    QString path = dialogs::saveFile(
        this, {tr("Export metrics"), QStringLiteral("training.csv"), csvFilter()});
    if (path.isEmpty()) return;
    path = withSuffix(path, QStringLiteral(".csv"));
    if (const auto written = exchange::writeMetrics(samples, path.toStdString()); !written) {
        Q_EMIT failed(written.error());
        return;
    }
    Q_EMIT saved(
        style::counted(static_cast<std::int64_t>(samples.size()), tr("Exported %1 row of metrics."),
                       tr("Exported %1 rows of metrics."))
            .arg(samples.size()),
        path);
}

void TrainingPanel::exportRuns() {
    QString path =
        dialogs::saveFile(this, {tr("Export all runs"), QStringLiteral("runs.csv"), csvFilter()});
    if (path.isEmpty()) return;
    path = withSuffix(path, QStringLiteral(".csv"));
    std::vector<exchange::NamedRun> runs;
    for (const TrainingRun& run : m_runs->runs())
        runs.push_back({run.title().toStdString(), run.samples});
    if (const auto written = exchange::writeRuns(runs, path.toStdString()); !written) {
        Q_EMIT failed(written.error());
        return;
    }
    Q_EMIT saved(style::counted(static_cast<std::int64_t>(runs.size()), tr("Exported %1 run."),
                                tr("Exported %1 runs."))
                     .arg(runs.size()),
                 path);
}

// The run that is drawn as the live one is not drawn a second time.
void TrainingPanel::showOverlays() {
    std::vector<OverlaidRun> overlays;
    QStringList shown;
    int place = 0;
    for (const TrainingRun& run : m_runs->runs()) {
        const int color = place % static_cast<int>(std::size(kOverlayColors));
        const bool isDashed = place >= static_cast<int>(std::size(kOverlayColors));
        ++place;  // ticked or not: a run keeps its colour
        if (!m_table->ticked().contains(run.key) || &run == m_runs->current()) continue;
        overlays.push_back({run.name, kOverlayColors[color], isDashed, run.metric,
                            curvesOf(run.samples, run.metric)});
        shown << run.key << run.name;
    }
    refreshRunning();
    if (shown == m_overlaid) return;  // drawing anew would undo a zoom
    m_overlaid = shown;
    m_charts->setOverlays(std::move(overlays));
}

}  // namespace espalier::ui
