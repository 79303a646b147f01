#include "compiler/codegen/ice_lake.h"

#include "compiler/base/error.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <regex>
#include <shared_mutex>

namespace quantide {

namespace {

/** The file that LLVM's option -forceattrs-csv-path names, which it reads for every module: a function and
 * one of its attributes a line. LLVM complains of functions that a module has not, so it is empty but while
 * one module is compiled alone. */
class AttributeFile {
public:
    std::shared_mutex mutex;

    AttributeFile() : descriptor(memfd_create("quantide-attributes", MFD_CLOEXEC)) {
        internal_check(descriptor >= 0, "memfd_create failed");
        // Halide hands this variable to LLVM with the first code that it makes in a process. A child process
        // must not inherit what we add.
        constexpr const char *kVariable = "HL_LLVM_ARGS";
        const char *found = std::getenv(kVariable);
        const std::string before = found == nullptr ? "" : found;
        const std::string option = fmt::format("-forceattrs-csv-path=/proc/self/fd/{}", descriptor);
        setenv(kVariable, (before.empty() ? option : before + " " + option).c_str(), 1);
        Halide::Func first("first");
        first() = 0;
        first.compile_to_bitcode("/dev/null", {}, "first",
                                 Halide::Target("x86-64-linux-no_runtime-no_asserts-no_bounds_query"));
        found == nullptr ? unsetenv(kVariable) : setenv(kVariable, before.c_str(), 1);
    }
    ~AttributeFile() { close(descriptor); }
    AttributeFile(const AttributeFile &) = delete;
    AttributeFile &operator=(const AttributeFile &) = delete;

    void set(const std::string &text) {
        const bool done = ftruncate(descriptor, 0) == 0 && pwrite(descriptor, text.data(), text.size(), 0) ==
                                                               static_cast<ssize_t>(text.size());
        internal_check(done, "cannot write to a file in memory");
    }

private:
    int descriptor;
};

AttributeFile &attribute_file() {
    static AttributeFile file;
    return file;
}

}  // namespace

bool compiled_for_zen4(const Halide::Target &target) {
    return target.has_feature(Halide::Target::AVX512_Zen4) &&
           !target.has_feature(Halide::Target::AVX512_SapphireRapids);
}

void compile_beside_others(const std::function<void()> &compile) {
    const std::shared_lock lock(attribute_file().mutex);
    compile();
}

void compile_without_sse4a(const Halide::Module &module, const std::function<void()> &compile) {
    AttributeFile &file = attribute_file();
    const std::unique_lock lock(file.mutex);
    std::string lines;
    for (const Halide::Internal::LoweredFunc &f : module.functions()) {
        lines += f.name + ",target-features=-sse4a\n";
    }
    file.set(lines);
    try {
        compile();
    } catch (...) {
        file.set("");
        throw;
    }
    file.set("");
}

bool may_have_sse4a(const std::string &code, bool object) {
    // 66 or f2, perhaps a REX prefix, 0f 78 or 79.
    static const std::regex kOpcode("[\x66\xf2][\x40-\x4f]?\x0f[\x78\x79]"), kMnemonic("\t(extrq|insertq)\t");
    return std::regex_search(code, object ? kOpcode : kMnemonic);
}

}  // namespace quantide
