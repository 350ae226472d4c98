// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/tool_bar.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QMenu>
#include <QSignalBlocker>
#include <QToolButton>

#include "app/gui/actions.h"
#include "ui/dialogs/data_dialog.h"
#include "ui/style/theme.h"

namespace espalier::gui {
namespace {

/// A command and its short text in the toolbar; no id is a separator, no text an icon alone.
struct Item {
    const char* id;
    const char* text;
    bool isExport = false;  ///< its button asks which
};

const char* const kExports[] = {"file.export_masked", "file.export_cut",
                                "file.export_onnx",   "file.export_safetensors",
                                "file.export_plan",   "file.export_report"};

const Item kItems[] = {
    {"file.open", QT_TRANSLATE_NOOP("ToolBar", "Open")},
    {"file.export_masked", QT_TRANSLATE_NOOP("ToolBar", "Export"), true},
    {},
    {"edit.undo", ""},
    {"edit.redo", ""},
    {},
    {"prune.everywhere", QT_TRANSLATE_NOOP("ToolBar", "Prune")},
    {"tools.measure_accuracy", QT_TRANSLATE_NOOP("ToolBar", "Measure")},
    {},
    {"train.start", QT_TRANSLATE_NOOP("ToolBar", "Fine-tune")},
    {"train.pause", ""},
    {"train.stop", QT_TRANSLATE_NOOP("ToolBar", "Stop")},
};

void askWhich(QToolButton* button, const Actions& actions) {
    auto* menu = new QMenu(button);
    for (const char* id : kExports) menu->addAction(actions[id]);
    button->setMenu(menu);
    button->setPopupMode(QToolButton::InstantPopup);
}

}  // namespace

ToolBar::ToolBar(const Actions& actions, QWidget* parent) : QToolBar(tr("Toolbar"), parent) {
    setObjectName(QStringLiteral("toolBar"));
    setMovable(false);
    setIconSize({style::kIconSize, style::kIconSize});
    setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    addCommands(actions);

    auto* gap = new QWidget(this);
    gap->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Preferred);
    addWidget(gap);
    m_data = new QToolButton(this);
    m_data->setObjectName(QStringLiteral("toolBarData"));
    m_data->setIcon(actions["file.attach_data"]->icon());
    m_data->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    m_data->setFocusPolicy(Qt::TabFocus);
    connect(m_data, &QToolButton::clicked, actions["file.attach_data"], &QAction::trigger);
    addWidget(m_data);
    auto* caption = new QLabel(tr("Device"), this);
    caption->setContentsMargins(style::kSpaceGroup, 0, style::kSpaceRelated, 0);
    addWidget(caption);
    m_device = new QComboBox(this);
    m_device->setObjectName(QStringLiteral("toolBarDevice"));
    m_device->setAccessibleName(tr("Device"));
    m_device->setToolTip(tr("Where fine-tuning runs; auto takes an accelerator when there is one"));
    m_device->addItem(QStringLiteral("auto"));
    addWidget(m_device);
    connect(m_device, &QComboBox::currentTextChanged, this, &ToolBar::deviceChanged);
    showDataset({});
}

void ToolBar::addCommands(const Actions& actions) {
    for (const Item& item : kItems) {
        if (!item.id) {
            addSeparator();
            continue;
        }
        QAction* action = actions[item.id];
        addAction(action);
        auto* button = qobject_cast<QToolButton*>(widgetForAction(action));
        button->setObjectName(QStringLiteral("toolBar.") + QString::fromLatin1(item.id));
        button->setAccessibleName(item.isExport ? tr("Export") : withoutMnemonic(action->text()));
        button->setFocusPolicy(Qt::TabFocus);
        if (*item.text) {
            action->setIconText(tr(item.text));
        } else {
            button->setToolButtonStyle(Qt::ToolButtonIconOnly);
        }
        if (item.isExport) askWhich(button, actions);
    }
}

void ToolBar::showDataset(const data::DatasetPtr& dataset) {
    const QString name = dataset ? QString::fromStdString(data::info(*dataset).name) : tr("none");
    m_data->setText(tr("Data: %1").arg(name));
    m_data->setAccessibleName(m_data->text());
    m_data->setToolTip(dataset ? ui::describeDataset(data::info(*dataset))
                               : tr("Attach data to measure accuracy and to fine-tune"));
}

void ToolBar::setDevices(const QStringList& names) {
    const QString current = device();
    const QSignalBlocker quiet(m_device);
    m_device->clear();
    m_device->addItems(names);
    setDevice(current);
}

QString ToolBar::device() const {
    return m_device->currentText();
}

void ToolBar::setDevice(const QString& name) {
    if (m_device->findText(name) < 0) m_device->addItem(name);
    m_device->setCurrentText(name);
}

}  // namespace espalier::gui
