// SPDX-License-Identifier: GPL-3.0-or-later
// The instructions of a pickle, as Python's pickletools names them.
#pragma once

#include <algorithm>
#include <array>

namespace espalier::script {

/// What follows an opcode in the bytes.
enum class Argument {
    None,
    Number1,  // a number of so many bytes
    Number2,
    Number4,
    Number8,
    Long1,  // a signed number whose length comes first
    Long4,
    Text1,  // bytes whose length comes first
    Text4,
    Text8,
    Lines,  // two lines
};

/// What an opcode does to the stack, after taking `pops` values from it.
enum class Effect {
    Drop,
    Other,
    Tuple,
    Integer,
    Text,
    Mark,
    Dup,
    Put,
    Get,
    Memoize,
    Global,
    StackGlobal,
    Reduce,
    Storage
};

/// All values down to the last mark.
inline constexpr unsigned kToMark = 255;

struct Instruction {
    unsigned char opcode;
    Argument argument;
    Effect effect;
    unsigned pops = 0;
};

// clang-format off
/// The instructions of protocols 2 to 4, but for STOP, in the order of their codes.
inline constexpr std::array kInstructions = {
    Instruction{'(', Argument::None, Effect::Mark},             // MARK
    Instruction{')', Argument::None, Effect::Tuple},            // EMPTY_TUPLE
    Instruction{'0', Argument::None, Effect::Drop, 1},          // POP
    Instruction{'1', Argument::None, Effect::Drop, kToMark},    // POP_MARK
    Instruction{'2', Argument::None, Effect::Dup},              // DUP
    Instruction{'B', Argument::Text4, Effect::Other},           // BINBYTES
    Instruction{'C', Argument::Text1, Effect::Other},           // SHORT_BINBYTES
    Instruction{'G', Argument::Number8, Effect::Other},         // BINFLOAT
    Instruction{'J', Argument::Number4, Effect::Integer},       // BININT
    Instruction{'K', Argument::Number1, Effect::Integer},       // BININT1
    Instruction{'M', Argument::Number2, Effect::Integer},       // BININT2
    Instruction{'N', Argument::None, Effect::Other},            // NONE
    Instruction{'Q', Argument::None, Effect::Storage},          // BINPERSID
    Instruction{'R', Argument::None, Effect::Reduce},           // REDUCE
    Instruction{'T', Argument::Text4, Effect::Other},           // BINSTRING
    Instruction{'U', Argument::Text1, Effect::Text},            // SHORT_BINSTRING
    Instruction{'X', Argument::Text4, Effect::Text},            // BINUNICODE
    Instruction{']', Argument::None, Effect::Other},            // EMPTY_LIST
    Instruction{'a', Argument::None, Effect::Drop, 1},          // APPEND
    Instruction{'b', Argument::None, Effect::Drop, 1},          // BUILD
    Instruction{'c', Argument::Lines, Effect::Global},          // GLOBAL
    Instruction{'d', Argument::None, Effect::Other, kToMark},   // DICT
    Instruction{'e', Argument::None, Effect::Drop, kToMark},    // APPENDS
    Instruction{'h', Argument::Number1, Effect::Get},           // BINGET
    Instruction{'j', Argument::Number4, Effect::Get},           // LONG_BINGET
    Instruction{'l', Argument::None, Effect::Other, kToMark},   // LIST
    Instruction{'q', Argument::Number1, Effect::Put},           // BINPUT
    Instruction{'r', Argument::Number4, Effect::Put},           // LONG_BINPUT
    Instruction{'s', Argument::None, Effect::Drop, 2},          // SETITEM
    Instruction{'t', Argument::None, Effect::Tuple, kToMark},   // TUPLE
    Instruction{'u', Argument::None, Effect::Drop, kToMark},    // SETITEMS
    Instruction{'}', Argument::None, Effect::Other},            // EMPTY_DICT
    Instruction{0x80, Argument::Number1, Effect::Drop},         // PROTO
    Instruction{0x81, Argument::None, Effect::Other, 2},        // NEWOBJ
    Instruction{0x85, Argument::None, Effect::Tuple, 1},        // TUPLE1
    Instruction{0x86, Argument::None, Effect::Tuple, 2},        // TUPLE2
    Instruction{0x87, Argument::None, Effect::Tuple, 3},        // TUPLE3
    Instruction{0x88, Argument::None, Effect::Other},           // NEWTRUE
    Instruction{0x89, Argument::None, Effect::Other},           // NEWFALSE
    Instruction{0x8a, Argument::Long1, Effect::Integer},        // LONG1
    Instruction{0x8b, Argument::Long4, Effect::Integer},        // LONG4
    Instruction{0x8c, Argument::Text1, Effect::Text},           // SHORT_BINUNICODE
    Instruction{0x8d, Argument::Text8, Effect::Text},           // BINUNICODE8
    Instruction{0x8e, Argument::Text8, Effect::Other},          // BINBYTES8
    Instruction{0x8f, Argument::None, Effect::Other},           // EMPTY_SET
    Instruction{0x90, Argument::None, Effect::Drop, kToMark},   // ADDITEMS
    Instruction{0x91, Argument::None, Effect::Other, kToMark},  // FROZENSET
    Instruction{0x92, Argument::None, Effect::Other, 3},        // NEWOBJ_EX
    Instruction{0x93, Argument::None, Effect::StackGlobal},     // STACK_GLOBAL
    Instruction{0x94, Argument::None, Effect::Memoize},         // MEMOIZE
    Instruction{0x95, Argument::Number8, Effect::Drop},         // FRAME
};
// clang-format on
static_assert(std::is_sorted(kInstructions.begin(), kInstructions.end(),
                             [](const auto& a, const auto& b) { return a.opcode < b.opcode; }));

}  // namespace espalier::script
