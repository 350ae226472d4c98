// SPDX-License-Identifier: GPL-3.0-or-later
// The toolbar: the commands of every day, the attached data, the device.
#pragma once

#include <QToolBar>

#include "core/data/dataset.h"

class QComboBox;
class QToolButton;

namespace espalier::gui {

class Actions;

class ToolBar : public QToolBar {
    Q_OBJECT
public:
    ToolBar(const Actions& actions, QWidget* parent = nullptr);

    void showDataset(const data::DatasetPtr& dataset);
    void setDevices(const QStringList& names);
    QString device() const;
    void setDevice(const QString& name);

Q_SIGNALS:
    void deviceChanged(const QString& name);

private:
    void addCommands(const Actions& actions);

    QToolButton* m_data;
    QComboBox* m_device;
};

}  // namespace espalier::gui
