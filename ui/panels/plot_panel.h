// SPDX-License-Identifier: GPL-3.0-or-later
// How a panel with a plot is laid out: a title with options beside it, then the plot.
#pragma once

#include <initializer_list>

#include <QHBoxLayout>
#include <QToolButton>
#include <QVBoxLayout>
#include <QWidget>

#include "ui/panels/bar_layout.h"
#include "ui/style/theme.h"

namespace espalier::ui {

/// The title takes the room that the options leave; where they do not fit they wrap.
inline QWidget* optionBar(QWidget* panel, QWidget* title, std::initializer_list<QWidget*> options) {
    auto* bar = new QWidget(panel);
    auto* layout = new BarLayout(bar);
    layout->setContentsMargins({});
    layout->setSpacing(style::kSpacePanel);
    layout->addWidget(title);
    for (QWidget* option : options) layout->addWidget(option);
    return bar;
}

/// Widgets that never part, as the title of an option bar: what room is left stays empty.
inline QWidget* together(QWidget* panel, std::initializer_list<QWidget*> widgets) {
    auto* line = new QWidget(panel);
    auto* layout = new QHBoxLayout(line);
    layout->setContentsMargins({});
    layout->setSpacing(style::kSpacePanel);
    for (QWidget* widget : widgets) layout->addWidget(widget);
    layout->addStretch();
    return line;
}

/// A button with a word, for an option bar; the owner may add an icon.
inline QToolButton* barButton(QWidget* panel, const char* name, const QString& text,
                              const QString& tip) {
    auto* button = new QToolButton(panel);
    button->setObjectName(QLatin1String(name));
    button->setText(text);
    button->setToolTip(tip);
    button->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    button->setFocusPolicy(Qt::StrongFocus);
    return button;
}

/// The last of `parts` is the plot, which takes the room that the others leave.
inline void layOut(QWidget* panel, std::initializer_list<QWidget*> parts) {
    auto* layout = new QVBoxLayout(panel);
    layout->setContentsMargins(style::kSpacePanel, style::kSpaceRelated, style::kSpacePanel,
                               style::kSpaceRelated);
    layout->setSpacing(style::kSpaceRelated);
    for (QWidget* part : parts) layout->addWidget(part);
    layout->setStretch(layout->count() - 1, 1);
}

}  // namespace espalier::ui
