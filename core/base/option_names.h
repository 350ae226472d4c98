// SPDX-License-Identifier: GPL-3.0-or-later
// Texts that both programs show: without what only the command line has.
#pragma once

#include <string>

namespace espalier {

/// Without options and verbs of the command line, which stand in parentheses of their own: of
/// "Attach data (--data)." and "The list says why (espalier-cli inspect)." those go.
std::string withoutOptions(std::string text);

}  // namespace espalier
