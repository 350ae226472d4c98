// SPDX-License-Identifier: GPL-3.0-or-later
// What a recipe's JSON looks like, and its keys, read by name: for recipe files alone.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/base/format.h"
#include "core/base/result.h"

namespace espalier::exchange {

using Json = nlohmann::ordered_json;

constexpr const char* kRecipeFormat = "espalier-recipe";
constexpr int kRecipeVersion = 1;
constexpr const char* kByTheData = "auto";  ///< name of a loss or metric that follows from the data

inline Error recipeRefusal(Error::Kind kind, std::string why, std::string hint) {
    return {kind, "Cannot read the recipe", std::move(why), std::move(hint)};
}

inline std::string kindOf(const bool&) {
    return "true or false";
}
inline std::string kindOf(const std::string&) {
    return "a text";
}
inline std::string kindOf(const double&) {
    return "a number";
}
inline std::string kindOf(const int&) {
    return "a whole number";
}
inline std::string kindOf(const std::int64_t&) {
    return "a whole number";
}
inline std::string kindOf(const std::vector<int>&) {
    return "a list of whole numbers";
}
inline std::string kindOf(const std::uint64_t&) {
    return "a whole number of at least 0";
}

inline bool holds(const Json& value, const bool&) {
    return value.is_boolean();
}
inline bool holds(const Json& value, const std::string&) {
    return value.is_string();
}
inline bool holds(const Json& value, const double&) {
    return value.is_number();
}
inline bool holds(const Json& value, const std::uint64_t&) {
    return value.is_number_unsigned();
}
inline bool holds(const Json& value, const std::int64_t&) {
    return value.is_number_integer() &&
           (!value.is_number_unsigned() ||
            value.get<std::uint64_t>() <= std::uint64_t{std::numeric_limits<std::int64_t>::max()});
}
inline bool holds(const Json& value, const int&) {
    return holds(value, std::int64_t{}) &&
           value.get<std::int64_t>() >= std::numeric_limits<int>::min() &&
           value.get<std::int64_t>() <= std::numeric_limits<int>::max();
}

inline bool holds(const Json& value, const std::vector<int>&) {
    return value.is_array() &&
           std::ranges::all_of(value, [](const Json& each) { return holds(each, int{}); });
}

/// The keys of one JSON object, each asked for by name. Throws the first Error.
class Fields {
public:
    Fields(const Json& object, std::string prefix) : m_object(object), m_prefix(std::move(prefix)) {
        if (!object.is_object()) {
            const std::string name =
                m_prefix.empty() ? "the file" : m_prefix.substr(0, m_prefix.size() - 1);
            throw recipeRefusal(Error::Kind::BadArgument, cat(name, " is no JSON object"),
                                "Write { … }");
        }
    }

    /// Null when the key is missing.
    const Json* find(const std::string& key) {
        m_asked.insert(key);
        const auto found = m_object.find(key);
        return found == m_object.end() ? nullptr : &*found;
    }

    /// Leaves `target` as it is when the key is missing.
    template <class T>
    void read(const std::string& key, T& target) {
        const Json* value = find(key);
        if (!value) return;
        if (!holds(*value, target)) {
            throw recipeRefusal(Error::Kind::BadArgument, cat(m_prefix, key, " is ", value->dump()),
                                cat("Give ", kindOf(target)));
        }
        target = value->get<T>();
    }

    void refuseOthers() const {
        for (const auto& [key, value] : m_object.items()) {
            if (m_asked.contains(key)) continue;
            throw recipeRefusal(Error::Kind::BadArgument, cat("there is no key ", m_prefix, key),
                                "Remove it or correct its spelling");
        }
    }

    /// Null leaves `target` empty.
    template <class T>
    void read(const std::string& key, std::optional<T>& target) {
        const Json* value = find(key);
        if (!value || value->is_null()) return;
        read(key, target.emplace());
    }

private:
    const Json& m_object;
    std::string m_prefix;
    std::set<std::string> m_asked;
};

}  // namespace espalier::exchange
