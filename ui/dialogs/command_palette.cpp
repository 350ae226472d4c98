// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/dialogs/command_palette.h"

#include <algorithm>

#include <QCoreApplication>
#include <QKeyEvent>
#include <QLineEdit>
#include <QListView>
#include <QVBoxLayout>

#include "ui/dialogs/inline_message.h"
#include "ui/models/palette_delegate.h"
#include "ui/style/icons.h"
#include "ui/style/theme.h"

namespace espalier::ui {

namespace {

constexpr QSize kSize(680, 420);
constexpr int kBelowTop = 72;  // under the window's menu and toolbar

/// Keys that move in the list while the field has the focus.
bool movesInList(const QKeyEvent& event) {
    switch (event.key()) {
        case Qt::Key_Up:
        case Qt::Key_Down:
        case Qt::Key_PageUp:
        case Qt::Key_PageDown:
            return true;
        case Qt::Key_Home:
        case Qt::Key_End:
            return event.modifiers() & Qt::ControlModifier;
        default:
            return false;
    }
}

}  // namespace

CommandPalette::CommandPalette(std::vector<PaletteEntry> entries, const QStringList& recent,
                               QWidget* parent)
    : QDialog(parent, Qt::Dialog | Qt::FramelessWindowHint),
      m_model(new PaletteModel(std::move(entries), recent, this)),
      m_field(new QLineEdit),
      m_list(new QListView),
      m_note(new InlineMessage(QStringLiteral("paletteNote"))) {
    setObjectName(QStringLiteral("commandPalette"));
    m_note->setTextInteractionFlags(Qt::NoTextInteraction);  // the field keeps the focus
    setWindowTitle(tr("Command palette"));
    m_field->setObjectName(QStringLiteral("paletteField"));
    m_field->setAccessibleName(tr("Command, layer or group"));
    m_field->setPlaceholderText(tr("A command, a layer or a group: type a few of its letters"));
    m_field->setToolTip(tr("Arrows choose, Enter runs, Esc closes"));
    m_field->addAction(style::icon(style::Icon::Search), QLineEdit::LeadingPosition);
    m_field->installEventFilter(this);
    m_list->setObjectName(QStringLiteral("paletteList"));
    m_list->setAccessibleName(tr("What fits"));
    m_list->setModel(m_model);
    m_list->setItemDelegate(new PaletteDelegate(m_list));
    m_list->setUniformItemSizes(true);
    m_list->setFocusPolicy(Qt::NoFocus);  // the field has the keys of both
    m_list->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);

    auto* frame = new QFrame;
    frame->setFrameShape(QFrame::StyledPanel);
    auto* within = new QVBoxLayout(frame);
    within->setContentsMargins(style::kSpacePanel, style::kSpacePanel, style::kSpacePanel,
                               style::kSpacePanel);
    within->setSpacing(style::kSpacePanel);
    within->addWidget(m_field);
    within->addWidget(m_list, 1);
    within->addWidget(m_note);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(frame);
    if (parent) place(*parent);

    connect(m_field, &QLineEdit::textChanged, this, &CommandPalette::setText);
    connect(m_list, &QListView::clicked, this, &CommandPalette::choose);
    connect(m_list->selectionModel(), &QItemSelectionModel::currentChanged, this,
            &CommandPalette::showNote);
    setText({});
    m_field->setFocus();
}

void CommandPalette::place(const QWidget& parent) {
    const QWidget* window = parent.window();
    const int width = std::min(kSize.width(), window->width() - 2 * style::kSpaceGroup);
    const int below = std::min(kBelowTop, window->height() / 8);
    const int height = std::min(kSize.height(), window->height() - 2 * below);
    resize(width, height);
    move(window->mapToGlobal(QPoint((window->width() - width) / 2, below)));
}

bool CommandPalette::eventFilter(QObject* watched, QEvent* event) {
    if (watched != m_field || event->type() != QEvent::KeyPress)
        return QDialog::eventFilter(watched, event);
    auto* key = static_cast<QKeyEvent*>(event);
    if (key->key() == Qt::Key_Return || key->key() == Qt::Key_Enter) {
        choose(m_list->currentIndex());
        return true;
    }
    if (!movesInList(*key)) return false;
    QCoreApplication::sendEvent(m_list, event);
    return true;
}

void CommandPalette::setText(const QString& text) {
    m_model->setText(text);
    m_list->setCurrentIndex(m_model->index(0));
    showNote();
}

// Why what is chosen cannot be run, or that nothing fits.
void CommandPalette::showNote() {
    const QModelIndex current = m_list->currentIndex();
    QString note;
    if (!current.isValid()) {
        note = tr("Nothing is called that. Fewer letters find more.");
    } else if (const PaletteEntry& entry = m_model->entry(current.row()); !entry.isEnabled) {
        note = tr("Not now: %1").arg(entry.whyNot);
    }
    m_note->showNote(note);
    m_note->setVisible(!note.isEmpty());
}

void CommandPalette::choose(const QModelIndex& index) {
    if (!index.isValid() || !m_model->entry(index.row()).isEnabled) return;
    m_chosen = m_model->entry(index.row()).id;
    accept();
}

}  // namespace espalier::ui
