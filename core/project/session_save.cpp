// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <utility>

#include "core/base/files.h"
#include "core/base/format.h"
#include "core/project/session.h"
#include "core/project/session_weights.h"

namespace espalier::project {

namespace fs = std::filesystem;

namespace {

/// A session as a file describes it, and the weights that go beside the file.
struct Description {
    SessionFile file;
    std::map<std::string, model::SnapshotPtr> weights;  ///< by fingerprint
};

class Describer {
public:
    Description operator()(const Session& session) {
        std::map<NodeId, std::size_t> places;
        SessionFile& file = m_made.file;
        for (const auto& node : session.history.nodes()) {
            places[node->id] = file.nodes.size();
            file.nodes.push_back(nodeOf(*node, places));
        }
        file.current = places.at(session.current);
        file.plan = *session.plan;
        file.data = session.data;
        file.layout = session.layout;
        return std::move(m_made);
    }

private:
    SessionNode nodeOf(const Node& node, const std::map<NodeId, std::size_t>& places) {
        SessionNode made;
        if (node.parent.isValid()) made.parent = places.at(node.parent);
        made.operation = node.operation;
        made.name = node.name;
        made.model = modelOf(node.snapshot);
        made.weights = weightsOf(node.snapshot, made.model);
        made.plan = *node.plan;
        made.isPinned = node.isPinned;
        made.made = node.made;
        made.metrics = node.metrics;
        made.training = node.training;
        made.tuning = node.tuning;
        return made;
    }

    std::size_t modelOf(const model::SnapshotPtr& snapshot) {
        const model::ModelFile& file = snapshot->file();
        const auto known = std::ranges::find_if(
            m_opened, [&](const auto& opened) { return opened->file() == file; });
        if (known != m_opened.end()) return static_cast<std::size_t>(known - m_opened.begin());
        m_opened.push_back(snapshot);  // the first state of a file is the file as it was opened
        m_made.file.models.push_back(sessionModel(*snapshot));
        return m_opened.size() - 1;
    }

    std::string weightsOf(const model::SnapshotPtr& snapshot, std::size_t model) {
        if (snapshot == m_opened[model]) return {};
        const auto [known, isNew] = m_fingerprints.try_emplace(snapshot.get());
        if (isNew) known->second = fingerprint(*snapshot);
        m_made.weights[known->second] = snapshot;
        return known->second;
    }

    Description m_made;
    std::vector<model::SnapshotPtr> m_opened;  // per model
    std::map<const model::Snapshot*, std::string> m_fingerprints;
};

Error cancelled() {
    return {Error::Kind::Cancelled, "Saving the session", "it was cancelled", ""};
}

Result<void> writeMissing(const std::map<std::string, model::SnapshotPtr>& weights,
                          const fs::path& folder, RunControl& control) {
    std::error_code failed;
    if (!weights.empty()) fs::create_directories(folder, failed);
    for (const auto& [name, snapshot] : weights) {
        if (!control.keepGoing()) return cancelled();
        const fs::path file = weightsFile(folder, name);
        if (fs::exists(file, failed)) continue;
        if (auto written = writeWeights(*snapshot, file); !written) return written;
    }
    return {};
}

void removeUnnamed(const std::map<std::string, model::SnapshotPtr>& weights,
                   const fs::path& folder) {
    std::error_code ignored;
    std::vector<fs::path> unnamed;
    for (const auto& entry : fs::directory_iterator(folder, ignored)) {
        const fs::path& file = entry.path();
        if (file.extension() == ".weights" && !weights.contains(file.stem().string()))
            unnamed.push_back(file);
    }
    for (const fs::path& file : unnamed) fs::remove(file, ignored);
    fs::remove(folder, ignored);  // unless something is in it
}

}  // namespace

Result<void> saveSession(const Session& session, const fs::path& file, RunControl& control) {
    return guarded(cat("Cannot save ", file.filename().string()), [&]() -> Result<void> {
        const Description made = Describer()(session);
        const fs::path whole = fs::absolute(file);
        const fs::path folder = weightsFolder(whole);
        if (auto written = writeMissing(made.weights, folder, control); !written) return written;
        const std::string text = sessionToJson(made.file, whole.parent_path());
        if (!control.keepGoing()) return cancelled();
        if (auto written = writeTextAtomically(whole, text); !written) return written;
        removeUnnamed(made.weights, folder);
        return {};
    });
}

}  // namespace espalier::project
