// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/heatmap_refiner.h"

#include "ui/plots/heatmap_view.h"

namespace espalier::ui {

namespace {
constexpr int kRestMs = 120;
}

HeatmapRefiner::HeatmapRefiner(plots::HeatmapView* view) : QObject(view), m_view(view) {
    m_rest.setSingleShot(true);
    m_rest.setInterval(kRestMs);
    connect(&m_rest, &QTimer::timeout, this, &HeatmapRefiner::ask);
    connect(view, &plots::HeatmapView::seenChanged, this, &HeatmapRefiner::follow);
}

void HeatmapRefiner::follow() {
    m_rest.stop();
    if (m_view->data().isEmpty()) return;
    const plots::Block seen = m_view->seen();
    if (plots::isFineEnough(m_view->data(), seen)) return m_view->setDetail({});
    if (!plots::isFineEnough(m_view->detail(), seen)) m_rest.start();
}

void HeatmapRefiner::renew() {
    m_rest.stop();
    if (!m_view->data().isEmpty()) ask();
}

void HeatmapRefiner::ask() {
    const plots::Block seen = m_view->seen();
    if (plots::isFineEnough(m_view->data(), seen)) return m_view->setDetail({});
    Q_EMIT partWanted(plots::withSurroundings(seen, plots::blockOf(m_view->data())));
}

}  // namespace espalier::ui
