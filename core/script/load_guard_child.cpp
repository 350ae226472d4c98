// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <new>

#include <fcntl.h>
#include <linux/landlock.h>
#include <malloc.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <torch/csrc/jit/serialization/import.h>

#include "core/base/format.h"
#include "core/script/load_check_torch.h"
#include "core/script/load_guard.h"
#include "core/script/load_guard_protocol.h"

namespace espalier::script {

namespace {

constexpr rlim_t kOpenFiles = 64;

void limit(__rlimit_resource resource, rlim_t value) {
    const rlimit both{value, value};
    setrlimit(resource, &both);
}

/// Virtual memory in use; what the model may take is counted on top of the libraries that are
/// mapped already.
std::uint64_t mappedBytes() {
    std::uint64_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    return pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

rlim_t cpuSecondsUsed() {
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    return static_cast<rlim_t>(used.ru_utime.tv_sec + used.ru_stime.tv_sec);
}

/// Takes away every right to change the file system, where the kernel can do that (Landlock,
/// Linux 5.13). A size limit of 0 would still let an existing file be emptied.
void forbidWriting() {
    landlock_ruleset_attr rules{};
    rules.handled_access_fs =
        LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
        LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
        LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |
        LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM;
    const auto set =
        static_cast<int>(syscall(SYS_landlock_create_ruleset, &rules, sizeof(rules), 0));
    if (set < 0) return;
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    syscall(SYS_landlock_restrict_self, set, 0);
    close(set);
}

struct Task {
    std::filesystem::path path;
    double seconds = 0;
    std::uint64_t bytes = 0;
    pid_t parent = 0;
};

std::optional<Task> parse(int argc, char** argv) {
    if (argc != kGuardArguments + 1) return std::nullopt;
    return Task{argv[1], std::strtod(argv[2], nullptr), std::strtoull(argv[3], nullptr, 10),
                static_cast<pid_t>(std::strtol(argv[4], nullptr, 10))};
}

void confine(const Task& task) {
    mallopt(M_ARENA_MAX, 1);  // each further arena would reserve address space that counts
    limit(RLIMIT_CORE, 0);
    ::signal(SIGXFSZ, SIG_DFL);  // whatever the program that started this one does
    limit(RLIMIT_FSIZE, 0);
    limit(RLIMIT_NOFILE, kOpenFiles);
    limit(RLIMIT_CPU, cpuSecondsUsed() + static_cast<rlim_t>(task.seconds) + 2);
    limit(RLIMIT_AS, mappedBytes() + task.bytes);
    forbidWriting();
}

void tell(std::string_view text) {
    while (!text.empty()) {
        const auto written = write(kGuardPipe, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return;
        text.remove_prefix(static_cast<std::size_t>(written));
    }
}

Error tooMuchMemory(std::uint64_t bytes) {
    return {Error::Kind::Untrusted,
            {},
            cat("loading it takes more than ", byteSize(static_cast<double>(bytes)),
                " of memory, far more than a file of its size needs"),
            "It is damaged or hostile: get the file anew from a source you trust."};
}

/// What PyTorch says of a constant that has no value: optimize_for_inference makes such of weights,
/// and they are not written.
constexpr std::string_view kLostConstant = "required keyword attribute 'value' is undefined";

Error weightsAreMissing() {
    return {Error::Kind::Damaged,
            {},
            "its weights are not in it: it was saved after torch.jit.optimize_for_inference, and "
            "PyTorch cannot load such files again",
            "Save the model without that step."};
}

/// The load that all of this is for. An exception here means that torch refuses the file.
Result<void> load(const Task& task) {
    Error refused;
    try {
        if (auto checked = checkCodeWithoutRunning(task.path); !checked) return checked;
        const auto module = torch::jit::load(task.path.string(), c10::Device(c10::kCPU));
        return checkGraphs(*module._ivalue()->compilation_unit());
    } catch (const std::exception& exception) {
        refused = detail::errorFromException("", exception);
    }
    if (refused.why == detail::errorFromException("", std::bad_alloc()).why)
        return tooMuchMemory(task.bytes);
    if (refused.why.find(kLostConstant) != std::string::npos) return weightsAreMissing();
    refused.kind = Error::Kind::Damaged;
    refused.why = "PyTorch refuses it: " + refused.why;
    refused.hint = "Copy or download the file again, or save it anew.";
    return refused;
}

}  // namespace

std::string encodeError(const Error& error) {
    return cat(static_cast<int>(error.kind), '\0', error.why, '\0', error.hint, '\0');
}

std::optional<Error> decodeError(std::string_view text) {
    const auto first = text.find('\0');
    const auto second = text.find('\0', std::min(first, text.size() - 1) + 1);
    if (first == std::string_view::npos || second == std::string_view::npos ||
        !text.ends_with('\0')) {
        return std::nullopt;
    }
    int kind = -1;
    std::from_chars(text.data(), text.data() + first, kind);
    if (kind < 0 || kind > static_cast<int>(Error::Kind::Failed)) return std::nullopt;
    const auto third = text.size() - 1;
    return Error{static_cast<Error::Kind>(kind),
                 {},
                 std::string(text.substr(first + 1, second - first - 1)),
                 std::string(text.substr(second + 1, third > second ? third - second - 1 : 0))};
}

int loadGuardMain(int argc, char** argv) {
    const auto task = parse(argc, argv);
    if (!task) return 2;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != task->parent) return 2;  // it was gone before the line above
    confine(*task);
    tell(std::string_view(&kGuardReady, 1));
    const auto loaded = load(*task);
    if (!loaded) tell(encodeError(loaded.error()));
    _exit(loaded ? 0
                 : 1);  // at once: the destructors of a hostile model are not to be trusted either
}

}  // namespace espalier::script
