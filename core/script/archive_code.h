// SPDX-License-Identifier: GPL-3.0-or-later
// Which operators and classes a piece of serialized TorchScript names, and which of them a model
// may have.
#pragma once

#include <set>
#include <string>
#include <string_view>

namespace espalier::script {

/// Names found in the text of code, whether in use or not; comments and strings are passed over.
struct CodeNames {
    std::set<std::string> calls;  ///< "aten::conv2d", "quantized::linear"
    std::set<std::string>
        classSpaces;  ///< "quantized" of __torch__.torch.classes.quantized.LinearPackedParamsBase
};

/// Adds what `source` names to `names`. A method call on a value (`x.save(…)`) does not tell its
/// operator and is not seen: only compiled code shows it, which is what `checkGraphs` is for.
void findNames(std::string_view source, CodeNames& names);

enum class OperatorVerdict {
    Allowed,
    Unknown,   ///< LibTorch does not have it
    Forbidden  ///< it touches files, processes or other libraries
};

/// Judges "aten::conv2d". Every operator that LibTorch registers for computing is allowed;
/// forbidden are those with a file name among their arguments, and the families that speak with
/// processes, machines or Python.
OperatorVerdict judgeOperator(const std::string& qualifiedName);

/// Whether a model may use the C++ classes in __torch__.torch.classes.`space`: packed weights yes,
/// all others no.
bool isAllowedClassSpace(std::string_view space);

}  // namespace espalier::script
