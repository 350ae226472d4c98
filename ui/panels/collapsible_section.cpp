// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/collapsible_section.h"

#include <QToolButton>
#include <QVBoxLayout>

#include "ui/style/theme.h"

namespace espalier::ui {

CollapsibleSection::CollapsibleSection(const QString& name, const QString& title, QWidget* content,
                                       QWidget* parent)
    : QWidget(parent), m_title(new QToolButton(this)), m_content(content) {
    m_title->setObjectName(name);
    m_title->setText(title);
    m_title->setToolTip(tr("Shows or hides these fields"));
    m_title->setCheckable(true);
    m_title->setAutoRaise(true);
    m_title->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    m_title->setFocusPolicy(Qt::StrongFocus);
    m_title->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins({});
    layout->setSpacing(style::kSpaceRelated);
    layout->addWidget(m_title);
    layout->addWidget(m_content);
    connect(m_title, &QToolButton::toggled, this, &CollapsibleSection::setExpanded);
    setExpanded(false);
}

bool CollapsibleSection::isExpanded() const {
    return m_title->isChecked();
}

void CollapsibleSection::setExpanded(bool expanded) {
    m_title->setChecked(expanded);
    m_title->setArrowType(expanded ? Qt::DownArrow : Qt::RightArrow);
    m_content->setVisible(expanded);
}

}  // namespace espalier::ui
