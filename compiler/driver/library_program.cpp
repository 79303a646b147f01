#include "compiler/driver/library_program.h"

#include "compiler/base/file.h"
#include "compiler/codegen/library.h"
#include "runtime/cpu_features.h"

#include <dlfcn.h>

#include <cstdlib>
#include <cstring>

namespace quantide {

namespace {

constexpr const char *kName = "network";

// Reads the images in a file, runs the library over them and writes the scores to another.
constexpr const char *kMain = R"(#include "network.h"
#include <stdio.h>

enum {{ kRows = 100, kInputBytes = {}, kOutputBytes = {} }};

static int fail(const char *why) {{
    fprintf(stderr, "%s\n", why);
    return 1;
}}

int main(int argc, char **argv) {{
    void *in = malloc((size_t)kRows * kInputBytes), *out = malloc((size_t)kRows * kOutputBytes);
    FILE *from = argc == 3 ? fopen(argv[1], "rb") : NULL, *to = argc == 3 ? fopen(argv[2], "wb") : NULL;
    size_t rows;
    if (!in || !out || !from || !to) {{
        return fail("expected two files");
    }}
    while ((rows = fread(in, kInputBytes, kRows, from)) > 0) {{
        const int status = network_run_alloc(in, out, (int32_t)rows);
        if (status != NETWORK_OK) {{
            return fail(network_status_string(status));
        }}
        if (fwrite(out, kOutputBytes, rows, to) != rows) {{
            return fail("cannot write the scores");
        }}
    }}
    return fclose(to) == 0 ? 0 : fail("cannot write the scores");
}}
)";

/** Whether the first word of a shell command is a command here. */
bool have_command(const std::string &command) {
    const std::string word = shell_quote(command.substr(0, command.find(' ')));
    return std::system(fmt::format("command -v {} >/dev/null 2>&1", word).c_str()) == 0;
}

/** Writes network.h and libnetwork.a. */
void write_named_library(Program program, const Target &target, bool parallel, const std::string &folder) {
    fmt::print(stderr, "compiling a library for {}\n", target.name);
    program.graph.name = kName;
    LibraryOptions options;
    options.target = target;
    options.parallel = parallel;
    write_library(compile_library(program, options), folder);
    warn_of_problem(options.cache);
}

int64_t row_bytes(const Value &value) { return byte_count(value.shape, value.type, value.layout, 1); }

}  // namespace

void warn_of_problem(const CodeCache &cache) {
    const std::string problem = cache.problem();
    if (!problem.empty()) {
        fmt::print(stderr, "quantide: warning: compiled kernels are not kept: {}\n", problem);
    }
}

Toolchain find_toolchain(const Target &target, const Toolchain &wanted) {
    const bool native = target.architecture == host_architecture();
    const std::string machine = target.architecture == "arm-64" ? "aarch64" : "x86_64";
    Toolchain result = wanted;
    for (const std::string *given : {&wanted.compiler, &wanted.runner}) {
        user_check(given->empty() || have_command(*given),
                   "target {}: expected a command of this machine, found '{}'", target.name, *given);
    }
    if (result.compiler.empty()) {
        result.compiler = native ? "cc" : machine + "-linux-gnu-gcc";
        user_check(have_command(result.compiler),
                   "target {}: expected a C compiler {}, found none; --cc names another", target.name,
                   result.compiler);
    }
    if (result.runner.empty() && !native) {
        result.runner = "qemu-" + machine;
        user_check(have_command(result.runner),
                   "target {}: expected {} to run its code, found none; --runner names another", target.name,
                   result.runner);
    }
    return result;
}

Array run_library(const Program &program, const Target &target, const Toolchain &toolchain,
                  const Array &inputs) {
    const ScratchFolder folder;
    write_named_library(program, target, false, folder.path());

    const Value &input = program.graph.value(program.inputs.at(0)),
                &output = program.graph.value(program.outputs.at(0));
    write_file(folder / "main.c", fmt::format(kMain, row_bytes(input), row_bytes(output)));
    write_file(folder / "in", {reinterpret_cast<const char *>(inputs.bytes.data()), inputs.bytes.size()});
    const std::string log = folder / "log", folder_word = shell_quote(folder.path());
    // Static, so that an emulator needs no libraries of the target.
    run_shell("the C compiler '" + toolchain.compiler + "'",
              fmt::format("cd {} && {} -std=c99 -O1 -Wall -Werror -static -o run main.c lib{}.a", folder_word,
                          toolchain.compiler, kName),
              log);
    run_shell("the library's program", fmt::format("cd {} && {} ./run in out", folder_word, toolchain.runner),
              log);

    Array scores(output.type, {inputs.shape.at(0), output.shape.at(1)});
    const std::string bytes = read_file(folder / "out");
    user_check(bytes.size() == scores.bytes.size(),
               "the library's program: expected {} bytes of scores, found {}", scores.bytes.size(),
               bytes.size());
    std::memcpy(scores.bytes.data(), bytes.data(), bytes.size());
    return scores;
}

LoadedLibrary::LoadedLibrary(const Program &program, const Target &target, bool parallel) {
    const Toolchain toolchain = find_toolchain(target, {});
    const ScratchFolder folder;
    write_named_library(program, target, parallel, folder.path());
    run_shell(
        "the C compiler '" + toolchain.compiler + "'",
        fmt::format(
            "cd {} && {} -shared -pthread -o network.so -Wl,--whole-archive lib{}.a -Wl,--no-whole-archive",
            shell_quote(folder.path()), toolchain.compiler, kName),
        folder / "log");
    handle_ = ::dlopen((folder / "network.so").c_str(), RTLD_NOW | RTLD_LOCAL);
    internal_check(handle_ != nullptr, "the library does not load: {}", ::dlerror());
    scratch_bytes_ = reinterpret_cast<decltype(scratch_bytes_)>(::dlsym(handle_, "network_scratch_bytes"));
    run_ = reinterpret_cast<decltype(run_)>(::dlsym(handle_, "network_run"));
    internal_check(scratch_bytes_ != nullptr && run_ != nullptr, "the library lacks its functions");
}

LoadedLibrary::~LoadedLibrary() { ::dlclose(handle_); }

}  // namespace quantide
