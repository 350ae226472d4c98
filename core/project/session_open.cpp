// SPDX-License-Identifier: GPL-3.0-or-later
#include <utility>

#include "core/base/format.h"
#include "core/measure/evaluate.h"
#include "core/project/session.h"
#include "core/project/session_weights.h"

namespace espalier::project {

namespace fs = std::filesystem;

namespace {

using Layers = std::map<std::string, std::vector<std::int64_t>>;

/// Which layer of a changed file is not what it was; empty: none.
std::string firstDifference(const Layers& saved, const Layers& now) {
    for (const auto& [name, shape] : saved) {
        const auto found = now.find(name);
        if (found == now.end()) return cat(name, " is not in it any more");
        if (found->second != shape) return cat(name, " has another shape now");
    }
    for (const auto& [name, shape] : now) {
        if (!saved.contains(name)) return cat(name, " is new in it");
    }
    return {};
}

struct OpenedModel {
    model::SnapshotPtr snapshot;
    bool isChanged = false;
};

Result<OpenedModel> openModel(const SessionModel& model, const LocatedModels& located,
                              const EventSink<>& events, RunControl& control) {
    const auto moved = located.find(model.path);
    const fs::path path = moved == located.end() ? model.path : moved->second;
    auto opened = model::openSnapshot(path, {.inputs = model.inputs}, events, control);
    if (!opened) return opened.error();
    const bool isChanged = (*opened)->file().sha256 != model.sha256;
    if (isChanged) {
        const std::string difference = firstDifference(model.layers, sessionModel(**opened).layers);
        if (!difference.empty())
            return Error{Error::Kind::Mismatch, "Cannot open the session",
                         cat(path.string(),
                             " has changed since it was saved (another SHA-256), and ", difference),
                         "Put the model back that the session was saved with"};
    }
    return OpenedModel{std::move(*opened), isChanged};
}

/// The models and weights of a session, each opened once.
class Opener {
public:
    Opener(const fs::path& file, OpenedSession& made) : m_file(file), m_made(made) {}

    Result<void> openModels(const SessionFile& saved, const LocatedModels& located,
                            const EventSink<>& events, RunControl& control) {
        for (const SessionModel& model : saved.models) {
            auto opened = openModel(model, located, events, control);
            if (!opened) return opened.error();
            if (opened->isChanged)
                m_made.notes.push_back(
                    cat(opened->snapshot->file().name(),
                        " has changed since the session was saved. Its layers are the same, so the "
                        "session is open with the new weights: what had been measured of the old "
                        "ones is left out."));
            m_models.push_back(std::move(*opened));
        }
        return {};
    }

    Result<Node> nodeOf(const SessionNode& saved) {
        auto snapshot = snapshotOf(saved);
        if (!snapshot) return snapshot.error();
        const auto plan = planFor(saved.plan, **snapshot);
        if (!plan) return plan.error();
        Node node;
        if (saved.parent) node.parent = NodeId{static_cast<int>(*saved.parent)};
        node.operation = saved.operation;
        node.name = saved.name;
        node.snapshot = *snapshot;
        node.plan = *plan;
        const bool isOther = m_models[saved.model].isChanged && saved.weights.empty();
        if (!isOther) node.metrics = saved.metrics;
        node.training = saved.training;
        node.tuning = saved.tuning;
        node.made = saved.made;
        node.isPinned = saved.isPinned;
        return node;
    }

    /// The plan as one for this file. Errors: Mismatch, when it does not fit the snapshot.
    static Result<prune::PlanPtr> planFor(prune::Plan plan, const model::Snapshot& snapshot) {
        if (const auto checked = prune::check(plan, snapshot); !checked) return checked.error();
        const prune::Plan own = prune::emptyPlan(snapshot);
        plan.modelFile = own.modelFile;
        plan.modelSha256 = own.modelSha256;
        plan.inputs = own.inputs;
        return prune::PlanPtr(std::make_shared<const prune::Plan>(std::move(plan)));
    }

private:
    Result<model::SnapshotPtr> snapshotOf(const SessionNode& saved) {
        const model::SnapshotPtr& base = m_models[saved.model].snapshot;
        if (saved.weights.empty()) return base;
        model::SnapshotPtr& known = m_weights[{saved.model, saved.weights}];
        if (known) return known;
        const fs::path file = weightsFile(weightsFolder(m_file), saved.weights);
        auto read = readWeights(*base, file);
        if (!read) return read.error();
        if (fingerprint(**read) != saved.weights)
            return Error{Error::Kind::Damaged, cat("Cannot read the weights ", file.string()),
                         "they are not those that the file is named after",
                         "Put the session's own folder of weights back"};
        return known = *read;
    }

    const fs::path& m_file;
    OpenedSession& m_made;
    std::vector<OpenedModel> m_models;
    std::map<std::pair<std::size_t, std::string>, model::SnapshotPtr> m_weights;
};

void openData(OpenedSession& made, RunControl& control) {
    Session& session = made.session;
    if (!session.data) return;
    const auto leaveOut = [&](const Error& error) {
        made.notes.push_back(cat("The session is open without its data. ", error.text()));
    };
    const auto dataset = data::openDataset(session.data->spec, control);
    if (!dataset) return leaveOut(dataset.error());
    const model::Snapshot& shown = *session.history.node(session.current).snapshot;
    if (const auto fit = measure::checkFit(shown, **dataset, session.data->metrics); !fit)
        return leaveOut(fit.error());
    made.dataset = *dataset;
}

}  // namespace

std::optional<fs::path> missingModel(const SessionFile& session, const LocatedModels& located) {
    std::error_code ignored;
    for (const SessionModel& model : session.models) {
        const auto moved = located.find(model.path);
        if (!fs::exists(moved == located.end() ? model.path : moved->second, ignored))
            return model.path;
    }
    return {};
}

Result<OpenedSession> openSession(const fs::path& file, const LocatedModels& located,
                                  const EventSink<>& events, RunControl& control) {
    const auto saved = readSessionFile(file);
    if (!saved) return saved.error();
    if (const auto missing = missingModel(*saved, located))
        return Error{Error::Kind::NotFound, cat("Cannot open ", file.filename().string()),
                     cat("its model ", missing->string(), " is not there"),
                     "Put it back, or say where it is now"};
    return guarded(cat("Cannot open ", file.filename().string()), [&]() -> Result<OpenedSession> {
        OpenedSession made;
        Opener opener(file, made);
        if (auto opened = opener.openModels(*saved, located, events, control); !opened)
            return opened.error();
        std::vector<Node> nodes;
        for (const SessionNode& node : saved->nodes) {
            auto opened = opener.nodeOf(node);
            if (!opened) return opened.error();
            nodes.push_back(std::move(*opened));
        }
        made.session.history = History::of(std::move(nodes));
        made.session.current = NodeId{static_cast<int>(saved->current)};
        const model::Snapshot& shown = *made.session.history.node(made.session.current).snapshot;
        const auto plan = Opener::planFor(saved->plan, shown);
        if (!plan) return plan.error();
        made.session.plan = *plan;
        made.session.data = saved->data;
        made.session.layout = saved->layout;
        openData(made, control);
        if (!control.keepGoing())
            return Error{Error::Kind::Cancelled, "Opening the session", "it was cancelled", ""};
        return made;
    });
}

}  // namespace espalier::project
