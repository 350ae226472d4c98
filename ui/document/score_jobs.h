// SPDX-License-Identifier: GPL-3.0-or-later
// Measures the scores that criteria with data rank by, in jobs.
#pragma once

#include <functional>
#include <vector>

#include <QObject>
#include <QString>

#include "core/base/result.h"
#include "core/prune/plan.h"
#include "core/prune/scores.h"

namespace espalier::ui {

class Document;
class JobRunner;

/// The plan, with samples named that criteria with data look at, if it names none and there is
/// data.
prune::Plan planWithSamples(const Document& document);

/// Scores go into the Document as they are measured. Those of the plan's criteria are measured anew
/// whenever other weights or other data are there.
class ScoreJobs : public QObject {
    Q_OBJECT
public:
    ScoreJobs(Document* document, JobRunner* jobs, QObject* parent);

    /// One undo step, once the scores that the criterion needs are there; at once when it needs
    /// none. Fails, saying what to do, when there is no data. The newest choice wins.
    void rankWeightsBy(const QString& criterion);
    void rankChannelsBy(const QString& criterion);

    /// Measures the scores of a channel criterion, if it needs any that are not at hand; the plan
    /// stays. Fails, saying what to do, when there is no data.
    void measureForComparison(const QString& criterion);

Q_SIGNALS:
    void failed(const espalier::Error& error);

private:
    using Apply = std::function<void(const std::string& data)>;

    void rankBy(const QString& criterion, bool isMeasured, const Apply& apply);
    void refresh();
    void measure(std::vector<prune::ScoreKey> keys, const QString& slot,
                 std::function<void(const Result<void>&)> done);
    std::vector<prune::ScoreKey> missing(std::vector<prune::ScoreKey> keys) const;

    Document* m_document;
    JobRunner* m_jobs;
    std::vector<prune::ScoreKey> m_asked;  ///< by refresh: not asked for twice
};

}  // namespace espalier::ui
