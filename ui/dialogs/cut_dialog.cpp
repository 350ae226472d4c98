// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/dialogs/cut_dialog.h"

#include <algorithm>

#include <QDialogButtonBox>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QProgressBar>
#include <QPushButton>
#include <QTreeWidget>
#include <QVBoxLayout>

#include "core/base/format.h"
#include "ui/dialogs/inline_message.h"
#include "ui/document/channels.h"
#include "ui/document/workbench.h"
#include "ui/style/icons.h"
#include "ui/style/number_text.h"
#include "ui/style/theme.h"

namespace espalier::ui {
namespace {

QString text(const std::string& utf8) {
    return QString::fromStdString(utf8);
}

QString changeOf(double before, double after) {
    return before > 0 && before != after ? style::numberText(percent(after / before - 1, 1))
                                         : QString();
}

void alignNumbers(QTreeWidgetItem* item, int from, int to) {
    for (int column = from; column <= to; ++column)
        item->setTextAlignment(column, Qt::AlignRight | Qt::AlignVCenter);
}

QTreeWidget* makeTable(const QString& name, const QString& accessibleName,
                       const QStringList& titles) {
    auto* table = new QTreeWidget;
    table->setObjectName(name);
    table->setAccessibleName(accessibleName);
    table->setRootIsDecorated(false);
    table->setUniformRowHeights(true);
    table->setSelectionMode(QAbstractItemView::NoSelection);
    table->setFocusPolicy(Qt::NoFocus);
    table->setHeaderLabels(titles);
    for (int column = 1; column < titles.size(); ++column) {
        table->headerItem()->setTextAlignment(column, Qt::AlignRight | Qt::AlignVCenter);
    }
    return table;
}

void fitColumns(QTreeWidget* table) {
    QHeaderView* header = table->header();
    header->setStretchLastSection(false);
    header->setSectionResizeMode(QHeaderView::ResizeToContents);
    header->setSectionResizeMode(0, QHeaderView::Stretch);
}

QString asBullets(const std::vector<std::string>& lines) {
    QStringList bullets;
    for (const std::string& line : lines) bullets << QStringLiteral("• ") + text(line);
    return bullets.join(QLatin1Char('\n'));
}

}  // namespace

QString proofText(const channels::Proof& proof) {
    if (proof.isVacuous) {
        return CutDialog::tr(
            "compared with the masked model, which says little: the outputs do not depend on what "
            "was cut, or not on the input");
    }
    if (proof.alreadyZero)
        return CutDialog::tr("all that is removed was zero before: the cut model is the same");
    const QString twin = proof.exact
                             ? CutDialog::tr("identical to the masked model")
                             : CutDialog::tr(
                                   "identical to the masked model with its statistics taken over "
                                   "the kept channels");
    if (proof.maxRelativeDifference == 0)
        return CutDialog::tr("%1, bit for bit, on %2 random inputs (%3)")
            .arg(twin)
            .arg(proof.inputs.size())
            .arg(text(proof.dtype));
    return CutDialog::tr("%1: max relative difference %2 on %3 random inputs (%4)")
        .arg(twin, style::numberText(significant(proof.maxRelativeDifference, 2)))
        .arg(proof.inputs.size())
        .arg(text(proof.dtype));
}

CutDialog::CutDialog(Workbench* workbench, QWidget* parent)
    : QDialog(parent),
      m_workbench(workbench),
      m_figures(makeFigures()),
      m_groups(makeGroupList(*workbench->document())),
      m_progress(new QProgressBar),
      m_proof(new InlineMessage(QStringLiteral("cutProof"))),
      m_proved(makeProved()),
      m_unproved(new QLabel) {
    setObjectName(QStringLiteral("cutDialog"));
    setWindowTitle(tr("Cut model"));
    auto* intro = new QLabel(
        tr("A TorchScript file with fewer channels: smaller and faster wherever TorchScript runs. "
           "Names of parameters stay."));
    intro->setWordWrap(true);
    m_progress->setObjectName(QStringLiteral("cutProgress"));
    m_progress->setAccessibleName(tr("Cutting and proving"));
    m_progress->setRange(0, 0);
    m_progress->setTextVisible(false);
    m_progress->setMaximumHeight(6);
    m_unproved->setObjectName(QStringLiteral("cutUnproved"));
    m_unproved->setWordWrap(true);
    m_unproved->setFont(style::font(style::FontSize::Small));
    m_unproved->hide();
    fillFigures(workbench->document()->footprint());
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Cancel);
    m_accept = buttons->addButton(tr("Choose a file…"), QDialogButtonBox::AcceptRole);
    m_accept->setObjectName(QStringLiteral("cutAccept"));
    m_accept->setToolTip(tr("Asks where to, then writes the cut model that was proved"));
    m_accept->setEnabled(false);

    auto* layout = new QVBoxLayout(this);
    layout->setSpacing(style::kSpacePanel);
    layout->addWidget(intro);
    layout->addWidget(m_figures);
    layout->addWidget(m_groups, 1);
    layout->addWidget(m_progress);
    layout->addWidget(m_proof);
    layout->addWidget(m_proved);
    layout->addWidget(m_unproved);
    layout->addWidget(buttons);
    const int rows = std::clamp(m_groups->topLevelItemCount(), 3, 16);
    resize(600, 340 + rows * fontMetrics().height());
    connect(buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    start();
}

CutDialog::~CutDialog() {
    if (!m_model) m_workbench->stopCutting();
}

QTreeWidget* CutDialog::makeFigures() {
    auto* table = makeTable(QStringLiteral("cutFigures"), tr("What the model costs"),
                            {QString(), tr("Before"), tr("After"), tr("Change")});
    fitColumns(table);
    table->setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    return table;
}

void CutDialog::fillFigures(const prune::Footprint& after) {
    m_figures->clear();
    const prune::Footprint& dense = m_workbench->document()->denseFootprint();
    const auto add = [this](const QString& name, double before, double now, auto format) {
        alignNumbers(
            new QTreeWidgetItem(m_figures, {name, style::numberText(format(before)),
                                            style::numberText(format(now)), changeOf(before, now)}),
            1, 3);
    };
    const auto count = [](double value) { return siCount(value); };
    const auto bytes = [](double value) { return byteSize(value); };
    add(tr("Parameters"), double(dense.parameters), double(after.parameters), count);
    add(tr("Multiply-accumulates, batch 1"), double(dense.macs), double(after.macs), count);
    add(tr("File (≈ until it is written)"), double(dense.bytesDense), double(after.bytesDense),
        bytes);
    if (after.nonzeros != after.parameters) {
        add(tr("Non-zero parameters"), double(dense.nonzeros), double(after.nonzeros), count);
    }
    const int lines = m_figures->topLevelItemCount() * m_figures->sizeHintForRow(0);
    m_figures->setFixedHeight(m_figures->header()->sizeHint().height() + lines +
                              2 * m_figures->frameWidth());
}

QTreeWidget* CutDialog::makeGroupList(const Document& document) {
    auto* list = makeTable(QStringLiteral("cutGroups"), tr("Groups that lose channels"),
                           {tr("Group"), tr("Layers"), tr("Channels"), tr("After")});
    const Channels* channels = document.channels();
    const FoundGroups* found = channels->found();
    for (const channels::Group& group :
         found ? found->groups->groups() : std::span<const channels::Group>()) {
        const prune::GroupChoice* choice = channels->choice(group.id);
        if (!choice || choice->isWhole()) continue;
        const QString letter = found->letters[group.id.index()];
        auto* item = new QTreeWidgetItem(
            list, {QStringLiteral("%1  %2").arg(letter, text(group.key)),
                   QString::number(producersOf(*found, group.id).size()),
                   QString::number(group.width), QString::number(choice->reached())});
        item->setToolTip(0, headline(*found, group.id));
        item->setData(0, Qt::UserRole, group.id.value);
        alignNumbers(item, 1, 3);
    }
    if (list->topLevelItemCount() == 0) {
        new QTreeWidgetItem(list, {tr("No channel goes")});
        list->setFirstColumnSpanned(0, {}, true);
    }
    fitColumns(list);
    return list;
}

QWidget* CutDialog::makeProved() {
    auto* line = new QWidget;
    auto* icon = new QLabel;
    icon->setPixmap(
        style::icon(style::Icon::Success).pixmap(QSize(style::kIconSize, style::kIconSize)));
    auto* words = new QLabel;
    words->setObjectName(QStringLiteral("cutProved"));
    words->setWordWrap(true);
    auto* layout = new QHBoxLayout(line);
    layout->setContentsMargins({});
    layout->addWidget(icon);
    layout->addWidget(words, 1);
    line->hide();
    return line;
}

void CutDialog::start() {
    const prune::ChannelChoicePtr& choice = m_workbench->document()->channels()->choice();
    if (!choice || choice->isWhole()) {
        m_progress->hide();
        m_proof->showError(tr("No channel is to go yet. Choose some in the Channels tab first."));
        return;
    }
    m_proof->showNote(tr("Cutting, and comparing the result with the masked model…"));
    m_workbench->cutModel(this,
                          [this](const Result<exchange::CutPlan>& result) { finish(result); });
}

void CutDialog::finish(const Result<exchange::CutPlan>& result) {
    m_progress->hide();
    if (!result) {
        m_proof->showError(result.error());
        return;
    }
    m_model = result->model;
    if (!m_model->leftWhole().empty())
        fillFigures(prune::footprint(*m_workbench->document()->snapshot(), *result->masks));
    const channels::Proof& proof = m_model->proof();
    if (proof.isVacuous) {
        m_proof->showNote(tr("Not proved: %1.").arg(proofText(proof)));
    } else {
        m_proof->hide();
        m_proved->findChild<QLabel*>(QStringLiteral("cutProved"))
            ->setText(tr("Proved: %1.").arg(proofText(proof)));
        m_proved->setToolTip(asBullets(proof.inputs));
        m_proved->show();
    }
    if (!proof.unproved.empty()) {
        m_unproved->setText(tr("Not covered by the proof:\n%1").arg(asBullets(proof.unproved)));
        m_unproved->show();
    }
    showLeftWhole();
    m_accept->setEnabled(true);
    m_accept->setDefault(true);
}

// A group that the model's code holds fast shows its width again, and why.
void CutDialog::showLeftWhole() {
    for (const channels::LeftWhole& left : m_model->leftWhole()) {
        for (int row = 0; row < m_groups->topLevelItemCount(); ++row) {
            QTreeWidgetItem* item = m_groups->topLevelItem(row);
            if (item->data(0, Qt::UserRole).toInt() != left.group.value) continue;
            item->setText(3, tr("%1, left whole").arg(item->text(2)));
            for (int column = 0; column < 4; ++column) item->setToolTip(column, text(left.reason));
        }
    }
}

}  // namespace espalier::ui
