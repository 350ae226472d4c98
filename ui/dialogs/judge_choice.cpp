// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/dialogs/judge_choice.h"

#include <utility>

#include <QFileInfo>

#include "ui/dialogs/dialogs.h"

namespace espalier::ui {

namespace {

QString text(const std::string& utf8) {
    return QString::fromStdString(utf8);
}

}  // namespace

JudgeChoice::JudgeChoice(const Words& words, const std::vector<std::string>& known,
                         const std::string& current, QWidget* parent)
    : QComboBox(parent) {
    setAccessibleName(words.title);
    setToolTip(words.tip);
    setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    addItem(words.byData, QString());
    for (const std::string& name : known) addItem(text(name), text(name));
    addItem(tr("From a TorchScript file…"));
    setItemData(count() - 1, tr("A module whose forward(output, target) returns one number"),
                Qt::ToolTipRole);
    const int row = findData(text(current));
    setCurrentIndex(row >= 0 ? row : addFile(text(current)));
    m_taken = currentIndex();
    connect(this, &QComboBox::activated, this, &JudgeChoice::take);
}

std::string JudgeChoice::chosen() const {
    return currentData().toString().toStdString();
}

/// Before the entry that picks another.
int JudgeChoice::addFile(const QString& path) {
    const int row = count() - 1;
    insertItem(row, QFileInfo(path).fileName(), path);
    setItemData(row, path, Qt::ToolTipRole);
    return row;
}

void JudgeChoice::take(int index) {
    if (index == count() - 1) return pickFile();
    if (std::exchange(m_taken, index) != index) Q_EMIT chosenChanged();
}

void JudgeChoice::pickFile() {
    const QString path =
        dialogs::openFile(this, {tr("Choose a module for: %1").arg(accessibleName()),
                                 {},
                                 tr("TorchScript models (*.pt *.pth *.ts);;All files (*)")});
    if (path.isEmpty()) return setCurrentIndex(m_taken);
    const int known = findData(path);
    m_taken = known >= 0 ? known : addFile(path);
    setCurrentIndex(m_taken);
    Q_EMIT chosenChanged();  // also of the same file: it may hold something else now
}

}  // namespace espalier::ui
