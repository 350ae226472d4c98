// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/field_grid.h"

#include <QGridLayout>
#include <QLabel>

#include "ui/dialogs/inline_message.h"
#include "ui/panels/recipe_editor.h"
#include "ui/style/theme.h"

namespace espalier::ui {

namespace {
constexpr int kColumns = 2;  // of fields, each with a label before it
}

FieldGrid::FieldGrid(const QString& name, int labelWidth, QWidget* parent)
    : QWidget(parent),
      m_grid(new QGridLayout(this)),
      m_message(new InlineMessage(name + QStringLiteral("Message"), this)) {
    setObjectName(name);
    m_grid->setContentsMargins(0, 0, 0, 0);
    m_grid->setHorizontalSpacing(style::kSpacePanel);
    m_grid->setVerticalSpacing(style::kSpaceRelated);
    for (int column = 0; column < kColumns; ++column) {
        m_grid->setColumnMinimumWidth(2 * column, labelWidth);
        m_grid->setColumnStretch(2 * column + 1, 1);
    }
    m_message->hide();
}

void FieldGrid::setEditors(std::vector<RecipeEditor*> editors) {
    m_editors = std::move(editors);
    arrange(nullptr, {});
}

void FieldGrid::arrange(const RecipeEditor* wrong, const QString& problem) {
    while (QLayoutItem* item = m_grid->takeAt(0)) delete item;
    int row = 0;
    int column = 0;
    int messageRow = -1;
    int messageColumn = 0;
    for (RecipeEditor* editor : m_editors) {
        editor->setProblem(editor == wrong ? problem : QString());
        if (!editor->isWanted()) continue;
        if (column == kColumns) {
            column = 0;
            row = messageRow == row + 1 ? row + 2 : row + 1;
        }
        m_grid->addWidget(editor->label(), row, 2 * column);
        m_grid->addWidget(editor->widget(), row, 2 * column + 1);
        if (editor == wrong) {
            messageRow = row + 1;
            messageColumn = 2 * column;
        }
        ++column;
    }
    m_message->setVisible(messageRow >= 0);
    if (messageRow < 0) return;
    m_message->showError(problem);
    m_grid->addWidget(m_message, messageRow, messageColumn, 1, 2 * kColumns - messageColumn);
}

}  // namespace espalier::ui
