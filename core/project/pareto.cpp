// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/project/pareto.h"

#include <algorithm>
#include <cmath>

namespace espalier::project {

std::vector<std::size_t> paretoFront(std::span<const ParetoPoint> points) {
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < points.size(); ++i) {
        if (!std::isnan(points[i].cost) && !std::isnan(points[i].quality)) order.push_back(i);
    }
    std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) {
        if (points[a].cost != points[b].cost) return points[a].cost < points[b].cost;
        return points[a].quality > points[b].quality;
    });
    // From the cheapest on, whoever is better than all before is on the front.
    std::vector<std::size_t> front;
    for (const std::size_t i : order) {
        if (front.empty() || points[i].quality > points[front.back()].quality) front.push_back(i);
    }
    return front;
}

}  // namespace espalier::project
