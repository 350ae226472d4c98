// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/files.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/format.h"

namespace espalier {

namespace fs = std::filesystem;

namespace {

/// An open file descriptor that closes itself.
class Descriptor {
public:
    Descriptor(const fs::path& path, int flags)
        : m_fd(::open(path.c_str(), flags | O_CLOEXEC, 0666)) {}
    ~Descriptor() {
        if (m_fd >= 0) ::close(m_fd);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int get() const { return m_fd; }
    bool isOpen() const { return m_fd >= 0; }

private:
    int m_fd;
};

/// Removes the temporary file unless it was renamed: after an error as after an exception.
class TemporaryFile {
public:
    explicit TemporaryFile(fs::path path) : m_path(std::move(path)) {}
    ~TemporaryFile() {
        std::error_code ignored;
        if (!m_isKept) fs::remove(m_path, ignored);
    }
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;
    const fs::path& path() const { return m_path; }
    void keep() { m_isKept = true; }

private:
    fs::path m_path;
    bool m_isKept = false;
};

std::string quoted(const fs::path& path) {
    return path.string();
}

Error writeError(const fs::path& target, int code) {
    Error error{
        Error::Kind::WriteFailed, "Cannot write " + quoted(target), std::strerror(code), {}};
    if (code == ENOSPC || code == EDQUOT || code == EFBIG) {
        error.why =
            code == EFBIG ? "the file would be larger than is allowed here" : "the disk is full";
        error.hint = "Free some space, or choose another folder.";
    } else if (code == EACCES || code == EPERM || code == EROFS) {
        error.why = "there is no permission to write there";
        error.hint = "Choose another folder.";
    } else if (code == ENOENT || code == ENOTDIR) {
        error.why = "its folder does not exist";
        error.hint = "Make the folder first, or choose another one.";
    } else if (code == EISDIR) {
        error.why = "it is a folder";
        error.hint = "Give the name of a file.";
    }
    return error;
}

Error readError(const fs::path& path, int code) {
    Error error{Error::Kind::Unreadable, "Cannot open " + quoted(path), std::strerror(code), {}};
    if (code == ENOENT || code == ENOTDIR) {
        error.kind = Error::Kind::NotFound;
        error.why = "there is no such file";
        error.hint = "Check the path.";
    } else if (code == EACCES || code == EPERM) {
        error.why = "there is no permission to read it";
        error.hint = "Ask its owner for permission, or copy it to a folder of yours.";
    } else if (code == EISDIR) {
        error.why = "it is a folder";
        error.hint = "Give the name of a file.";
    }
    return error;
}

/// A fresh hidden name beside `target` with its extension, since writers may choose a format by it.
fs::path temporaryBeside(const fs::path& target) {
    static std::atomic<unsigned> counter{0};
    constexpr std::size_t kLongestStem = 60;
    const std::string stem = target.stem().string().substr(0, kLongestStem);
    const std::string name =
        "." + stem + "." + std::to_string(::getpid()) + "-" + std::to_string(++counter) + ".part";
    return target.parent_path() / (name + target.extension().string());
}

/// Where the bytes go: a symbolic link stays one, what it points to is replaced.
fs::path resolved(const fs::path& target) {
    std::error_code failed;
    const auto absolute = fs::absolute(target, failed);
    if (!fs::is_symlink(target, failed)) return absolute;
    const auto real = fs::weakly_canonical(target, failed);
    return failed ? absolute : real;
}

int flushToDisk(const fs::path& path, int flags) {
    const Descriptor file(path, flags);
    if (!file.isOpen()) return errno;
    return ::fsync(file.get()) == 0 ? 0 : errno;
}

/// Flushed, with the permissions of the file it replaces, checked, renamed.
Result<void> publish(TemporaryFile& temporary, const fs::path& target,
                     const std::function<Result<void>(const fs::path&)>& check) {
    if (const int code = flushToDisk(temporary.path(), O_RDONLY)) return writeError(target, code);
    if (check) {
        if (auto checked = check(temporary.path()); !checked) return checked;
    }
    struct stat old {};
    if (::stat(target.c_str(), &old) == 0) ::chmod(temporary.path().c_str(), old.st_mode & 0777);
    if (::rename(temporary.path().c_str(), target.c_str()) != 0) return writeError(target, errno);
    temporary.keep();
    flushToDisk(target.parent_path(),
                O_RDONLY | O_DIRECTORY);  // the new name; some file systems refuse, no harm
    return {};
}

Result<void> writeBytes(const fs::path& path, const fs::path& target, std::string_view bytes) {
    const Descriptor file(path, O_WRONLY | O_CREAT | O_EXCL);
    if (!file.isOpen()) return writeError(target, errno);
    while (!bytes.empty()) {
        const auto written = ::write(file.get(), bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return writeError(target, errno);
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
}

/// Feeds a file to `take(data, size)` block by block. Errors: NotFound, Unreadable.
template <class Take>
Result<void> readBlocks(const fs::path& path, Take&& take) {
    const Descriptor file(path, O_RDONLY);
    if (!file.isOpen()) return readError(path, errno);
    struct stat info {};
    if (::fstat(file.get(), &info) == 0 && S_ISDIR(info.st_mode)) return readError(path, EISDIR);
    std::vector<char> buffer(1u << 20);
    for (;;) {
        const auto got = ::read(file.get(), buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return readError(path, errno);
        if (got == 0) return {};
        if (!take(buffer.data(), static_cast<std::size_t>(got))) return {};
    }
}

/// $`variable`/espalier, or ~/`fallback`/espalier; made when missing, as far as that is possible.
fs::path userDir(const char* variable, const char* fallback) {
    std::error_code ignored;
    const char* set = std::getenv(variable);
    const char* home = std::getenv("HOME");
    fs::path dir = set && *set == '/' ? fs::path(set)
                   : home && *home    ? fs::path(home) / fallback
                                      : fs::temp_directory_path(ignored);
    dir /= "espalier";
    fs::create_directories(dir, ignored);
    return dir;
}

}  // namespace

Sha256::Sha256()
    : m_context(EVP_MD_CTX_new(),
                [](void* context) { EVP_MD_CTX_free(static_cast<EVP_MD_CTX*>(context)); }) {
    EVP_DigestInit_ex(static_cast<EVP_MD_CTX*>(m_context.get()), EVP_sha256(), nullptr);
}

void Sha256::add(std::string_view bytes) {
    EVP_DigestUpdate(static_cast<EVP_MD_CTX*>(m_context.get()), bytes.data(), bytes.size());
}

std::string Sha256::hex() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
    unsigned int size = 0;
    EVP_DigestFinal_ex(static_cast<EVP_MD_CTX*>(m_context.get()), bytes.data(), &size);
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text;
    for (unsigned int i = 0; i < size; ++i) {
        text += kDigits[bytes[i] >> 4];
        text += kDigits[bytes[i] & 15];
    }
    return text;
}

Result<fs::path> replaceableFile(const fs::path& target) {
    if (target.empty()) {
        return Error{Error::Kind::BadArgument, "Cannot write a file", "its name is empty",
                     "Give the name of a file"};
    }
    const fs::path real = resolved(target);
    std::error_code ignored;
    if (!target.has_filename() || fs::is_directory(real, ignored)) {
        return writeError(target, EISDIR);
    }
    if (!fs::is_directory(real.parent_path(), ignored)) return writeError(target, ENOENT);
    if (::access(real.parent_path().c_str(), W_OK) != 0) return writeError(target, errno);
    if (fs::exists(real, ignored) && !fs::is_regular_file(real, ignored)) {
        return Error{Error::Kind::WriteFailed, "Cannot write " + quoted(target),
                     "it is a device or the like, not a file", "Give the name of a file."};
    }
    return real;
}

Result<void> writeAtomically(const fs::path& target,
                             const std::function<Result<void>(const fs::path&)>& write,
                             const std::function<Result<void>(const fs::path&)>& check) {
    return guarded("Cannot write " + quoted(target), [&]() -> Result<void> {
        const auto real = replaceableFile(target);
        if (!real) return real.error();
        TemporaryFile temporary(temporaryBeside(*real));
        if (auto written = write(temporary.path()); !written) return written;
        return publish(temporary, *real, check);
    });
}

Result<void> writeTextAtomically(const fs::path& target, std::string_view text) {
    return writeAtomically(target,
                           [&](const fs::path& path) { return writeBytes(path, target, text); });
}

Result<std::string> readText(const fs::path& path, std::size_t maxBytes) {
    std::string text;
    const auto take = [&](const char* data, std::size_t size) {
        text.append(data, size);
        return text.size() <= maxBytes;
    };
    if (auto read = readBlocks(path, take); !read) return read.error();
    if (text.size() <= maxBytes) return text;
    return Error{
        Error::Kind::Unreadable, "Cannot open " + quoted(path),
        "it is larger than " + std::to_string(maxBytes) + " bytes, too large for a text file",
        "Check that it is the right file."};
}

Result<std::string> sha256OfFile(const fs::path& path, RunControl* control) {
    Sha256 hasher;
    const auto isStopped = [control] { return control && control->isStopRequested(); };
    const auto take = [&](const char* data, std::size_t size) {
        hasher.add({data, size});
        return !isStopped();
    };
    if (auto read = readBlocks(path, take); !read) return read.error();
    if (isStopped())
        return Error{Error::Kind::Cancelled, "Cannot open " + quoted(path), "it was stopped", {}};
    return hasher.hex();
}

std::string sha256(std::string_view bytes) {
    Sha256 hasher;
    hasher.add(bytes);
    return hasher.hex();
}

fs::path resourcesDir() {
    if (const char* set = std::getenv("ESPALIER_RESOURCES"); set && *set) return set;
    const fs::path installed = programDir().parent_path() / ESPALIER_INSTALL_DATADIR / "espalier";
    std::error_code ignored;
    return fs::is_directory(installed, ignored) ? installed : fs::path(ESPALIER_SOURCE_RESOURCES);
}

fs::path programDir() {
    std::error_code failed;
    const auto program = fs::read_symlink("/proc/self/exe", failed);
    return failed ? fs::current_path(failed) : program.parent_path();
}

fs::path cacheDir() {
    return userDir("XDG_CACHE_HOME", ".cache");
}

fs::path freeName(const fs::path& wanted) {
    fs::path path = wanted;
    std::error_code ignored;
    for (int number = 2; fs::exists(path, ignored); ++number) {
        path.replace_filename(
            cat(wanted.stem().string(), "-", number, wanted.extension().string()));
    }
    return path;
}

fs::path stateDir() {
    return userDir("XDG_STATE_HOME", ".local/state");
}

}  // namespace espalier
