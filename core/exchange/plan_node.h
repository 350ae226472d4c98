// SPDX-License-Identifier: GPL-3.0-or-later
// A value of a plan's JSON that knows where it stands: for the readers of plans, and of sessions,
// which hold plans.
#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "core/base/format.h"
#include "core/base/result.h"
#include "core/prune/plan.h"

namespace espalier::exchange {

using Json = nlohmann::ordered_json;

constexpr std::string_view kCannotRead = "Cannot read the plan";

/// Thrown while reading only, and caught by planFromJson and sessionFromJson: a reader that can
/// stop anywhere stays short.
struct Refusal {
    Error error;
};

[[noreturn]] inline void refuse(const std::string& why, const std::string& hint = {},
                                Error::Kind kind = Error::Kind::BadArgument) {
    throw Refusal{{kind, std::string(kCannotRead), why, hint}};
}

/// A value and the path of keys that leads to it, which errors name.
struct Node {
    const Json& json;
    std::string path;

    std::string pathOf(std::string_view key) const {
        return path.empty() ? std::string(key) : cat(path, ".", key);
    }
    static constexpr auto kLargest =
        static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    bool has(const char* key) const { return json.contains(key); }
    Node at(const std::string& key) const { return {json.at(key), pathOf(key)}; }

    void mustBeObject(std::initializer_list<std::string_view> known) const {
        mustBeObject();
        std::string list;
        for (const auto name : known) list += cat(list.empty() ? "" : ", ", name);
        for (const auto& [key, value] : json.items()) {
            if (std::find(known.begin(), known.end(), key) == known.end()) {
                refuse(cat("\"", pathOf(key), "\" is no known key"), "Known keys here are " + list);
            }
        }
    }
    void mustBeObject() const {
        if (!json.is_object()) refuse(cat(name(), " is not an object"));
    }
    void mustBeList() const {
        if (!json.is_array()) refuse(cat(name(), " is not a list"));
    }
    std::string text() const {
        if (!json.is_string()) refuse(cat(name(), " is not a text"));
        return json.get<std::string>();
    }
    std::int64_t wholeNumber() const {
        if (!json.is_number_integer() ||
            (json.is_number_unsigned() && json.get<std::uint64_t>() > kLargest)) {
            refuse(cat(name(), " is not a whole number"));
        }
        return json.get<std::int64_t>();
    }
    bool boolean() const {
        if (!json.is_boolean()) refuse(cat(name(), " is neither true nor false"));
        return json.get<bool>();
    }

    double number() const {
        if (!json.is_number()) refuse(cat(name(), " is not a number"));
        return json.get<double>();
    }
    std::string name() const { return path.empty() ? "the file" : cat("\"", path, "\""); }
};

/// The plan's "channels", "marks" and defaults of channels. Throw Refusal.
void readChannels(const Node& node, prune::Plan& plan);
void readMarks(const Node& node, prune::Plan& plan);
void readChannelDefaults(const Node& node, prune::ChannelDefaults& defaults);

Json channelsJson(const prune::Plan& plan);
Json marksJson(const prune::Plan& plan);
Json channelDefaultsJson(const prune::ChannelDefaults& defaults);

}  // namespace espalier::exchange
