// SPDX-License-Identifier: GPL-3.0-or-later
// How JSON is written, and read where two values under one key must not be.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace espalier::exchange {

/// `indent` spaces a level; -1: one line. What is no UTF-8, as a file name may be, becomes U+FFFD.
template <class Json>
std::string jsonText(const Json& json, int indent) {
    return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

/// An object has this key twice: of two values, neither may win silently.
struct RepeatedKey {
    std::string key;

    std::string why() const { return "\"" + key + "\" is there twice"; }
    static constexpr const char* kHint = "Keep one of the two";
};

/// Throws RepeatedKey, and what Json::parse throws.
template <class Json>
Json parseOnce(std::string_view text) {
    std::vector<std::set<std::string>> open;
    const auto watch = [&open](int, typename Json::parse_event_t event, Json& parsed) {
        if (event == Json::parse_event_t::object_start) open.emplace_back();
        if (event == Json::parse_event_t::object_end) open.pop_back();
        if (event != Json::parse_event_t::key) return true;
        const auto key = parsed.template get<std::string>();
        if (!open.back().insert(key).second) throw RepeatedKey{key};
        return true;
    };
    return Json::parse(text, watch);
}

}  // namespace espalier::exchange
