// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/dialogs/format_dialog.h"

#include <QDialogButtonBox>
#include <QHeaderView>
#include <QLabel>
#include <QProgressBar>
#include <QPushButton>
#include <QTreeWidget>
#include <QVBoxLayout>

#include "ui/dialogs/cut_dialog.h"
#include "ui/dialogs/inline_message.h"
#include "ui/document/workbench.h"
#include "ui/style/theme.h"

namespace espalier::ui {
namespace {

QString text(const std::string& utf8) {
    return QString::fromStdString(utf8);
}

/// "64 × 3 × 3 × 3", as the file will have it.
QString shapeOf(const model::Layer& layer, const channels::CutModel* cut) {
    auto shape = layer.shape;
    if (cut != nullptr && cut->kept().contains(layer.name)) {
        for (const auto& [axis, positions] : cut->kept().at(layer.name))
            shape[static_cast<std::size_t>(axis)] = static_cast<std::int64_t>(positions.size());
    }
    QStringList sizes;
    for (const auto size : shape) sizes << QString::number(size);
    return sizes.join(QStringLiteral(" × "));
}

QString introOf(bool isOnnx) {
    return isOnnx ? FormatDialog::tr(
                        "A file for ONNX runtimes (opset 17): what the model does on an "
                        "example, with loops unrolled and branches decided. Removed "
                        "channels are cut out, removed weights are zero.")
                  : FormatDialog::tr(
                        "The weights alone, under their names in state_dict: "
                        "safetensors.torch.load_file reads them. Removed channels are "
                        "cut out, removed weights are zero.");
}

}  // namespace

FormatDialog::FormatDialog(Workbench* workbench, const std::string& format, QWidget* parent)
    : QDialog(parent),
      m_workbench(workbench),
      m_list(makeList()),
      m_progress(new QProgressBar),
      m_message(new InlineMessage(QStringLiteral("formatMessage"))),
      m_notes(new QLabel) {
    const bool isOnnx = format == "onnx";
    setObjectName(QStringLiteral("formatDialog"));
    setWindowTitle(isOnnx ? tr("Export ONNX") : tr("Export weights as safetensors"));
    auto* intro = new QLabel(introOf(isOnnx));
    intro->setObjectName(QStringLiteral("formatIntro"));
    intro->setWordWrap(true);
    m_progress->setObjectName(QStringLiteral("formatProgress"));
    m_progress->setAccessibleName(tr("Preparing the export"));
    m_progress->setRange(0, 0);
    m_progress->setTextVisible(false);
    m_progress->setMaximumHeight(6);
    m_notes->setObjectName(QStringLiteral("formatNotes"));
    m_notes->setWordWrap(true);
    m_notes->setFont(style::font(style::FontSize::Small));
    m_notes->hide();
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Cancel);
    m_accept = buttons->addButton(tr("Choose a file…"), QDialogButtonBox::AcceptRole);
    m_accept->setObjectName(QStringLiteral("formatAccept"));
    m_accept->setToolTip(tr("Asks where to, then writes the file and reads it again"));
    m_accept->setEnabled(false);

    auto* layout = new QVBoxLayout(this);
    layout->setSpacing(style::kSpacePanel);
    layout->addWidget(intro);
    layout->addWidget(m_message);
    layout->addWidget(m_progress);
    layout->addWidget(m_list, 1);
    layout->addWidget(m_notes);
    layout->addWidget(buttons);
    resize(600, 420);
    connect(buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);

    m_message->showNote(isOnnx ? tr("Following the model on examples…")
                               : tr("Preparing what is written…"));
    previewFormat(*m_workbench, format, this,
                  [this](const Result<FormatPreview>& result) { finish(result); });
}

FormatDialog::~FormatDialog() {
    if (!m_preview) stopPreview(*m_workbench);
}

QTreeWidget* FormatDialog::makeList() {
    auto* list = new QTreeWidget;
    list->setObjectName(QStringLiteral("formatList"));
    list->setRootIsDecorated(false);
    list->setUniformRowHeights(true);
    list->setTextElideMode(Qt::ElideMiddle);
    list->setSelectionMode(QAbstractItemView::NoSelection);
    list->setAccessibleName(tr("What the file holds"));
    list->setAccessibleDescription(
        tr("Names, types and shapes, as a reader of the file meets them"));
    list->setHeaderLabels({tr("What the file holds"), QString()});
    return list;
}

void FormatDialog::finish(const Result<FormatPreview>& result) {
    m_progress->hide();
    if (!result) return m_message->showError(result.error());
    if (!result->onnx.obstacles.empty()) return showObstacles(result->onnx.obstacles);
    m_preview = *result;
    showContents(*result);
    m_accept->setEnabled(true);
    m_accept->setDefault(true);
}

void FormatDialog::showObstacles(const std::vector<exchange::OnnxObstacle>& obstacles) {
    m_message->showError(
        tr("It cannot be written: %n operator(s) have no counterpart in ONNX here. Export "
           "TorchScript or safetensors instead.",
           nullptr, static_cast<int>(obstacles.size())));
    m_list->setAccessibleName(tr("Operators without a counterpart"));
    m_list->setHeaderLabels({tr("Operator"), tr("Layer"), tr("Why")});
    for (const auto& [op, layer, reason] : obstacles) {
        auto* item = new QTreeWidgetItem(
            m_list, {text(op), layer.empty() ? tr("forward") : text(layer), text(reason)});
        for (int column = 0; column < 3; ++column) item->setToolTip(column, text(reason));
    }
    for (int column = 0; column < 2; ++column) m_list->resizeColumnToContents(column);
}

void FormatDialog::showContents(const FormatPreview& preview) {
    const auto& cut = preview.subject.cut;
    m_message->showNote(cut ? tr("The cut model is %1.").arg(proofText(cut->proof()))
                            : tr("No channel is cut: the shapes are those of the model."));
    const auto add = [this](const QString& name, const QString& value) {
        auto* item = new QTreeWidgetItem(m_list, {name, value});
        item->setTextAlignment(1, Qt::AlignRight | Qt::AlignVCenter);
    };
    if (preview.format.name == "onnx") {
        add(tr("Batch size"), preview.onnx.hasAnyBatch ? tr("any") : tr("fixed"));
        for (const auto& [op, count] : preview.onnx.nodes) add(text(op), QString::number(count));
    } else {
        for (const model::Layer& layer : preview.subject.snapshot->layers())
            add(text(layer.name), shapeOf(layer, cut.get()));
    }
    m_list->header()->setStretchLastSection(false);
    m_list->header()->setSectionResizeMode(0, QHeaderView::Stretch);
    m_list->header()->setSectionResizeMode(1, QHeaderView::ResizeToContents);
    QStringList notes;
    for (const std::string& note : preview.onnx.notes) notes << QStringLiteral("• ") + text(note);
    m_notes->setText(notes.join(QLatin1Char('\n')));
    m_notes->setVisible(!notes.isEmpty());
}

}  // namespace espalier::ui
