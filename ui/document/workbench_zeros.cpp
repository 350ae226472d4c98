// SPDX-License-Identifier: GPL-3.0-or-later
// The choice about weights that are zero in the file that was opened.
#include <algorithm>

#include "ui/document/workbench.h"

namespace espalier::ui {

namespace {

Result<model::SnapshotPtr> openWithoutMasks(const model::SnapshotPtr& root,
                                            const EventSink<>& events, RunControl& control) {
    const model::ModelFile& file = root->file();
    model::OpenOptions options;
    options.inputs.assign(root->inputs().begin(), root->inputs().end());
    options.baseMasks = model::BaseMasks::Ignore;
    auto opened = model::openSnapshot(file.path, options, events, control);
    if (!opened || (*opened)->file().sha256 == file.sha256) return opened;
    return Error{Error::Kind::Mismatch, "Cannot read " + file.name() + " again",
                 "it has changed since it was opened", "Open it anew."};
}

}  // namespace

bool Workbench::canChooseZeros() const {
    if (!m_document->hasModel() || m_document->zerosInFile() == 0) return false;
    const model::SnapshotPtr& shown = m_document->snapshot();
    return shown == rootSnapshot() || (m_released && shown == m_released);
}

bool Workbench::areZerosKept() const {
    return canChooseZeros() && m_document->snapshot() == rootSnapshot();
}

void Workbench::setZerosKept(bool kept) {
    if (!canChooseZeros() || kept == areZerosKept()) return;
    if (kept) {
        m_document->moveTo(m_document->history().root(), tr("keep the zeros of the file"));
    } else {
        releaseZeros();
    }
}

void Workbench::releaseZeros() {
    const QString text = tr("do not keep the zeros of the file");
    const auto& nodes = m_document->history().nodes();
    const auto known = std::ranges::find_if(
        nodes, [this](const auto& node) { return m_released && node->snapshot == m_released; });
    if (known != nodes.end()) return m_document->moveTo((*known)->id, text);
    const model::SnapshotPtr root = rootSnapshot();
    m_jobs->run<model::SnapshotPtr>(
        {Lane::Scan, tr("Reading the file again"), QStringLiteral("zeros")}, this,
        [root](const EventSink<>& events, RunControl& control) {
            return openWithoutMasks(root, events, control);
        },
        [this, root, text](const Result<model::SnapshotPtr>& result) {
            if (!result) return fail(result.error());
            if (!isModel(root) || !canChooseZeros()) return;
            m_released = *result;
            const auto added = m_document->history().committed(
                m_document->history().root(), *result, tr("zeros not kept").toStdString());
            m_document->setHistory(added.history, added.id, text, m_document->state().plan);
        });
}

}  // namespace espalier::ui
