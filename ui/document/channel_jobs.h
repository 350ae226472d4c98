// SPDX-License-Identifier: GPL-3.0-or-later
// Finds groups, scores and what a plan keeps, in jobs, whenever the Document asks for others.
#pragma once

#include <functional>
#include <vector>

#include <QObject>

#include "core/base/result.h"
#include "core/channels/groups.h"
#include "ui/document/channels.h"

namespace espalier::ui {

class Document;
class JobRunner;

/// The scores of one group by several criteria, in the order they were asked for.
using ComparedScores = std::vector<std::pair<QString, std::vector<double>>>;

class ChannelJobs : public QObject {
    Q_OBJECT
public:
    ChannelJobs(Document* document, JobRunner* jobs, QObject* parent);

    /// Scores of one group by all criteria that give it some; the newest request wins. `done` is
    /// called on the GUI thread.
    void compare(channels::GroupId group, QObject* context,
                 std::function<void(Result<ComparedScores>)> done);

    /// Proves the group alone; see Channels::proof.
    void prove(channels::GroupId group);

    /// For a model that is being opened: stops what is of no use once it is there.
    void makeWay();
    void resume();  ///< the old model stays

Q_SIGNALS:
    void failed(const espalier::Error& error);

private:
    void findGroups();
    void refreshScores();
    void refreshChoice();

    Document* m_document;
    Channels* m_channels;
    JobRunner* m_jobs;
};

}  // namespace espalier::ui
