// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/impact_card.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QToolButton>
#include <QVBoxLayout>

#include "ui/panels/elided_label.h"
#include "ui/style/colors.h"
#include "ui/style/sparsity_bar.h"
#include "ui/style/theme.h"

namespace espalier::ui {

using Basis = ImpactFigure::Basis;
using Action = ImpactFigure::Action;

namespace {

constexpr int kBarHeight = 4;

template <class Label = QLabel>
QLabel* makeLabel(const QString& name, style::FontSize size, QWidget* parent) {
    auto* label = new Label(parent);
    label->setObjectName(name);
    label->setFont(style::font(size));
    return label;
}

void setColor(QLabel* label, const QColor& color) {
    QPalette palette;
    palette.setColor(QPalette::WindowText, color);
    label->setPalette(palette);
}

QString actionText(Action action) {
    if (action == Action::AttachData) return ImpactCard::tr("Attach data…");
    return action == Action::None ? QString() : ImpactCard::tr("Measure");
}

}  // namespace

/// What is left, in the colours of kept and removed.
class RemainderBar : public QWidget {
public:
    explicit RemainderBar(QWidget* parent) : QWidget(parent) { setFixedHeight(kBarHeight); }

    void setLeft(double left) {
        m_left = left;
        update();
    }

protected:
    void paintEvent(QPaintEvent*) override {
        if (m_left < 0) return;
        QPainter painter(this);
        style::paintSparsityBar(painter, rect(), {1 - m_left}, palette());
    }

private:
    double m_left = -1;
};

ImpactCard::ImpactCard(QWidget* parent)
    : QFrame(parent),
      m_title(makeLabel(QStringLiteral("title"), style::FontSize::Small, this)),
      m_change(makeLabel(QStringLiteral("change"), style::FontSize::Small, this)),
      m_before(makeLabel(QStringLiteral("before"), style::FontSize::Body, this)),
      m_after(makeLabel(QStringLiteral("after"), style::FontSize::Large, this)),
      m_bar(new RemainderBar(this)),
      m_basis(makeLabel<ElidedLabel>(QStringLiteral("basis"), style::FontSize::Small, this)),
      m_action(new QToolButton(this)) {
    m_action->setObjectName(QStringLiteral("action"));
    m_action->setAutoRaise(true);
    // Its place stays when it goes: all cards keep their lines at one height.
    QSizePolicy policy = m_action->sizePolicy();
    policy.setRetainSizeWhenHidden(true);
    m_action->setSizePolicy(policy);
    m_action->setFont(style::font(style::FontSize::Small));
    m_action->setFixedHeight(m_action->fontMetrics().height() + 2 * style::kSpaceRelated);
    connect(m_action, &QToolButton::clicked, this,
            [this] { Q_EMIT actionTriggered(m_figure.action); });

    auto* heading = new QHBoxLayout;
    heading->addWidget(m_title, 1);
    heading->addWidget(m_change);
    auto* values = new QHBoxLayout;
    values->setSpacing(style::kSpaceRelated);
    values->addWidget(m_before, 0, Qt::AlignBaseline);
    values->addWidget(m_after, 0, Qt::AlignBaseline);
    values->addStretch(1);
    auto* foot = new QHBoxLayout;
    foot->addWidget(m_basis, 1);
    foot->addWidget(m_action);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(style::kSpacePanel, style::kSpaceRelated, style::kSpacePanel,
                               style::kSpaceRelated);
    layout->setSpacing(2);
    layout->addLayout(heading);
    layout->addLayout(values);
    layout->addWidget(m_bar);
    layout->addLayout(foot);
    recolor();
}

void ImpactCard::setFigure(const ImpactFigure& figure) {
    if (figure == m_figure) return;
    m_figure = figure;
    setObjectName(QStringLiteral("impact.") + figure.name);
    setToolTip(figure.toolTip);
    m_title->setText(figure.title);
    m_change->setText(figure.change);
    m_before->setText(figure.before.isEmpty() ? QString() : figure.before + QStringLiteral(" →"));
    m_before->setVisible(!figure.before.isEmpty());
    m_after->setText(figure.after);
    m_bar->setLeft(figure.left);
    const QString basis = basisText(figure.basis);
    m_basis->setText(figure.note.isEmpty() ? basis
                                           : QStringLiteral("%1 · %2").arg(basis, figure.note));
    m_action->setText(actionText(figure.action));
    m_action->setToolTip(figure.whyNot.isEmpty() ? figure.toolTip : figure.whyNot);
    m_action->setEnabled(figure.whyNot.isEmpty());
    m_action->setVisible(figure.action != Action::None);
    m_action->setAccessibleName(QStringLiteral("%1: %2").arg(figure.title, m_action->text()));
    setAccessibleName(figure.title);
    setAccessibleDescription(
        QStringLiteral("%1 %2 %3, %4")
            .arg(m_before->text(), figure.after, figure.change, m_basis->text()));
    recolor();
}

void ImpactCard::changeEvent(QEvent* event) {
    QFrame::changeEvent(event);
    if (event->type() == QEvent::PaletteChange) recolor();
}

void ImpactCard::recolor() {
    const style::Colors& colors = style::colorsFor(palette());
    for (QLabel* label : {m_title, m_change, m_before, m_basis}) setColor(label, colors.mutedText);
    setColor(m_after, m_figure.basis == Basis::Measured ? colors.text : colors.estimate);
}

}  // namespace espalier::ui
