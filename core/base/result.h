// SPDX-License-Identifier: GPL-3.0-or-later
// What a core function returns: a value, or an error a person can act on.
#pragma once

#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

namespace espalier {

/// Why something could not be done. `kind` is for programs, the three texts are for people.
struct Error {
    enum class Kind {
        BadArgument,     ///< the caller asked for something that makes no sense
        NotFound,        ///< a file, folder or named thing is missing
        Unreadable,      ///< it exists but cannot be read
        NotTorchScript,  ///< a file of another kind
        Damaged,         ///< the right kind of file, broken
        Untrusted,       ///< a file that would do something it must not
        Unsupported,     ///< right and whole, but beyond what the program can do
        Mismatch,     ///< two things that do not belong together (plan and model, data and model)
        Infeasible,   ///< a rule that cannot be met
        WriteFailed,  ///< disk full, no permission …
        Cancelled,    ///< the user stopped it
        Failed        ///< anything else
    };

    Kind kind = Kind::Failed;
    std::string what;  ///< what failed: "Cannot open pruned.pt"
    std::string why;   ///< the cause: "it is a pickled state_dict, not a TorchScript archive"
    std::string hint;  ///< what to do now: "Save it with torch.jit.save"

    /// "what: why. hint", leaving out what is empty.
    std::string text() const;

    bool operator==(const Error&) const = default;
};

/// A `T`, or the Error that kept it from being made. Tested like a pointer.
template <class T>
class [[nodiscard]] Result {
public:
    Result(T value) : m_state(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : m_state(std::in_place_index<1>, std::move(error)) {}

    bool ok() const { return m_state.index() == 0; }
    explicit operator bool() const { return ok(); }

    T& value() & { return std::get<0>(m_state); }
    const T& value() const& { return std::get<0>(m_state); }
    T&& value() && { return std::get<0>(std::move(m_state)); }
    T& operator*() & { return value(); }
    const T& operator*() const& { return value(); }
    T&& operator*() && { return std::move(*this).value(); }
    T* operator->() { return &value(); }
    const T* operator->() const { return &value(); }

    const Error& error() const { return std::get<1>(m_state); }

private:
    std::variant<T, Error> m_state;
};

template <>
class [[nodiscard]] Result<void> {
public:
    Result() = default;
    Result(Error error) : m_error(std::move(error)) {}

    bool ok() const { return !m_error; }
    explicit operator bool() const { return ok(); }
    const Error& error() const { return *m_error; }

private:
    std::optional<Error> m_error;
};

namespace detail {
/// Turns a caught exception into an Error: its first line for people, all of it into the log.
/// Out-of-memory and disk-full messages get their own hints.
Error errorFromException(std::string_view what, const std::exception& exception);
}  // namespace detail

/// Runs `body`, the border at which exceptions (torch's above all) become an Error. `body` returns
/// a Result.
template <class Body>
auto guarded(std::string_view what, Body&& body) -> std::invoke_result_t<Body> {
    try {
        return body();
    } catch (const std::exception& exception) {
        return detail::errorFromException(what, exception);
    }
}

}  // namespace espalier
