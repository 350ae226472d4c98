// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/tasks.h"

#include <algorithm>

#include <QDir>
#include <QFileInfo>
#include <QWidget>

#include "app/gui/file_kind.h"
#include "app/gui/leaving.h"
#include "core/base/format.h"
#include "core/project/examples.h"
#include "core/script/archive_kind.h"
#include "ui/dialogs/cut_dialog.h"
#include "ui/dialogs/data_dialog.h"
#include "ui/dialogs/dialogs.h"
#include "ui/dialogs/export_dialog.h"
#include "ui/dialogs/input_dialog.h"
#include "ui/dialogs/report_dialog.h"
#include "ui/document/channels.h"
#include "ui/document/session_keeper.h"
#include "ui/document/workbench.h"
#include "ui/style/words.h"

namespace espalier::gui {
namespace {

using ui::Document;
using ui::Message;
namespace dialogs = ui::dialogs;

constexpr double kExampleSparsity = 0.92;  // that the example's recipe is made for

const QString kModelSuffix = QStringLiteral(".pt");
const QString kPlanSuffix = QStringLiteral(".espalier-plan.json");

QString modelFilter() {
    return Tasks::tr("TorchScript models (*.pt *.pth *.ts *.torchscript *.jit);;All files (*)");
}

QString openFilter() {
    return Tasks::tr(
        "Models and sessions (*.pt *.pth *.ts *.torchscript *.jit *.espalier);;All files (*)");
}

QString planFilter() {
    return Tasks::tr("Plans (*.espalier-plan.json *.json);;All files (*)");
}

std::filesystem::path toPath(const QString& path) {
    return path.toStdString();
}

QString withSuffix(const QString& path, const QString& suffix) {
    return QFileInfo(path).suffix().isEmpty() ? path + suffix : path;
}

bool mayNeedInput(const Error& error) {
    return error.kind == Error::Kind::Unsupported || error.kind == Error::Kind::BadArgument;
}

data::DataSpec exampleData() {
    data::DataSpec spec;
    spec.path = project::lenet5Example().data;
    spec.preset = "mnist";
    return spec;
}

}  // namespace

Tasks::Tasks(ui::Workbench* workbench, ui::SessionKeeper* keeper, QWidget* window)
    : QObject(window),
      m_workbench(workbench),
      m_keeper(keeper),
      m_window(window),
      m_leaving(new Leaving(workbench, keeper,
                            {[this] { return askForExport(); }, [this] { return askForPlanFile(); },
                             [this] { return saveOrAsk(); }},
                            window)) {
    connect(m_leaving, &Leaving::refused, this, &Tasks::refuse);
    connect(workbench, &ui::Workbench::opened, this, &Tasks::onOpened);
    workbench->setLeave([this](const Leaving::Then& go, const Leaving::Then& stay) {
        m_leaving->leaveModel(go, stay);
    });
    connect(workbench, &ui::Workbench::openFailed, this, [this](const QString& path) {
        m_failedPath = path;
        forgetOpening();
    });
    connect(workbench, &ui::Workbench::openDeclined, this, &Tasks::forgetOpening);
    connect(workbench, &ui::Workbench::openStarted, this, [this] { m_dataNote.clear(); });
    connect(workbench, &ui::Workbench::dataLetGo, this, [this] {
        m_dataNote = tr(" The data of the last model does not fit this one: attach data.");
    });
    connect(keeper, &ui::SessionKeeper::modelMissing, this, &Tasks::onModelMissing);
    connect(keeper, &ui::SessionKeeper::opened, this,
            [this](const QString&, const QStringList& notes) { onSessionOpened(notes); });
    connect(workbench, &ui::Workbench::failed, this, &Tasks::onFailed);
    connect(workbench, &ui::Workbench::trainingBroke, this, &Tasks::onTrainingBroke);
    connect(workbench, &ui::Workbench::warned, this, [this](const QString& text) {
        Q_EMIT messagePosted({Message::Level::Warning, text, {}, {}, {}, {}});
    });
    connect(workbench, &ui::Workbench::succeeded, this, &Tasks::onSucceeded);
    connect(workbench->document(), &Document::datasetChanged, this, &Tasks::onDataChanged);
    connect(workbench->document()->channels(), &ui::Channels::groupsChanged, this,
            &Tasks::onGroupsChanged);
}

void Tasks::openModel() {
    const QString path = dialogs::openFile(m_window, {tr("Open"), {}, openFilter()});
    if (!path.isEmpty()) openPath(path);
}

void Tasks::openModelWithInput() {
    const QString path =
        dialogs::openFile(m_window, {tr("Open model with input shape"), {}, modelFilter()});
    if (!path.isEmpty()) askForInput(path);
}

void Tasks::askForInput(const QString& path) {
    ui::InputDialog dialog(QFileInfo(path).fileName(), QStringLiteral("1x3x224x224"), m_window);
    if (dialogs::run(dialog)) m_workbench->openModel(toPath(path), dialog.inputs());
}

void Tasks::openExample() {
    const project::Example example = project::lenet5Example();
    m_exampleModel = QString::fromStdString(example.model.string());
    m_workbench->openModel(example.model, {example.input}, ui::Workbench::OldData::LetGo);
}

void Tasks::forgetOpening() {
    m_exampleModel.clear();
    m_planAfterOpening.clear();
    m_dataAfterOpening.reset();
}

void Tasks::onOpened(const QString& path) {
    m_failedPath.clear();
    m_reportsNextGroups = true;
    attachDataOfLastTime();
    rememberChoices();
    const QString plan = std::exchange(m_planAfterOpening, {});
    if (!plan.isEmpty()) m_workbench->openPlan(toPath(plan));
    if (path == std::exchange(m_exampleModel, {})) {
        m_measuresNextData = true;
        Q_EMIT recipeChosen(QString::fromStdString(project::lenet5Example().recipe.string()),
                            kExampleSparsity);
        m_workbench->attachData(exampleData());
    }
    applyWaiting();
}

void Tasks::onDataChanged() {
    offerInputOfData();
    rememberChoices();
    if (!m_workbench->document()->dataset() || !std::exchange(m_measuresNextData, false)) return;
    measureAccuracy();
}

void Tasks::showReport() {
    if (!m_workbench->document()->hasModel()) return;
    ui::ReportDialog dialog(m_workbench->document(), m_window);
    dialogs::run(dialog);
}

void Tasks::openPath(const QString& path) {
    const bool hasModel = m_workbench->document()->hasModel();
    switch (fileKind(path)) {
        case FileKind::Missing:
            return refuse(tr("Cannot open %1: there is no such file.").arg(path));
        case FileKind::Model:
            return openAsLastTime(path);
        case FileKind::Session:
            return m_keeper->open(toPath(path));
        case FileKind::Plan:
            return hasModel ? m_workbench->openPlan(toPath(path)) : openPlanWithModel(path);
        case FileKind::Recipe:
            return hasModel ? Q_EMIT recipeChosen(path) : openRecipe(path);
        case FileKind::Data:
            return attachData(path);
        case FileKind::Other:
            return openUnknown(path);
    }
}

// Its first bytes tell more than its name.
void Tasks::openUnknown(const QString& path) {
    const QString name = QFileInfo(path).fileName();
    if (path.endsWith(QStringLiteral(".json"), Qt::CaseInsensitive)) {
        return refuse(
            tr("Cannot open %1: it is neither a plan nor a recipe of Espalier.").arg(name));
    }
    auto refusal = script::refuseByFirstBytes(toPath(path));
    if (!refusal) return openAsLastTime(path);
    refusal->what = tr("Cannot open %1").arg(name).toStdString();
    onFailed(*refusal);
}

void Tasks::openPaths(const QStringList& paths) {
    if (paths.isEmpty()) return;
    openPath(paths.first());
    if (paths.size() > 1)
        refuse(
            tr("One file at a time: only %1 was taken.").arg(QFileInfo(paths.first()).fileName()));
}

void Tasks::attachData(const QString& path) {
    const data::DatasetPtr& current = m_workbench->document()->dataset();
    data::DataSpec initial = current ? data::spec(*current) : data::DataSpec();
    if (!path.isEmpty()) {
        initial = data::DataSpec();
        initial.path = toPath(path);
    }
    ui::DataDialog dialog(m_workbench->jobs(), m_workbench->document()->snapshot(), initial,
                          m_window, m_workbench->document()->metricOptions());
    if (dialogs::run(dialog)) m_workbench->attachData(dialog.spec(), dialog.metrics());
}

void Tasks::openPlan() {
    const QString path = dialogs::openFile(m_window, {tr("Open plan"), {}, planFilter()});
    if (!path.isEmpty()) m_workbench->openPlan(toPath(path));
}

QString Tasks::suggestedName(const QString& ending) const {
    const std::filesystem::path& model = m_workbench->document()->snapshot()->file().path;
    // The examples' own folder belongs to the program.
    const bool isExample = model.parent_path() == project::lenet5Example().model.parent_path();
    const auto folder = isExample ? toPath(QDir::homePath()) : model.parent_path();
    return QString::fromStdString((folder / model.stem()).string()) + ending;
}

bool Tasks::askForExport() {
    ui::ExportDialog preview(m_workbench->document(), m_window);
    offerExportCommand(preview, "torchscript", Shape::Masked);
    if (!dialogs::run(preview)) return false;
    const QString suggested = suggestedName(QStringLiteral("-masked") + kModelSuffix);
    const QString path =
        dialogs::saveFile(m_window, {tr("Export masked model"), suggested, modelFilter()});
    if (path.isEmpty()) return false;
    m_workbench->exportMasked(toPath(withSuffix(path, kModelSuffix)));
    return true;
}

bool Tasks::askForPlanFile() {
    const QString path =
        dialogs::saveFile(m_window, {tr("Export plan"), suggestedName(kPlanSuffix), planFilter()});
    if (path.isEmpty()) return false;
    m_workbench->exportPlan(toPath(withSuffix(path, kPlanSuffix)));
    return true;
}

void Tasks::exportMasked() {
    askForExport();
}

void Tasks::exportCut() {
    ui::CutDialog preview(m_workbench, m_window);
    offerExportCommand(preview, "torchscript", Shape::Cut);
    if (!dialogs::run(preview) || !preview.model()) return;
    const QString suggested = suggestedName(QStringLiteral("-cut") + kModelSuffix);
    const QString path =
        dialogs::saveFile(m_window, {tr("Export cut model"), suggested, modelFilter()});
    if (path.isEmpty()) return;
    m_workbench->exportCut(preview.model(), toPath(withSuffix(path, kModelSuffix)),
                           ui::proofText(preview.model()->proof()));
}

void Tasks::exportPlan() {
    askForPlanFile();
}

void Tasks::closeModel() {
    m_leaving->leaveModel([this] { m_workbench->document()->closeModel(); });
}

void Tasks::onSucceeded(const QString& message, const QString& path) {
    Message news{Message::Level::Success, message, {}, path, {}, {}};
    if (m_workbench->canGoOnFrom(toPath(path)) &&
        m_workbench->document()->snapshot()->file().path != toPath(path)) {
        news.actionText = tr("Go on from it");
        news.action = [this, path] { m_workbench->goOnFrom(toPath(path)); };
    }
    Q_EMIT messagePosted(news);
}

void Tasks::onFailed(const Error& error) {
    m_measuresNextData = false;
    m_reportsNextGroups = false;  // that news must not take the place of this
    Message message;
    message.level = Message::Level::Error;
    message.text = style::withoutOptions(QString::fromStdString(error.text()));
    const QString path = std::exchange(m_failedPath, {});
    const auto run = std::exchange(m_rescuedRun, {});
    m_offeredRun.clear();
    if (!run.empty()) {
        message.actionText = tr("Continue without its session");
        message.action = [this, run] { m_workbench->continueRun(run); };
    } else if (!path.isEmpty() && mayNeedInput(error)) {
        message.actionText = tr("Type the input shape…");
        message.action = [this, path] { askForInput(path); };
    }
    Q_EMIT messagePosted(message);
}

void Tasks::refuse(const QString& text) {
    Q_EMIT messagePosted({Message::Level::Error, text, {}, {}, {}, {}});
}

void Tasks::measureAccuracy() {
    const data::DatasetPtr& dataset = m_workbench->document()->dataset();
    if (!dataset) return;
    const bool hasValidation = data::info(*dataset).validation > 0;
    m_workbench->evaluate(hasValidation ? data::Split::Validation : data::Split::Test);
}

void Tasks::measureOnTest() {
    const data::DatasetPtr& dataset = m_workbench->document()->dataset();
    if (!dataset) return;
    if (data::info(*dataset).test == 0) return refuse(tr("The attached data has no test split."));
    m_workbench->evaluate(data::Split::Test);
}

void Tasks::pinCurrent() {
    const auto count = m_workbench->document()->history().nodes().size();
    const auto name = dialogs::askText(m_window, tr("Pin current state"), tr("Name of this state:"),
                                       tr("State %1").arg(count));
    if (name) m_workbench->pinCurrent(*name);
}

}  // namespace espalier::gui
