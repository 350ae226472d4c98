// SPDX-License-Identifier: GPL-3.0-or-later
// Labelled fields in two columns; those that are hidden leave no gap, and what is wrong with one
// stands under it.
#pragma once

#include <vector>

#include <QWidget>

class QGridLayout;

namespace espalier::ui {

class InlineMessage;
class RecipeEditor;

class FieldGrid : public QWidget {
    Q_OBJECT
public:
    /// `labelWidth`: of the labels' columns, the same in all grids of a form.
    FieldGrid(const QString& name, int labelWidth, QWidget* parent);

    void setEditors(std::vector<RecipeEditor*> editors);
    /// Lays the wanted fields out anew. `wrong`: the field that `problem` is about, or null.
    void arrange(const RecipeEditor* wrong, const QString& problem);

private:
    QGridLayout* m_grid;
    InlineMessage* m_message;
    std::vector<RecipeEditor*> m_editors;
};

}  // namespace espalier::ui
