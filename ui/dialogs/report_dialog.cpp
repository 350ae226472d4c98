// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/dialogs/report_dialog.h"

#include <algorithm>

#include <QClipboard>
#include <QDialogButtonBox>
#include <QGuiApplication>
#include <QHeaderView>
#include <QLabel>
#include <QPushButton>
#include <QTreeWidget>
#include <QVBoxLayout>

#include "ui/document/channels.h"
#include "ui/document/document.h"
#include "ui/document/prunable_count.h"
#include "ui/style/counted.h"
#include "ui/style/theme.h"
#include "ui/style/words.h"

namespace espalier::ui {
namespace {

enum Column { Layer, Weights, ChannelsOf, Why, kColumns };

QString text(const std::string& utf8) {
    return QString::fromStdString(utf8);
}

bool hasOpenGroup(const Channels& channels, model::LayerId layer) {
    const auto id = channels.groupOf(layer);
    return id && !channels.group(*id).locked;
}

// "yes", "with 2 others (B)", "no".
QString channelsText(const Channels& channels, const model::Layer& layer) {
    if (!channels.found()) return channels.isSearching() ? ReportDialog::tr("…") : QString();
    const auto id = channels.groupOf(layer.id);
    if (!id || channels.group(*id).locked) return ReportDialog::tr("no");
    const QString letter = channels.found()->letters[id->index()];
    const auto others = producersOf(*channels.found(), *id).size();
    const bool isExact = channels.group(*id).exact;
    const QString kind = others > 1 ? ReportDialog::tr("coupled, %1").arg(letter)
                                    : ReportDialog::tr("yes, %1").arg(letter);
    return isExact ? kind : ReportDialog::tr("%1, inexact").arg(kind);
}

QString whyText(const Channels& channels, const model::Layer& layer) {
    QStringList reasons;
    if (!layer.prunable.weights) reasons << text(layer.prunable.reason);
    if (const FoundGroups* found = channels.found()) {
        const auto id = channels.groupOf(layer.id);
        const bool isPlain = id && !channels.group(*id).locked && channels.group(*id).exact &&
                             producersOf(*found, *id).size() <= 1;
        QString reason = isPlain ? QString()
                         : id    ? text(channels.group(*id).reason)
                                 : text(found->groups->whyNot(layer.name));
        if (id && !channels.group(*id).locked && producersOf(*found, *id).size() > 1)
            reason = QStringLiteral("%1. %2").arg(headline(*found, *id), reason);
        if (!reason.isEmpty()) reasons << reason;
    }
    reasons.removeDuplicates();
    return reasons.join(QStringLiteral("; "));
}

// What was found on opening that is no one layer's own.
QString notesText(const Document& document) {
    if (!document.hasModel()) return {};
    QStringList notes;
    for (const std::string& note : document.snapshot()->notes())
        notes << style::withoutOptions(text(note));
    if (const FoundGroups* found = document.channels()->found()) {
        for (const std::string& note : found->groups->decidedByData())
            notes << style::withoutOptions(text(note));
    }
    return notes.isEmpty() ? QString() : QStringLiteral("• ") + notes.join(QStringLiteral("\n• "));
}

}  // namespace

QString prunabilitySummary(const Document& document) {
    if (!document.hasModel()) return {};
    const auto layers = document.snapshot()->layers();
    const Channels& channels = *document.channels();
    const PrunableCount count = countPrunable(*document.snapshot());
    QString summary =
        style::counted(count.layers, ReportDialog::tr("%1 of %2 layer can lose weights"),
                       ReportDialog::tr("%1 of %2 layers can lose weights"))
            .arg(count.prunable)
            .arg(count.layers);
    if (count.norms > 0) {
        summary += style::counted(count.norms, ReportDialog::tr(" (%1 norm aside)"),
                                  ReportDialog::tr(" (%1 norms aside)"))
                       .arg(count.norms);
    }
    if (const FoundGroups* found = channels.found()) {
        const auto open = std::ranges::count_if(layers, [&](const auto& layer) {
            return !isNorm(layer) && hasOpenGroup(channels, layer.id);
        });
        const auto groups = std::ranges::count_if(
            found->letters, [](const QString& letter) { return !letter.isEmpty(); });
        summary += style::counted(groups, ReportDialog::tr(", %1 can lose channels, in %2 group"),
                                  ReportDialog::tr(", %1 can lose channels, in %2 groups"))
                       .arg(open)
                       .arg(groups);
    } else if (channels.isSearching()) {
        summary += ReportDialog::tr("; channel groups are still looked for");
    }
    return summary + QLatin1Char('.');
}

ReportDialog::ReportDialog(Document* document, QWidget* parent)
    : QDialog(parent), m_document(document), m_table(new QTreeWidget) {
    setObjectName(QStringLiteral("reportDialog"));
    setWindowTitle(tr("Prunability report"));
    auto* summary = new QLabel;
    summary->setObjectName(QStringLiteral("reportSummary"));
    summary->setWordWrap(true);
    auto* notes = new QLabel;
    notes->setObjectName(QStringLiteral("reportNotes"));
    notes->setWordWrap(true);
    notes->setFont(style::font(style::FontSize::Small));
    m_table->setObjectName(QStringLiteral("reportTable"));
    m_table->setAccessibleName(tr("What can be pruned, layer by layer"));
    m_table->setAccessibleDescription(tr("Whether weights and channels can go, and if not, why"));
    m_table->setRootIsDecorated(false);
    m_table->setUniformRowHeights(true);
    m_table->setHeaderLabels({tr("Layer"), tr("Weights"), tr("Channels"), tr("Why")});
    m_table->header()->setSectionResizeMode(QHeaderView::ResizeToContents);
    m_table->header()->setSectionResizeMode(Why, QHeaderView::Stretch);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close);
    auto* copyButton = buttons->addButton(tr("Copy as text"), QDialogButtonBox::ActionRole);
    copyButton->setObjectName(QStringLiteral("reportCopy"));
    copyButton->setToolTip(tr("Puts the table on the clipboard, its cells parted by tabs"));

    auto* layout = new QVBoxLayout(this);
    layout->setSpacing(style::kSpacePanel);
    layout->addWidget(summary);
    layout->addWidget(notes);
    layout->addWidget(m_table, 1);
    layout->addWidget(buttons);
    resize(820, 520);
    connect(copyButton, &QPushButton::clicked, this, &ReportDialog::copy);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    const auto refresh = [this, summary, notes] {
        summary->setText(prunabilitySummary(*m_document));
        notes->setText(notesText(*m_document));
        notes->setVisible(!notes->text().isEmpty());
        fill();
    };
    connect(document->channels(), &Channels::groupsChanged, this, refresh);
    refresh();
}

void ReportDialog::fill() {
    m_table->clear();
    if (!m_document->hasModel()) return;
    const Channels& channels = *m_document->channels();
    for (const model::Layer& layer : m_document->snapshot()->layers()) {
        const QString why = whyText(channels, layer);
        auto* item = new QTreeWidgetItem(
            m_table, {text(layer.name), layer.prunable.weights ? tr("yes") : tr("no"),
                      channelsText(channels, layer), why});
        item->setToolTip(Why, why);
        item->setToolTip(Layer, text(layer.op));
    }
}

void ReportDialog::copy() const {
    QStringList lines;
    for (int row = 0; row < m_table->topLevelItemCount(); ++row) {
        QStringList cells;
        for (int column = 0; column < kColumns; ++column)
            cells << m_table->topLevelItem(row)->text(column);
        lines << cells.join(QLatin1Char('\t'));
    }
    QGuiApplication::clipboard()->setText(lines.join(QLatin1Char('\n')));
}

}  // namespace espalier::ui
