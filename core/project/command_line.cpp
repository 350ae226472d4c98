// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/project/command_line.h"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "core/base/format.h"
#include "core/measure/sensitivity.h"
#include "core/project/spec_fields.h"
#include "core/prune/scope_name.h"

namespace espalier::project {

namespace {

/// An option with its values: once for each. A flag has the one value "".
struct Said {
    std::string option;
    std::vector<std::string> values;
    bool isFlag = false;
    bool operator==(const Said&) const = default;
};

/// The shortest text that is read as the same number.
template <class Number>
std::string numberText(Number value) {
    char text[64];
    const auto end = std::to_chars(std::begin(text), std::end(text), value).ptr;
    return {text, end};
}

template <class Number>
std::string joined(const std::vector<Number>& values, char between) {
    std::string text;
    for (const Number value : values)
        text += (text.empty() ? "" : std::string(1, between)) + numberText(value);
    return text;
}

// A value as one word of the command line; empty: it is not said.

std::string textOf(const std::string& text) {
    return text;
}
std::string textOf(const std::filesystem::path& path) {
    return path.string();
}
std::string textOf(prune::Scope scope) {
    return std::string(prune::nameOf(scope));
}
std::string textOf(const prune::GoalText& goal) {
    return prune::toString(goal);
}
std::string textOf(prune::Structure structure) {
    return std::string(measure::nameOf(structure));
}
std::string textOf(channels::HeadUnit unit) {
    return std::string(channels::nameOf(unit));
}
std::string textOf(const std::vector<double>& values) {
    return joined(values, ',');
}
std::string textOf(const std::vector<std::int64_t>& sides) {
    return joined(sides, 'x');
}
template <class Number>
requires std::is_arithmetic_v<Number> std::string textOf(Number value) {
    return numberText(value);
}
template <class T>
std::string textOf(const std::optional<T>& value) {
    return value ? textOf(*value) : std::string();
}

Said said(const char* option, bool isOn) {
    return {option, isOn ? std::vector<std::string>{""} : std::vector<std::string>{}, true};
}
Said said(const char* option, const std::vector<script::InputSpec>& inputs) {
    Said all{option, {}};
    for (const script::InputSpec& input : inputs) all.values.push_back(script::toString(input));
    return all;
}
template <class T>
Said said(const char* option, const T& value) {
    const std::string text = textOf(value);
    return {option, text.empty() ? std::vector<std::string>{} : std::vector<std::string>{text}};
}

template <HasFields Spec>
void sayAll(const Spec& spec, std::vector<Said>& all) {
    eachField(spec, [&all]<class Member>(const SpecField& field, const Member& member) {
        if constexpr (HasFields<Member>) {
            sayAll(member, all);
        } else if (*field.option) {
            all.push_back(said(field.option, member));
        }
    });
}

void append(std::vector<std::string>& arguments, const Said& said) {
    for (const std::string& value : said.values) {
        if (said.option == kArgument) {
            arguments.push_back(value);
        } else if (said.isFlag) {
            arguments.push_back(said.option);
        } else if (value.starts_with('-')) {  // it would be taken for an option
            arguments.push_back(cat(said.option, "=", value));
        } else {
            arguments.push_back(said.option);
            arguments.push_back(value);
        }
    }
}

template <HasFields Spec>
std::vector<std::string> argumentsFor(const char* verb, const Spec& spec) {
    std::vector<Said> all;
    std::vector<Said> unset;
    sayAll(spec, all);
    sayAll(Spec{}, unset);
    std::vector<std::string> arguments{verb};
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (all[i] != unset[i]) append(arguments, all[i]);
    }
    return arguments;
}

}  // namespace

std::vector<std::string> argumentsOf(const TuneSpec& given) {
    TuneSpec spec = given;
    spec.data.validation = data::DataSpec().validation;  // the recipe says it, or an edit of that
    return argumentsFor("tune", spec);
}

std::vector<std::string> argumentsOf(const PruneSpec& spec) {
    return argumentsFor("prune", spec);
}

std::vector<std::string> argumentsOf(const ExportSpec& spec) {
    return argumentsFor("export", spec);
}

std::string shellWord(const std::string& text) {
    constexpr std::string_view kPlain =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_@%+=:,./-";
    if (!text.empty() && text.find_first_not_of(kPlain) == std::string::npos) return text;
    std::string word = "'";
    for (const char c : text) word += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return word + "'";
}

std::string commandLine(const std::vector<std::string>& arguments) {
    std::string line = "espalier-cli";
    for (const std::string& argument : arguments) line += " " + shellWord(argument);
    return line;
}

}  // namespace espalier::project
