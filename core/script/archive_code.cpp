// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/script/archive_code.h"

#include <algorithm>
#include <array>
#include <vector>

#include <torch/csrc/jit/runtime/operator.h>

namespace espalier::script {

namespace {

/// Packed weights; `profiler` is record_function, a mere mark in the code.
constexpr std::array<std::string_view, 5> kClassSpaces = {"quantized", "rnn", "sparse", "mkldnn",
                                                          "profiler"};
/// Families of operators that compute. Not among them: c10d, symm_mem, rpc, which speak with other
/// processes.
constexpr std::array<std::string_view, 16> kComputing = {
    "aten",         "prim",           "prims",    "quantized", "_quantized",
    "quantization", "sparse",         "mkl",      "mkldnn",    "mkldnn_prepacked",
    "onednn",       "static_runtime", "inductor", "onnx",      "profiler",
    "_test"};
/// By name, for what the arguments do not tell.
constexpr std::array<std::string_view, 7> kForbidden = {
    "aten::save",      "aten::from_file", "prim::PythonOp",  "prim::IgnoredPythonOp",
    "prim::rpc_async", "prim::rpc_sync",  "prim::rpc_remote"};
constexpr std::array<std::string_view, 4> kFileArguments = {"filename", "file", "path", "library"};

template <class Range>
bool holds(const Range& range, std::string_view text) {
    return std::find(range.begin(), range.end(), text) != range.end();
}

bool isNameStart(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool isNamePart(char c) {
    return isNameStart(c) || (c >= '0' && c <= '9');
}
bool isBlank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\\';
}

/// Walks code name by name.
class Lexer {
public:
    explicit Lexer(std::string_view source) : m_source(source) {}

    /// The next name with all that is joined to it by dots: {"torch", "conv2d"}. Empty at the end.
    std::vector<std::string_view> nextChain() {
        std::vector<std::string_view> chain;
        while (m_at < m_source.size()) {
            const char c = m_source[m_at];
            if (isNameStart(c)) {
                chain.push_back(takeName());
                skipBlanks();
                if (!at('.')) return chain;
                ++m_at;
                skipBlanks();
                if (m_at >= m_source.size() || !isNameStart(m_source[m_at])) return chain;
            } else if (c == '"' || c == '\'') {
                skipString(c);
            } else if (c == '#') {
                m_at = std::min(m_source.find('\n', m_at), m_source.size());
            } else if (c == '.' || (c >= '0' && c <= '9')) {
                skipNumberOrMember();
            } else {
                ++m_at;
            }
        }
        return chain;
    }

private:
    bool at(char c) const { return m_at < m_source.size() && m_source[m_at] == c; }

    std::string_view takeName() {
        const auto start = m_at;
        while (m_at < m_source.size() && isNamePart(m_source[m_at])) ++m_at;
        return m_source.substr(start, m_at - start);
    }
    void skipBlanks() {
        while (m_at < m_source.size() && isBlank(m_source[m_at])) ++m_at;
    }
    /// After a number or a closing bracket, `.name` belongs to a value and begins no chain of its
    /// own.
    void skipNumberOrMember() {
        const bool isDot = at('.');
        ++m_at;
        if (isDot) skipBlanks();
        takeName();
    }
    void skipString(char quote) {
        const std::string_view triple = quote == '"' ? R"(""")" : "'''";
        const bool isTriple = m_source.substr(m_at, 3) == triple;
        m_at += isTriple ? 3 : 1;
        while (m_at < m_source.size()) {
            if (at('\\')) {
                m_at += 2;
            } else if (isTriple ? m_source.substr(m_at, 3) == triple : at(quote)) {
                m_at += isTriple ? 3 : 1;
                return;
            } else {
                ++m_at;
            }
        }
    }

    std::string_view m_source;
    std::size_t m_at = 0;
};

bool takesFile(const c10::FunctionSchema& schema) {
    static const auto kText = c10::OptionalType::create(c10::StringType::get());
    const auto& arguments = schema.arguments();
    return std::any_of(arguments.begin(), arguments.end(), [](const c10::Argument& argument) {
        return holds(kFileArguments, argument.name()) && argument.type()->isSubtypeOf(*kText);
    });
}

}  // namespace

void findNames(std::string_view source, CodeNames& names) {
    Lexer lexer(source);
    for (auto chain = lexer.nextChain(); !chain.empty(); chain = lexer.nextChain()) {
        const auto part = [&](std::size_t i) {
            return std::string(i < chain.size() ? chain[i] : std::string_view());
        };
        if (part(0) == "torch" && chain.size() >= 2) names.calls.insert("aten::" + part(1));
        if (part(0) == "ops" && chain.size() >= 3) names.calls.insert(part(1) + "::" + part(2));
        if (part(0) == "__torch__" && part(1) == "torch" && part(2) == "classes")
            names.classSpaces.insert(part(3));
    }
}

OperatorVerdict judgeOperator(const std::string& qualifiedName) {
    if (holds(kForbidden, qualifiedName)) return OperatorVerdict::Forbidden;
    const std::string_view space =
        std::string_view(qualifiedName).substr(0, qualifiedName.find("::"));
    const auto overloads =
        torch::jit::getAllOperatorsFor(c10::Symbol::fromQualString(qualifiedName));
    // The language itself has names in aten and prim that are no operators ("torch.autograd",
    // "prim::Loop").
    if (overloads.empty() && space != "aten" && space != "prim") return OperatorVerdict::Unknown;
    const bool isForbidden =
        !holds(kComputing, space) ||
        std::any_of(overloads.begin(), overloads.end(),
                    [](const auto& overload) { return takesFile(overload->schema()); });
    return isForbidden ? OperatorVerdict::Forbidden : OperatorVerdict::Allowed;
}

bool isAllowedClassSpace(std::string_view space) {
    return holds(kClassSpaces, space);
}

}  // namespace espalier::script
