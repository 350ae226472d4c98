// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/inputs_torch.h"

#include "core/base/format.h"

namespace espalier::model {

namespace {

using script::InputSpec;

/// "Tensor", "Tensor[]": how an argument can be filled, or that it cannot.
enum class Filling { Tensor, TensorList, None };

Filling fillingOf(const c10::TypePtr& type) {
    switch (type->kind()) {
        case c10::TypeKind::TensorType:
            return Filling::Tensor;
        case c10::TypeKind::OptionalType:
            return fillingOf(type->expectRef<c10::OptionalType>().getElementType());
        case c10::TypeKind::ListType: {
            const auto element = type->expectRef<c10::ListType>().getElementType();
            return element->kind() == c10::TypeKind::TensorType ? Filling::TensorList
                                                                : Filling::None;
        }
        default:
            return Filling::None;
    }
}

const std::vector<c10::Argument>& schemaOf(const script::Program& program) {
    return program.module.get_method("forward").function().getSchema().arguments();
}

std::string namesOf(const std::vector<c10::Argument>& arguments) {
    std::string names;
    for (std::size_t i = 1; i < arguments.size(); ++i) {
        names += cat(i == 1 ? "" : ", ", arguments[i].name());
    }
    return names;
}

Error badInputs(std::string why, std::string hint) {
    return {Error::Kind::BadArgument, "The given inputs do not fit the model", std::move(why),
            std::move(hint)};
}

}  // namespace

Result<std::vector<ForwardArgument>> requiredArguments(const script::Program& program) {
    const auto& schema = schemaOf(program);
    std::vector<ForwardArgument> required;
    for (std::size_t i = 1; i < schema.size() && !schema[i].default_value(); ++i) {
        const auto filling = fillingOf(schema[i].type());
        if (filling == Filling::None) {
            return Error{Error::Kind::Unsupported, "Cannot run the model",
                         cat("its argument \"", schema[i].name(), "\" is of type ",
                             schema[i].type()->annotation_str(),
                             ", and only tensors and lists of tensors can be given"),
                         "Wrap the model in a module whose forward takes tensors, and save that."};
        }
        required.push_back(
            {schema[i].name(), program.graph->inputs()[i], filling == Filling::TensorList});
    }
    return required;
}

Result<void> checkInputs(const script::Program& program, std::span<const InputSpec> inputs) {
    const auto& schema = schemaOf(program);
    const auto required = requiredArguments(program);
    if (!required) return required.error();
    if (inputs.size() + 1 > schema.size() || inputs.size() < required->size()) {
        return badInputs(cat("forward takes ", schema.size() - 1, " (", namesOf(schema), "), ",
                             inputs.size(), inputs.size() == 1 ? " was given" : " were given"),
                         "Give one input per argument of forward.");
    }
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        const auto& argument = schema[i + 1];
        const auto filling = fillingOf(argument.type());
        if (filling == Filling::None) {
            return badInputs(cat("the argument \"", argument.name(), "\" is of type ",
                                 argument.type()->annotation_str(), ", which cannot be given"),
                             "Leave it out: it has a default.");
        }
        if (inputs[i].isList == (filling == Filling::TensorList)) continue;
        return badInputs(
            cat("the argument \"", argument.name(), "\" is ",
                inputs[i].isList ? "a tensor, and a list was given"
                                 : "a list, and a tensor was given"),
            inputs[i].isList ? "Leave out \"list:\"." : "Write \"list:\" before its shape.");
    }
    return {};
}

std::string describe(std::span<const InputSpec> inputs) {
    std::string text;
    for (const auto& input : inputs) {
        text += cat(text.empty() ? "" : " and ", script::toString(input));
    }
    return text.empty() ? "no input" : text;
}

}  // namespace espalier::model
