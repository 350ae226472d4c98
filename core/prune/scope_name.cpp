// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/prune/scope_name.h"

#include "core/base/format.h"

namespace espalier::prune {

std::string_view nameOf(Scope scope) {
    switch (scope) {
        case Scope::Layer:
            return "layer";
        case Scope::Global:
            return "global";
        case Scope::SameKind:
            return "same-kind";
    }
    return {};
}

Result<Scope> parseScope(std::string_view name) {
    for (const Scope scope : {Scope::Layer, Scope::Global, Scope::SameKind}) {
        if (nameOf(scope) == name) return scope;
    }
    return Error{Error::Kind::BadArgument, cat("Cannot rank by scope '", name, "'"),
                 "there is no scope of that name", "Use layer, global or same-kind"};
}

}  // namespace espalier::prune
