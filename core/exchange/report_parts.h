// SPDX-License-Identifier: GPL-3.0-or-later
// The sections of a report's page, for report_html.cpp alone. Each is empty where there is nothing
// to tell.
#pragma once

#include <string>

#include "core/exchange/reports.h"

namespace espalier::exchange {

std::string accuracyPart(const PruneReport& report);
std::string trainingPart(const PruneReport& report);
std::string proofPart(const PruneReport& report);
std::string channelsPart(const PruneReport& report);
std::string layersPart(const PruneReport& report);
std::string sensitivityPart(const PruneReport& report);
/// Data, program, machine, time: what somebody else needs to come to the same figures.
std::string conditionsPart(const PruneReport& report);

}  // namespace espalier::exchange
