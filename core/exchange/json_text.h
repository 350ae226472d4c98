// SPDX-License-Identifier: GPL-3.0-or-later
// How JSON is written.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace espalier::exchange {

/// `indent` spaces a level; -1: one line. What is no UTF-8, as a file name may be, becomes U+FFFD.
template <class Json>
std::string jsonText(const Json& json, int indent) {
    return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace espalier::exchange
