// SPDX-License-Identifier: GPL-3.0-or-later
// A rule seen several ways, one line each, to be typed: what the forms for weights and for channels
// have in common.
#pragma once

#include <cmath>
#include <optional>

#include <QSignalBlocker>
#include <QWidget>

class QAbstractSpinBox;
class QButtonGroup;
class QGridLayout;
class QLabel;
class QSlider;

namespace espalier::ui {

class Document;

/// The kind of rule that is in force is marked. Numbers that follow each other in one box are one
/// undo step until the box is left.
class RuleForm : public QWidget {
    Q_OBJECT
protected:
    RuleForm(const Document* document, const QString& readoutName, QWidget* parent);

    /// A line with a button for `kind`; its editor may be a widget made by besideSlider().
    void addKind(int kind, const QString& name, const QString& title, const QString& tip,
                 QWidget* editor);
    void addLine(const QString& title, const QString& tip, QWidget* editor);
    /// Below all lines, once they are there.
    void addReadout();
    /// A slider with the box that shows its number; moving it from press to release is one step.
    QWidget* besideSlider(QSlider* slider, QWidget* box);
    void endsEditsOf(QAbstractSpinBox* box);

    void setKindEnabled(int kind, bool enabled);
    void markKind(std::optional<int> kind);  ///< none: no rule
    void setReadout(const QString& text);
    void endEdit() { ++m_editNumber; }
    /// For Document's edits: the same until the box is left.
    QString mergeKey(const char* what, int kind) const;

    /// Leaves alone a box that shows that number already: while it is typed into it keeps its text.
    template <class Box, class Value>
    static void showNumber(Box* box, Value value, double tolerance) {
        const QSignalBlocker blocker(box);
        if (std::abs(static_cast<double>(box->value()) - static_cast<double>(value)) > tolerance)
            box->setValue(value);
    }

Q_SIGNALS:
    void kindClicked(int kind);

private:
    QGridLayout* m_layout;
    QButtonGroup* m_kinds;
    QLabel* m_readout;
    int m_editNumber = 0;
};

}  // namespace espalier::ui
