// SPDX-License-Identifier: GPL-3.0-or-later
// A title that shows and hides what is under it.
#pragma once

#include <QWidget>

class QToolButton;

namespace espalier::ui {

class CollapsibleSection : public QWidget {
    Q_OBJECT
public:
    /// Starts collapsed; `content` becomes its child. The title's button is called `name`.
    CollapsibleSection(const QString& name, const QString& title, QWidget* content,
                       QWidget* parent);

    bool isExpanded() const;
    void setExpanded(bool expanded);

private:
    QToolButton* m_title;
    QWidget* m_content;
};

}  // namespace espalier::ui
