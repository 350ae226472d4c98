// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/script/load_guard.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <torch/version.h>

#include "core/base/files.h"
#include "core/base/format.h"
#include "core/base/log.h"
#include "core/base/process.h"
#include "core/script/archive_zip.h"
#include "core/script/load_guard_protocol.h"

namespace espalier::script {

namespace fs = std::filesystem;

namespace {

using Clock = std::chrono::steady_clock;
using Kind = Error::Kind;

constexpr const char* kProgram = "espalier-load-guard";
/// ESPALIER_PRIVATE_DIR of cmake/PrivateLibraries.cmake.
constexpr const char* kInstalled = "lib/espalier";
constexpr const char* kGetAnew =
    "It is damaged or hostile: get the file anew from a source you trust.";
/// Reading LibTorch from a slow disk may take long; the limits on the model count from then on.
constexpr double kStartSeconds = 120;
constexpr int kPollMs = 20;
constexpr std::size_t kLongestReport = 64u << 10;
constexpr std::size_t kLargestMemory = 1u << 20;

fs::path guardProgram() {
    if (const char* set = std::getenv("ESPALIER_LOAD_GUARD"); set && *set) return set;
    const fs::path here = programDir(), above = here.parent_path();
    std::error_code ignored;
    for (const fs::path& folder : {here, above / kInstalled})
        if (fs::exists(folder / kProgram, ignored)) return folder / kProgram;
    return above / "bin" / kProgram;  // as a test program sees it
}

/// One line for each file that passed. Two processes may append at once: a line is written in one
/// piece.
fs::path rememberedPasses() {
    return cacheDir() / "checked-models";
}

std::string passLine(const std::string& sha256) {
    return cat(sha256, ' ', version(), ' ', TORCH_VERSION, ' ', kGuardFormat, '\n');
}

bool hasPassed(const std::string& line) {
    const auto passes = readText(rememberedPasses(), 2 * kLargestMemory);
    return passes && ("\n" + *passes).find("\n" + line) != std::string::npos;
}

void rememberPass(const std::string& line) {
    std::error_code failed;
    const auto size = fs::file_size(rememberedPasses(), failed);
    const int start = !failed && size > kLargestMemory ? O_TRUNC : 0;
    const int fd =
        open(rememberedPasses().c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | start, 0600);
    if (fd < 0) return;  // then the next time takes a little longer
    if (write(fd, line.data(), line.size()) < 0)
        log(LogLevel::Debug, "a checked model could not be remembered");
    close(fd);
}

/// The child's environment: the parent's, with one thread and no GPU, which loading does not need.
std::vector<std::string> childEnvironment() {
    constexpr std::array<std::string_view, 5> kOwn = {
        "OMP_NUM_THREADS=1", "MKL_NUM_THREADS=1", "OMP_WAIT_POLICY=passive",
        "CUDA_VISIBLE_DEVICES=", "HIP_VISIBLE_DEVICES="};
    std::vector<std::string> all(kOwn.begin(), kOwn.end());
    for (char** variable = environ; *variable; ++variable) {
        const std::string_view text = *variable;
        const auto name = text.substr(0, text.find('=') + 1);
        const bool isOwn =
            std::any_of(kOwn.begin(), kOwn.end(), [&](auto own) { return own.starts_with(name); });
        if (!isOwn) all.emplace_back(text);
    }
    return all;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> result;
    for (auto& text : texts) result.push_back(text.data());
    result.push_back(nullptr);
    return result;
}

/// The running child and the pipe it speaks through; killed and reaped at the latest when this
/// goes.
class Child {
public:
    /// 0, or the error number.
    int start(const fs::path& program, std::vector<std::string> arguments) {
        std::array<int, 2> ends{};
        if (pipe2(ends.data(), O_CLOEXEC) != 0) return errno;
        m_pipe = ends[0];
        auto environment = childEnvironment();
        posix_spawn_file_actions_t files;
        posix_spawn_file_actions_init(&files);
        posix_spawn_file_actions_adddup2(&files, ends[1], kGuardPipe);
        for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
            posix_spawn_file_actions_addopen(&files, standard, "/dev/null", O_RDWR, 0);
        }
        posix_spawn_file_actions_addclosefrom_np(&files, kGuardPipe + 1);
        posix_spawnattr_t attributes;
        posix_spawnattr_init(&attributes);
        // A group of its own: Ctrl+C reaches the parent alone, which then stops the child. The
        // parent may block or ignore signals; the child must die of those that its limits send.
        sigset_t none, all;
        sigemptyset(&none);
        sigfillset(&all);
        posix_spawnattr_setsigmask(&attributes, &none);
        posix_spawnattr_setsigdefault(&attributes, &all);
        posix_spawnattr_setflags(
            &attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
        const int failed = posix_spawn(&m_id, program.c_str(), &files, &attributes,
                                       pointers(arguments).data(), pointers(environment).data());
        posix_spawnattr_destroy(&attributes);
        posix_spawn_file_actions_destroy(&files);
        close(ends[1]);
        if (failed) m_id = 0;
        return failed;
    }
    ~Child() {
        kill();
        if (m_pipe >= 0) close(m_pipe);
    }
    Child() = default;
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    /// Waits a moment for the child to say something or to end. False once it has ended.
    bool wait() {
        pollfd waited{m_pipe, POLLIN, 0};
        if (poll(&waited, 1, kPollMs) > 0) read();
        if (waitpid(m_id, &m_status, WNOHANG) == 0) return true;
        m_id = 0;
        while (m_pipe >= 0 && read()) {  // what it said last
        }
        return false;
    }
    void kill() {
        if (m_id <= 0) return;
        ::kill(m_id, SIGKILL);
        while (waitpid(m_id, &m_status, 0) < 0 && errno == EINTR) {
        }
        m_id = 0;
    }
    bool isReady() const { return !m_said.empty() && m_said[0] == kGuardReady; }
    std::string_view said() const {
        return isReady() ? std::string_view(m_said).substr(1) : std::string_view();
    }
    int status() const { return m_status; }

private:
    /// False when there is nothing more; a closed pipe is then no longer looked at.
    bool read() {
        std::array<char, 4096> buffer{};
        const auto got = ::read(m_pipe, buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) return true;
        if (got > 0 && m_said.size() < kLongestReport)
            m_said.append(buffer.data(), static_cast<std::size_t>(got));
        if (got > 0) return true;
        close(m_pipe);
        m_pipe = -1;
        return false;
    }

    pid_t m_id = 0;
    int m_pipe = -1;
    int m_status = 0;
    std::string m_said;
};

Error endedBySignal(int signal, const LoadLimits& limits) {
    if (signal == SIGXFSZ)
        return {Kind::Untrusted, {}, "it tries to write a file while it is loaded", kGetAnew};
    if (signal == SIGXCPU || signal == SIGKILL) {
        return {Kind::Untrusted,
                {},
                cat("loading it takes more time or memory than a file of its size needs (",
                    significant(limits.seconds, 3), " s, ",
                    byteSize(static_cast<double>(limits.bytes)), ")"),
                kGetAnew};
    }
    return {Kind::Damaged, {}, cat("loading it crashes (", strsignal(signal), ")"), kGetAnew};
}

/// What the ended child has to say.
Result<void> verdict(const Child& child, const LoadLimits& limits) {
    const int status = child.status();
    if (WIFSIGNALED(status)) return endedBySignal(WTERMSIG(status), limits);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && child.isReady()) return {};
    if (auto error = decodeError(child.said())) return std::move(*error);
    if (child.isReady())
        return Error{Kind::Damaged, {}, "loading it ends without a word", kGetAnew};
    return Error{Kind::Failed,
                 {},
                 cat("the helper program ", guardProgram().string(), " does not run here"),
                 "Build or install Espalier again."};
}

Result<void> watch(Child& child, const LoadLimits& limits, RunControl& control) {
    auto start = Clock::now();
    bool wasReady = false;
    while (child.wait()) {
        if (control.isStopRequested()) return Error{Kind::Cancelled, {}, "it was stopped", {}};
        if (!wasReady && child.isReady()) {
            wasReady = true;
            start = Clock::now();
        }
        const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
        if (seconds <= (wasReady ? limits.seconds : kStartSeconds)) continue;
        if (!wasReady) {
            return Error{Kind::Failed,
                         {},
                         "the helper program that tries it out does not start",
                         "Try again when the computer is less busy."};
        }
        return Error{Kind::Untrusted,
                     {},
                     cat("loading it takes longer than ", significant(limits.seconds, 3),
                         " s, far longer than a file of its size needs"),
                     kGetAnew};
    }
    return verdict(child, limits);
}

Result<void> load(const fs::path& path, const LoadLimits& limits, RunControl& control) {
    const fs::path program = guardProgram();
    Child child;
    const int failed =
        child.start(program, {program.string(), fs::absolute(path).string(), cat(limits.seconds),
                              std::to_string(limits.bytes), std::to_string(getpid())});
    if (failed) {
        return Error{Kind::Failed,
                     {},
                     cat("the helper program ", program.string(),
                         " does not start: ", std::strerror(failed)),
                     "Build or install Espalier again."};
    }
    return watch(child, limits, control);
}

/// LibTorch does not compare the checksums that it writes.
Result<void> verifyChecksums(const fs::path& path, RunControl& control) {
    const auto zip = ZipFile::open(path);
    return zip ? zip->verify(control) : zip.error();
}

}  // namespace

LoadLimits LoadLimits::forFile(std::uint64_t fileBytes) {
    constexpr std::uint64_t kSmall = 1'000'000;
    constexpr std::uint64_t kForSmall = 1'000'000'000;
    return {10 + static_cast<double>(fileBytes) / 100e6,
            kForSmall + 3 * (std::max(fileBytes, kSmall) - kSmall)};
}

Result<void> tryLoadInChild(const fs::path& path, const LoadLimits& limits, RunControl& control,
                            std::string knownSha256) {
    const std::string what = "Cannot open " + path.filename().string();
    return guarded(what, [&]() -> Result<void> {
        if (knownSha256.empty()) {
            auto sha256 = sha256OfFile(path, &control);
            if (!sha256) return sha256.error();
            knownSha256 = *std::move(sha256);
        }
        const std::string line = passLine(knownSha256);
        if (hasPassed(line)) return {};
        auto tried = verifyChecksums(path, control);
        if (tried) tried = load(path, limits, control);
        if (tried) {
            rememberPass(line);
            return {};
        }
        Error error = tried.error();
        error.what = what;
        return error;
    });
}

}  // namespace espalier::script
