// SPDX-License-Identifier: GPL-3.0-or-later
// The widget that one value of a recipe is edited in, with its label.
#pragma once

#include <QObject>
#include <QString>

#include "ui/panels/recipe_fields.h"

class QLabel;
class QLineEdit;
class QWidget;

namespace espalier::ui {

class RecipeEditor : public QObject {
    Q_OBJECT
public:
    /// `field` must outlive it; label and widget become children of `parent`.
    RecipeEditor(const RecipeField& field, QWidget* parent);

    const RecipeField& field() const { return m_field; }
    QLabel* label() const { return m_label; }
    QWidget* widget() const { return m_widget; }
    QString text() const;
    void setText(const QString& text);
    void setChoices(const QStringList& choices);  ///< the text stays
    /// Marks the field; empty: it is right.
    void setProblem(const QString& problem);
    /// Enables, hides and explains it by what that recipe makes of it.
    void refresh(const train::Recipe& recipe);
    bool isWanted() const { return m_isWanted; }  ///< not hidden because it does nothing

Q_SIGNALS:
    void edited();

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    QWidget* makeCount();
    QWidget* makeNumber();
    QWidget* makeLine();
    QWidget* makeSeed();
    QWidget* makeFlag();
    QWidget* makeChoice();
    QWidget* made(QLineEdit* edit);
    void fill(const QStringList& choices);
    void chooseFile(int index);

    const RecipeField& m_field;
    QLabel* m_label;
    QWidget* m_widget;
    QStringList m_choices;  // as last set
    bool m_isWanted = true;
};

}  // namespace espalier::ui
