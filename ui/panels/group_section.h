// SPDX-License-Identifier: GPL-3.0-or-later
// What moves together with the selected layer, why, and how many of its channels stay.
#pragma once

#include <optional>

#include <QWidget>

#include "ui/document/channels.h"

class QCheckBox;
class QLabel;
class QPushButton;

namespace espalier::ui {

class ChannelBudget;
class Document;
class Workbench;

class GroupSection : public QWidget {
    Q_OBJECT
public:
    explicit GroupSection(Workbench* workbench, QWidget* parent = nullptr);

    void refresh();

protected:
    void changeEvent(QEvent* event) override;

private:
    void build();
    void showNothing(const QString& reason);
    void showGroup(channels::GroupId id);
    QString membersText(channels::GroupId id) const;
    void showProof(channels::GroupId id);
    void follow(const QString& link);

    Workbench* m_workbench;
    Document* m_document;
    Channels* m_channels;
    QLabel* m_headline;
    QLabel* m_members;
    QLabel* m_reason;
    QCheckBox* m_inexact;
    ChannelBudget* m_budget;
    QCheckBox* m_lock;
    QPushButton* m_reset;
    QPushButton* m_prove;
    QLabel* m_proof;
    std::optional<channels::GroupId> m_group;
};

}  // namespace espalier::ui
