// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/filter_parser.h"

#include <algorithm>
#include <cmath>

#include <QCoreApplication>
#include <QRegularExpression>

#include "ui/models/filter_tokens.h"

namespace espalier::ui {

namespace {

using Kind = FilterToken::Kind;
using Unit = FilterField::Unit;

constexpr int kDeepest = 50;  // parentheses in parentheses

QString tr(const char* text) {
    return QCoreApplication::translate("LayerFilter", text);
}

bool contains(const std::string& text, const QString& part) {
    return QString::fromStdString(text).contains(part, Qt::CaseInsensitive);
}

struct Number {
    double value = 0;
    QString unit;  // as it was typed
};

std::optional<Number> numberOf(const QString& text) {
    static const QRegularExpression form(
        QStringLiteral("^((?:\\d+\\.?\\d*|\\.\\d+)(?:[eE][+-]?\\d+)?)([%kKmMgG]?)$"));
    const auto match = form.match(text);
    bool isNumber = false;
    Number number{match.captured(1).toDouble(&isNumber), match.captured(2)};
    if (!match.hasMatch() || !isNumber) return {};
    const QString unit = number.unit.toLower();
    number.value *= unit == QLatin1String("k")   ? 1e3
                    : unit == QLatin1String("m") ? 1e6
                    : unit == QLatin1String("g") ? 1e9
                    : unit == QLatin1String("%") ? 1e-2
                                                 : 1.0;
    return number;
}

/// A share that was typed with three digits means those digits.
bool areEqual(double left, double right, Unit unit) {
    return std::abs(left - right) <= (unit == Unit::Share ? 5e-4 : 0.5 - 1e-9);
}

bool compare(double left, const QString& comparator, double right, Unit unit) {
    if (comparator == QLatin1String("<")) return left < right;
    if (comparator == QLatin1String("<=")) return left <= right;
    if (comparator == QLatin1String(">")) return left > right;
    if (comparator == QLatin1String(">=")) return left >= right;
    return areEqual(left, right, unit) == (comparator == QLatin1String("="));
}

/// Recursive descent; the first problem is thrown and ends in parseFilter.
class Parser {
public:
    explicit Parser(const QString& text) : m_tokens(filterTokens(text)) {}

    LayerCondition filter() {
        if (now().kind == Kind::End) return [](const LayerFacts&) { return true; };
        LayerCondition condition = either();
        if (now().kind == Kind::Close) fail(now(), tr("“)” closes nothing"));
        return condition;
    }

private:
    const FilterToken& now() const { return m_tokens[m_next]; }
    const FilterToken& take() { return now().kind == Kind::End ? now() : m_tokens[m_next++]; }
    bool isWord(const char* word) const {
        return now().kind == Kind::Word &&
               now().text.compare(QLatin1String(word), Qt::CaseInsensitive) == 0;
    }

    [[noreturn]] static void fail(const FilterToken& token, const QString& what) {
        const bool isEnd = token.kind == Kind::End;
        const QString place = isEnd ? tr("at the end") : tr("at character %1").arg(token.at + 1);
        throw FilterProblem{QStringLiteral("%1 (%2).").arg(what, place), token.at,
                            isEnd ? 0 : static_cast<int>(token.text.size())};
    }

    LayerCondition either() {
        std::vector<LayerCondition> parts{all()};
        while (isWord("or")) {
            take();
            parts.push_back(all());
        }
        return [parts = std::move(parts)](const LayerFacts& facts) {
            return std::ranges::any_of(parts, [&](const auto& part) { return part(facts); });
        };
    }

    LayerCondition all() {
        std::vector<LayerCondition> parts{term()};
        while (now().kind != Kind::End && now().kind != Kind::Close && !isWord("or")) {
            if (isWord("and")) take();
            parts.push_back(term());
        }
        return [parts = std::move(parts)](const LayerFacts& facts) {
            return std::ranges::all_of(parts, [&](const auto& part) { return part(facts); });
        };
    }

    LayerCondition term() {
        if (++m_depth > kDeepest) fail(now(), tr("Too many parentheses in each other"));
        LayerCondition condition = termWithin();
        --m_depth;
        return condition;
    }

    LayerCondition termWithin() {
        if (now().kind == Kind::Minus || isWord("not")) {
            take();
            return [inner = term()](const LayerFacts& facts) { return !inner(facts); };
        }
        const bool isOperator = isWord("or") || isWord("and");
        const FilterToken& token = take();
        if (isOperator) fail(token, tr("“%1” needs a condition on both sides").arg(token.text));
        switch (token.kind) {
            case Kind::Open:
                return parentheses(token);
            case Kind::Quoted:
                return namedOrTyped(token.text);
            case Kind::Word:
                if (now().kind == Kind::Comparator) return comparison(token);
                return word(token);
            case Kind::Unclosed:
                fail(token, tr("The quote has no end"));
            case Kind::Comparator:
                fail(token,
                     tr("“%1” needs a field before it: %2").arg(token.text, filterFieldNames()));
            case Kind::Close:
                fail(token, tr("“)” comes where a condition should be"));
            default:
                fail(token, tr("A condition is missing"));
        }
    }

    LayerCondition parentheses(const FilterToken& open) {
        LayerCondition inner = either();
        if (now().kind != Kind::Close) fail(open, tr("“(” is not closed"));
        take();
        return inner;
    }

    static LayerCondition namedOrTyped(const QString& part) {
        return [part](const LayerFacts& facts) {
            return contains(facts.layer.name, part) || contains(facts.layer.op, part);
        };
    }

    LayerCondition comparison(const FilterToken& name) {
        const FilterField* field = filterField(name.text);
        if (!field) {
            fail(name, tr("“%1” cannot be compared: use %2").arg(name.text, filterFieldNames()));
        }
        const QString comparator = take().text;
        const double value = this->value(*field);
        return [field, comparator, value](const LayerFacts& facts) {
            const auto number = field->of(facts);
            return number && compare(*number, comparator, value, field->unit);
        };
    }

    double value(const FilterField& field) {
        const FilterToken& token = take();
        const bool isShare = field.unit == Unit::Share;
        const QString name = QString::fromLatin1(field.name);
        const auto number = numberOf(token.text);
        if (token.kind != Kind::Word || !number) {
            fail(token, tr("“%1” needs a number, as in %2")
                            .arg(name, isShare ? QStringLiteral("sparsity<0.3")
                                               : name + QStringLiteral(">1e5")));
        }
        double value = number->value;
        const bool isPercent = number->unit == QLatin1String("%");
        if (isShare && number->unit.isEmpty() && isWord("%")) {  // "30 %"
            take();
            value /= 100;
        } else if (!isShare && (isPercent || isWord("%"))) {
            fail(token, tr("“%1” is a count: no %").arg(name));
        }
        if (isShare && value > 1) {
            fail(token, tr("“%1” is from 0 to 1: write 0.3 or 30%").arg(name));
        }
        return value;
    }

    LayerCondition word(const FilterToken& token) {
        const QString key = token.text.section(u':', 0, 0).toLower();
        const QString value = token.text.section(u':', 1);
        const bool isProperty = key == QLatin1String("type") || key == QLatin1String("group") ||
                                key == QLatin1String("is");
        if (!isProperty || !token.text.contains(u':')) return namedOrTyped(token.text);
        if (key == QLatin1String("is")) return state(token, value.toLower());
        if (value.isEmpty()) fail(token, tr("“%1” needs a word after it").arg(token.text));
        if (key == QLatin1String("type"))
            return [value](const LayerFacts& facts) { return contains(facts.layer.op, value); };
        return [value](const LayerFacts& facts) {
            return facts.group.compare(value, Qt::CaseInsensitive) == 0;
        };
    }

    static LayerCondition state(const FilterToken& token, const QString& value) {
        if (value == QLatin1String("locked"))
            return [](const LayerFacts& facts) { return facts.isLocked; };
        if (value == QLatin1String("prunable"))
            return [](const LayerFacts& facts) { return facts.layer.prunable.weights; };
        fail(token, tr("“is:” knows locked and prunable"));
    }

    std::vector<FilterToken> m_tokens;
    std::size_t m_next = 0;
    int m_depth = 0;
};

}  // namespace

std::variant<LayerCondition, FilterProblem> parseFilter(const QString& text) {
    try {
        return Parser(text).filter();
    } catch (FilterProblem& problem) {
        return std::move(problem);
    }
}

}  // namespace espalier::ui
