// SPDX-License-Identifier: GPL-3.0-or-later
// The nodes that only TorchScript's own interpreter knows, one small function each.
#include <stdexcept>
#include <string_view>

#include <ATen/core/jit_type.h>
#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/runtime/operator.h>

#include "core/script/steps_torch.h"

namespace espalier::script {

namespace {

using c10::IValue;
using torch::jit::drop;
using torch::jit::last;
using torch::jit::Node;
using torch::jit::pop;
using torch::jit::Stack;

template <class T>
IValue typedList(const Stack& stack, std::size_t count) {
    c10::List<T> list;
    list.reserve(count);
    for (const auto& value : last(stack, count)) list.push_back(value.to<T>());
    return list;
}

IValue listOf(const c10::TypePtr& element, const Stack& stack, std::size_t count) {
    switch (element->kind()) {
        case c10::TypeKind::IntType:
            return typedList<std::int64_t>(stack, count);
        case c10::TypeKind::FloatType:
            return typedList<double>(stack, count);
        case c10::TypeKind::BoolType:
            return typedList<bool>(stack, count);
        case c10::TypeKind::ComplexType:
            return typedList<c10::complex<double>>(stack, count);
        case c10::TypeKind::TensorType:
            return typedList<at::Tensor>(stack, count);
        default: {
            c10::impl::GenericList list(element);
            list.reserve(count);
            for (const auto& value : last(stack, count)) list.push_back(value);
            return list;
        }
    }
}

/// Replaces the topmost `count` values by `value`.
void replaceTop(Stack& stack, std::size_t count, IValue value) {
    drop(stack, count);
    stack.push_back(std::move(value));
}

StackFunction listConstruct(const Node& node) {
    return [element = node.output()->type()->expectRef<c10::ListType>().getElementType(),
            count = node.inputs().size()](Stack& stack) {
        replaceTop(stack, count, listOf(element, stack, count));
    };
}

StackFunction dictConstruct(const Node& node) {
    const auto& type = node.output()->type()->expectRef<c10::DictType>();
    return [key = type.getKeyType(), value = type.getValueType(),
            count = node.inputs().size()](Stack& stack) {
        c10::impl::GenericDict dict(key, value);
        const auto items = last(stack, count);
        for (std::size_t i = 0; i < count; i += 2) dict.insert_or_assign(items[i], items[i + 1]);
        replaceTop(stack, count, std::move(dict));
    };
}

StackFunction tupleConstruct(const Node& node) {
    const auto type = node.output()->type()->expect<c10::TupleType>();
    return [type, count = node.inputs().size()](Stack& stack) {
        std::vector<IValue> items(stack.end() - static_cast<std::ptrdiff_t>(count), stack.end());
        const bool isNamed = type->name().has_value();
        replaceTop(stack, count,
                   isNamed ? c10::ivalue::Tuple::createNamed(std::move(items), type)
                           : c10::ivalue::Tuple::create(std::move(items)));
    };
}

StackFunction tupleSlice(const Node& node) {
    return [begin = node.i(c10::attr::beg), end = node.i(c10::attr::end)](Stack& stack) {
        const auto tuple = pop(stack).toTuple();
        const auto& all = tuple->elements();
        std::vector<IValue> items(all.begin() + begin, all.begin() + end);
        stack.emplace_back(c10::ivalue::Tuple::create(std::move(items)));
    };
}

StackFunction listUnpack(const Node& node) {
    return [count = node.outputs().size()](Stack& stack) {
        const auto list = pop(stack).toListRef().vec();
        TORCH_CHECK(list.size() == count, "Expected ", count, " elements in a list but found ",
                    list.size());
        stack.insert(stack.end(), list.begin(), list.end());
    };
}

StackFunction isInstance(const Node& node) {
    return [types = node.tys(c10::attr::types)](Stack& stack) {
        const auto actual = pop(stack).type();
        bool found = false;
        for (const auto& type : types) found |= actual->isSubtypeOf(*type);
        stack.emplace_back(found);
    };
}

StackFunction createObject(const Node& node) {
    const auto type = node.output()->type()->expect<c10::ClassType>();
    return [type](Stack& stack) {
        stack.emplace_back(c10::ivalue::Object::create(
            c10::StrongTypePtr(type->compilation_unit(), type), type->numAttributes()));
    };
}

StackFunction raiseException(const Node& node) {
    return [count = node.inputs().size()](Stack& stack) {
        const auto& message = last(stack, count)[0];
        throw std::runtime_error(message.isString() ? message.toStringRef()
                                                    : "an exception without a message");
    };
}

StackFunction ignore(const Node& node) {
    return [count = node.inputs().size()](Stack& stack) { drop(stack, count); };
}

StackFunction registeredOperator(Node& node) {
    const auto* op = node.maybeOperator();
    if (op == nullptr) {
        return [name = std::string(node.kind().toQualString())](Stack&) {
            throw std::runtime_error("the operator " + name + " is not known to this program");
        };
    }
    auto function = [operation = op->getOperation(&node)](Stack& stack) mutable {
        operation(stack);
    };
    // prim::tolist is declared with any number of arguments, but takes its three without their
    // count.
    if (!op->schema().is_vararg() || node.kind() == c10::prim::tolist) return function;
    return
        [function, count = static_cast<std::int64_t>(node.inputs().size())](Stack& stack) mutable {
            stack.emplace_back(count);
            function(stack);
        };
}

/// PyTorch's executor takes a 0-dimensional constant in arithmetic for a plain number, which does
/// not decide the type of the result.
StackFunction arithmetic(Node& node) {
    const auto constant = torch::jit::toIValue(node.input(1));
    auto function = registeredOperator(node);
    if (!constant || !constant->isTensor() || constant->toTensor().dim() != 0) return function;
    auto number = constant->toTensor().detach();
    number.unsafeGetTensorImpl()->set_wrapped_number(true);
    return [function, number, below = node.inputs().size() - 1](Stack& stack) mutable {
        stack[stack.size() - below] = number;
        function(stack);
    };
}

/// The fast kernels read past the end of an input that is too narrow.
void checkFeatures(const at::Tensor& input, const std::vector<at::Tensor>& weights) {
    if (weights.empty() || weights[0].dim() < 2 || input.dim() == 0) return;
    TORCH_CHECK(input.size(-1) == weights[0].size(1), "Expected ", weights[0].size(1),
                " features in the input but found ", input.size(-1));
}

/// lstm, gru, rnn: input, initial state, weights …; of packed sequences the sizes come second.
StackFunction recurrent(Node& node) {
    return
        [function = registeredOperator(node), count = node.inputs().size()](Stack& stack) mutable {
            const auto arguments = last(stack, count);
            const auto& weights = arguments[3].isTensorList() ? arguments[3] : arguments[2];
            if (weights.isTensorList()) {
                checkFeatures(arguments[0].toTensor(), weights.toTensorVector());
            }
            function(stack);
        };
}

bool isRecurrent(const Node& node) {
    const std::string_view name = node.kind().toUnqualString();
    return node.kind().is_aten() &&
           (name == "lstm" || name == "gru" || name == "rnn_tanh" || name == "rnn_relu");
}

}  // namespace

StackFunction functionOf(Node* node) {
    if (isRecurrent(*node)) return recurrent(*node);
    switch (node->kind()) {
        case c10::prim::ListConstruct:
            return listConstruct(*node);
        case c10::prim::DictConstruct:
            return dictConstruct(*node);
        case c10::prim::TupleConstruct:
            return tupleConstruct(*node);
        case c10::prim::TupleSlice:
            return tupleSlice(*node);
        case c10::prim::ListUnpack:
            return listUnpack(*node);
        case c10::prim::isinstance:
            return isInstance(*node);
        case c10::prim::CreateObject:
            return createObject(*node);
        case c10::prim::RaiseException:
            return raiseException(*node);
        case c10::prim::Print:
        case c10::aten::warn:
            return ignore(*node);
        case c10::aten::add:
        case c10::aten::sub:
        case c10::aten::mul:
        case c10::aten::div:
            return arithmetic(*node);
        default:
            return registeredOperator(*node);
    }
}

}  // namespace espalier::script
