// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/dialogs/export_dialog.h"

#include <QDialogButtonBox>
#include <QHeaderView>
#include <QLabel>
#include <QPushButton>
#include <QTreeWidget>
#include <QVBoxLayout>

#include "core/base/format.h"
#include "ui/document/document.h"
#include "ui/style/number_text.h"
#include "ui/style/theme.h"

namespace espalier::ui {
namespace {

QString count(std::int64_t value) {
    return QString::fromStdString(exactCount(value));
}

QString bytes(std::int64_t value) {
    return style::numberText(byteSize(static_cast<double>(value)));
}

QString summary(const Document& document) {
    std::vector<std::int64_t> removed;
    for (const model::Layer& layer : document.snapshot()->layers())
        removed.push_back(document.removed(layer.id));
    const prune::Footprint after = prune::footprint(*document.snapshot(), removed);
    const prune::Footprint& dense = document.denseFootprint();
    const double kept = static_cast<double>(after.nonzeros) /
                        static_cast<double>(std::max<std::int64_t>(1, dense.nonzeros));
    return ExportDialog::tr(
               "A TorchScript file with the original shapes and zeros where weights are removed: "
               "it runs wherever %1 runs.\n\n"
               "Non-zero parameters: %2 of %3 (%4 kept)\n"
               "File: %5, ≈ %6 once compressed (gzip)")
        .arg(QString::fromStdString(document.snapshot()->file().name()), count(after.nonzeros),
             count(dense.nonzeros), style::numberText(percent(kept)), bytes(after.bytesDense),
             bytes(after.bytesCompressed));
}

}  // namespace

ExportDialog::ExportDialog(const Document* document, QWidget* parent) : QDialog(parent) {
    setObjectName(QStringLiteral("exportDialog"));
    setWindowTitle(tr("Export masked model"));
    auto* text = new QLabel(summary(*document));
    text->setObjectName(QStringLiteral("exportSummary"));
    text->setWordWrap(true);
    auto* note =
        new QLabel(tr("The file is written under a temporary name, loaded again and compared "
                      "before it takes its name."));
    note->setFont(style::font(style::FontSize::Small));
    note->setWordWrap(true);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Cancel);
    auto* accept = buttons->addButton(tr("Choose a file…"), QDialogButtonBox::AcceptRole);
    accept->setObjectName(QStringLiteral("exportAccept"));
    accept->setToolTip(tr("Asks where to, then writes the masked model and reads it again"));

    auto* layout = new QVBoxLayout(this);
    layout->setSpacing(style::kSpaceGroup);
    layout->addWidget(text);
    layout->addWidget(makeLayerList(*document), 1);
    layout->addWidget(note);
    layout->addWidget(buttons);
    resize(560, 460);
    connect(buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
}

QTreeWidget* ExportDialog::makeLayerList(const Document& document) {
    auto* list = new QTreeWidget;
    list->setObjectName(QStringLiteral("exportLayers"));
    list->setAccessibleName(tr("Layers that lose weights"));
    list->setRootIsDecorated(false);
    list->setUniformRowHeights(true);
    list->setSelectionMode(QAbstractItemView::NoSelection);
    list->setFocusPolicy(Qt::NoFocus);
    list->setHeaderLabels({tr("Layer"), tr("Kept"), tr("Of"), tr("Sparsity")});
    for (const model::Layer& layer : document.snapshot()->layers()) {
        const std::int64_t removed = document.removed(layer.id);
        if (removed == 0) continue;
        auto* item =
            new QTreeWidgetItem(list, {QString::fromStdString(layer.name),
                                       count(layer.weightCount - removed), count(layer.weightCount),
                                       style::numberText(percent(document.sparsity(layer.id)))});
        for (int column = 1; column < 4; ++column)
            item->setTextAlignment(column, Qt::AlignRight | Qt::AlignVCenter);
    }
    if (list->topLevelItemCount() == 0) {
        new QTreeWidgetItem(list,
                            {tr("Nothing is removed: the file will equal the model as it is")});
        list->setFirstColumnSpanned(0, {}, true);
    }
    list->header()->setStretchLastSection(false);
    list->header()->setSectionResizeMode(0, QHeaderView::Stretch);
    for (int column = 1; column < 4; ++column) {
        list->header()->setSectionResizeMode(column, QHeaderView::ResizeToContents);
    }
    return list;
}

}  // namespace espalier::ui
