#include "compiler/codegen/cache.h"

#include "compiler/base/error.h"
#include "compiler/base/file.h"
#include "compiler/base/hash.h"
#include "compiler/base/version.h"

#include <elf.h>
#include <link.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <mutex>

namespace quantide {

namespace {

// A file is this line, the length of the key, the key, the hash of the code and the code: whole and ours, or
// not used.
constexpr std::string_view kMagic = "quantide code 1\n";

std::string frame(const std::string &key, const std::string &code) {
    return fmt::format("{}{}\n{}\n{}\n", kMagic, key.size(), key, content_hash(code));
}

std::string full_key(const std::string &key) {
    return fmt::format("{}\n{}\n{}", kVersion, build_identity(), key);
}

/** Reads the build id of the object that contains `address` from its notes. */
struct BuildIdSearch {
    uintptr_t address;
    std::string found;
};

bool contains(const dl_phdr_info &object, uintptr_t address) {
    for (int i = 0; i < object.dlpi_phnum; i++) {
        const ElfW(Phdr) &segment = object.dlpi_phdr[i];
        const uintptr_t start = object.dlpi_addr + segment.p_vaddr;
        if (segment.p_type == PT_LOAD && address >= start && address - start < segment.p_memsz) {
            return true;
        }
    }
    return false;
}

int search_object(dl_phdr_info *object, size_t, void *argument) {
    auto &search = *static_cast<BuildIdSearch *>(argument);
    if (!contains(*object, search.address)) {
        return 0;
    }
    auto align = [](size_t size) { return (size + 3) / 4 * 4; };
    for (int i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) &segment = object->dlpi_phdr[i];
        if (segment.p_type != PT_NOTE) {
            continue;
        }
        const auto *at = reinterpret_cast<const unsigned char *>(object->dlpi_addr + segment.p_vaddr);
        const unsigned char *end = at + segment.p_memsz;
        while (at + sizeof(ElfW(Nhdr)) <= end) {
            ElfW(Nhdr) note;
            std::memcpy(&note, at, sizeof note);
            const unsigned char *name = at + sizeof note, *content = name + align(note.n_namesz);
            if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 && std::memcmp(name, "GNU", 4) == 0) {
                for (size_t k = 0; k < note.n_descsz; k++) {
                    search.found += fmt::format("{:02x}", content[k]);
                }
                return 1;
            }
            at = content + align(note.n_descsz);
        }
    }
    return 1;
}

}  // namespace

/** The first thing that went wrong. */
struct CodeCache::Problem {
    std::mutex mutex;
    std::string text;
};

CodeCache::CodeCache(std::string where) : directory(std::move(where)), shared(std::make_shared<Problem>()) {}

CodeCache CodeCache::standard() {
    const char *cache = std::getenv("XDG_CACHE_HOME"), *home = std::getenv("HOME");
    // The XDG specification: a relative path is to be ignored.
    if (cache != nullptr && cache[0] == '/') {
        return CodeCache(std::string(cache) + "/quantide");
    }
    return home != nullptr && home[0] == '/' ? CodeCache(std::string(home) + "/.cache/quantide")
                                             : CodeCache();
}

std::string CodeCache::path(const std::string &key) const {
    return directory.empty() || build_identity().empty()
               ? ""
               : directory + "/" + content_hash(full_key(key)) + ".o";
}

std::optional<std::string> CodeCache::load(const std::string &key) const {
    const std::string file = path(key);
    std::error_code error;
    if (file.empty() || !std::filesystem::is_regular_file(file, error)) {
        return std::nullopt;
    }
    try {
        const std::string content = read_file(file);
        const size_t framing = frame(full_key(key), "").size();
        std::string code = content.size() > framing ? content.substr(framing) : "";
        if (!code.empty() && content.starts_with(frame(full_key(key), code))) {
            return code;
        }
    } catch (const CompileError &) {
        // Removed or made unreadable since: absent.
    }
    return std::nullopt;
}

void CodeCache::store(const std::string &key, const std::string &code) const {
    const std::string file = path(key);
    if (file.empty()) {
        return;
    }
    try {
        std::error_code error;
        std::filesystem::create_directories(directory, error);
        user_check(!error, "{}: cannot make this folder: {}", directory, error.message());
        const std::string head = frame(full_key(key), code);
        const std::string_view parts[] = {head, code};
        write_file(file, parts);
    } catch (const CompileError &e) {
        // A cache that cannot be written saves no time, and that is all.
        const std::lock_guard lock(shared->mutex);
        shared->text = shared->text.empty() ? e.what() : shared->text;
    }
}

std::string CodeCache::problem() const {
    if (shared == nullptr) {
        return "";
    }
    const std::lock_guard lock(shared->mutex);
    return shared->text;
}

std::string build_identity() {
    static const std::string identity = [] {
        BuildIdSearch search{reinterpret_cast<uintptr_t>(&search_object), ""};
        dl_iterate_phdr(search_object, &search);
        return search.found;
    }();
    return identity;
}

}  // namespace quantide
