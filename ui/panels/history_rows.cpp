// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/history_rows.h"

#include <QCoreApplication>
#include <QDateTime>
#include <QLocale>
#include <QTreeWidget>

#include "core/base/format.h"
#include "ui/document/node_figures.h"
#include "ui/panels/two_line_delegate.h"
#include "ui/style/counted.h"
#include "ui/style/icons.h"
#include "ui/style/number_text.h"

namespace espalier::ui {

namespace {

const QString kUnknown = QStringLiteral("–");
constexpr int kDetailRole = TwoLineDelegate::kDetailRole;

QString tr(const char* text) {
    return QCoreApplication::translate("HistoryPanel", text);
}

QString text(const std::string& utf8) {
    return QString::fromStdString(utf8);
}

style::Icon iconFor(project::Operation operation) {
    switch (operation) {
        case project::Operation::Open:
        case project::Operation::Commit:
            return style::Icon::Model;
        case project::Operation::Pin:
            return style::Icon::Pin;
        case project::Operation::FineTune:
            return style::Icon::Train;
        case project::Operation::Trial:
            return style::Icon::Measure;
    }
    return style::Icon::Model;
}

QString splitText(data::Split split) {
    switch (split) {
        case data::Split::Train:
            return tr("train");
        case data::Split::Validation:
            return tr("val.");
        case data::Split::Test:
            return tr("test");
    }
    return {};
}

QString timeText(const project::Node& node) {
    const auto made = QDateTime::fromMSecsSinceEpoch(
        std::chrono::duration_cast<std::chrono::milliseconds>(node.made.time_since_epoch())
            .count());
    const QLocale locale;
    if (made.date() == QDate::currentDate())
        return locale.toString(made.time(), QStringLiteral("HH:mm"));
    return locale.toString(made, QLocale::ShortFormat);
}

void setBold(QTreeWidgetItem& item, bool bold) {
    QFont font = item.font(HistoryName);
    font.setBold(bold);
    item.setFont(HistoryName, font);
}

void fillAccuracy(QTreeWidgetItem& item, const std::optional<measure::Evaluation>& evaluation,
                  const std::optional<data::DataSpec>& data) {
    item.setText(
        HistoryAccuracy,
        evaluation ? style::numberText(evaluation->metric.text(evaluation->score)) : kUnknown);
    item.setData(HistoryAccuracy, kDetailRole,
                 evaluation ? QStringLiteral("%1 %2").arg(splitText(evaluation->split),
                                                          text(exactCount(evaluation->samples)))
                            : QString());
    if (!evaluation) return item.setToolTip(HistoryAccuracy, tr("Not measured"));
    const std::string_view split = data::name(evaluation->split);
    QString tip =
        style::counted(evaluation->samples, tr("%1 on %2 sample (%3)"), tr("%1 on %2 samples (%3)"))
            .arg(text(evaluation->metric.title()), text(exactCount(evaluation->samples)),
                 text(std::string(split)));
    if (data) tip += tr(" of %1").arg(text(data->path.filename().string()));
    item.setToolTip(HistoryAccuracy, tip);
}

void fillSparsity(QTreeWidgetItem& item, const HistoryFigures& figures) {
    const prune::Footprint* now = figures.now;
    item.setText(HistorySparsity,
                 now ? style::numberText(percent(sparsityOf(*figures.dense, *now))) : kUnknown);
    item.setData(
        HistorySparsity, kDetailRole,
        now ? style::numberText(siCount(static_cast<double>(now->parameters))) : QString());
    if (!now) return item.setToolTip(HistorySparsity, tr("Not counted yet"));
    item.setToolTip(HistorySparsity,
                    tr("%1 parameters, %2 of them not zero")
                        .arg(text(exactCount(now->parameters)), text(exactCount(now->nonzeros))));
}

void align(QTreeWidgetItem& item) {
    for (const int column : {HistoryAccuracy, HistorySparsity})
        item.setTextAlignment(column, Qt::AlignRight | Qt::AlignVCenter);
}

}  // namespace

QString operationText(project::Operation operation) {
    switch (operation) {
        case project::Operation::Open:
            return tr("opened");
        case project::Operation::Pin:
            return tr("kept");
        case project::Operation::FineTune:
            return tr("trained");
        case project::Operation::Commit:
            return tr("committed");
        case project::Operation::Trial:
            return tr("tried");
    }
    return {};
}

void fillHistoryRow(QTreeWidgetItem& item, const project::Node& node, const HistoryFigures& figures,
                    bool isCurrent) {
    item.setFlags(item.flags() | Qt::ItemIsEditable);
    item.setIcon(HistoryName, style::icon(iconFor(node.operation)));
    item.setText(HistoryName, text(node.name));
    QStringList detail{operationText(node.operation), timeText(node)};
    if (node.isPinned) detail << tr("pinned");
    item.setData(HistoryName, kDetailRole, detail.join(QStringLiteral(" · ")));
    QString tip = QStringLiteral("%1\n%2").arg(text(node.name), detail.join(QStringLiteral(", ")));
    if (isCurrent) tip += tr("\nWhere you are");
    item.setToolTip(HistoryName, tip);
    fillAccuracy(item, node.metrics.evaluation, node.metrics.data);
    fillSparsity(item, figures);
    align(item);
    setBold(item, isCurrent);
}

void fillUnpinnedRow(QTreeWidgetItem& item, const HistoryFigures& figures,
                     const std::optional<measure::Evaluation>& evaluation) {
    item.setIcon(HistoryName, style::icon(style::Icon::Cut));
    item.setText(HistoryName, tr("not pinned"));
    item.setData(HistoryName, kDetailRole, tr("where you are"));
    item.setToolTip(HistoryName,
                    tr("Edits since the state above, which no state has yet; Pin keeps them here"));
    fillAccuracy(item, evaluation, {});
    fillSparsity(item, figures);
    align(item);
    setBold(item, true);
}

}  // namespace espalier::ui
