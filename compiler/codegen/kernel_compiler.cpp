#include "compiler/codegen/kernel_compiler.h"

#include "compiler/base/error.h"
#include "compiler/codegen/elf.h"
#include "compiler/codegen/ice_lake.h"
#include "runtime/parallel.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <map>
#include <mutex>
#include <system_error>

namespace quantide {

namespace {

/** A file in memory that has a path: Halide writes to paths only. */
class MemoryFile {
public:
    MemoryFile() : descriptor(memfd_create("quantide", MFD_CLOEXEC)) {
        internal_check(descriptor >= 0, "memfd_create failed");
    }
    ~MemoryFile() { close(descriptor); }
    MemoryFile(const MemoryFile &) = delete;
    MemoryFile &operator=(const MemoryFile &) = delete;

    std::string path() const { return fmt::format("/proc/self/fd/{}", descriptor); }

    std::string content() const {
        const off_t size = lseek(descriptor, 0, SEEK_END);
        internal_check(size > 0, "Halide wrote nothing");
        std::string bytes(static_cast<size_t>(size), '\0');
        const ssize_t got = pread(descriptor, bytes.data(), bytes.size(), 0);
        internal_check(got == size, "cannot read back what Halide wrote");
        return bytes;
    }

private:
    int descriptor;
};

/** Where these are missing, LLVM ends the process and Halide speaks of its own mistake. */
void check_room() {
    constexpr rlim_t kMostCode = rlim_t{1} << 24;
    rlimit limit{};
    getrlimit(RLIMIT_FSIZE, &limit);
    user_check(limit.rlim_cur >= kMostCode,
               "compiled code: expected files of {} bytes to be allowed (ulimit -f), found a limit of {}",
               kMostCode, limit.rlim_cur);
    char folder[] = "/tmp/quantide-XXXXXX";
    user_check(mkdtemp(folder) != nullptr, "/tmp: cannot make a temporary folder here: {}",
               std::generic_category().message(errno));
    rmdir(folder);
}

/** Checks it once a process. */
void check_room_once() {
    static std::once_flag checked;
    std::call_once(checked, check_room);
}

std::string halide_version() {
    return fmt::format("halide {}.{}.{}", HALIDE_VERSION_MAJOR, HALIDE_VERSION_MINOR, HALIDE_VERSION_PATCH);
}

std::string cache_key(const KernelRequest &request) {
    const LowerOptions &o = request.options;
    return fmt::format("kernel 5\n{}\n{}{}\nbatch {} parallel {} strict_float {}\n{}", halide_version(),
                       o.level->architecture, o.level->features, o.batch.value_or(0), o.parallel,
                       o.strict_float, request.signature);
}

/** A call allocates nothing and needs libc alone, so code that would is our mistake. */
void check_needs(const std::string &object, const KernelRequest &request) {
    static constexpr std::array kLibc = {"memset", "memcpy", "memmove"};
    for (const ElfSymbol &symbol : elf_symbols(object)) {
        const bool fine = symbol.defined || std::count(kLibc.begin(), kLibc.end(), symbol.name) != 0 ||
                          (request.options.parallel && symbol.name == "halide_do_par_for");
        internal_check(fine, "code for {} calls {}, which a library must not need; kernel: {}",
                       request.options.level->name, symbol.name, request.signature);
    }
}

}  // namespace

std::string compile_module(const Halide::Module &module, CodeFormat format) {
    check_room_once();
    const bool object = format == CodeFormat::Object;
    const auto write = [&](const auto &run) {
        const MemoryFile file;
        const auto type = object ? Halide::OutputFileType::object : Halide::OutputFileType::assembly;
        run([&] { module.compile({{type, file.path()}}); });
        return file.content();
    };
    std::string code = write(compile_beside_others);
    if (!compiled_for_zen4(module.target()) || !may_have_sse4a(code, object)) {
        return code;
    }
    return write([&](const auto &compile) { compile_without_sse4a(module, compile); });
}

std::string compile_kernel(const Kernel &kernel, const std::string &name, CodeFormat format) {
    return made_by_halide(kernel.signature, [&] {
        const std::vector<Halide::Argument> arguments(kernel.inputs.begin(), kernel.inputs.end());
        return compile_module(make_pipeline(kernel).compile_to_module(arguments, name, kernel.target,
                                                                      Halide::LinkageType::External),
                              format);
    });
}

CompiledKernels compile_kernels(const std::vector<KernelRequest> &requests, const CodeCache &cache,
                                int threads) {
    std::map<std::string, size_t> index;  // key -> place in `distinct`
    std::vector<const KernelRequest *> distinct;
    std::vector<std::string> keys;
    std::vector<size_t> place;
    for (const KernelRequest &request : requests) {
        const auto [it, fresh] = index.emplace(cache_key(request), distinct.size());
        if (fresh) {
            distinct.push_back(&request);
            keys.push_back(it->first);
        }
        place.push_back(it->second);
    }

    std::vector<std::string> objects(distinct.size());
    std::vector<size_t> missing;
    for (size_t i = 0; i < distinct.size(); i++) {
        if (auto object = cache.load(keys[i])) {
            objects[i] = std::move(*object);
        } else {
            missing.push_back(i);
        }
    }
    parallel_for(missing.size(), threads, [&](size_t k) {
        const size_t i = missing[k];
        objects[i] = compile_kernel(distinct[i]->build(), kKernelFunction);
        check_needs(objects[i], *distinct[i]);
        cache.store(keys[i], objects[i]);
    });

    CompiledKernels result;
    result.distinct = static_cast<int>(distinct.size());
    result.compiled = static_cast<int>(missing.size());
    for (size_t i : place) {
        result.objects.push_back(objects[i]);
    }
    return result;
}

std::string compile_runtime(const std::string &architecture, const CodeCache &cache) {
    const Halide::Target target(architecture + "-linux");
    const std::string key = fmt::format("runtime\n{}\n{}", halide_version(), target.to_string());
    if (auto object = cache.load(key)) {
        return *object;
    }
    check_room_once();
    const MemoryFile file;
    compile_beside_others([&] { Halide::compile_standalone_runtime(file.path(), target); });
    std::string object = file.content();
    cache.store(key, object);
    return object;
}

}  // namespace quantide
