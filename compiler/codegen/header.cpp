#include "compiler/codegen/header.h"

#include "compiler/base/error.h"
#include "compiler/base/integers.h"
#include "compiler/base/version.h"
#include "compiler/codegen/program_module.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <cmath>

namespace quantide {

namespace {

/** An input or an output as C code sees it. */
struct Parameter {
    std::string name;     ///< "in"
    std::string type;     ///< "uint8_t"
    int64_t elements;     ///< of C's type, an image
    std::string meaning;  ///< lines of a comment
};

std::string c_type(ElementType memory) {
    if (memory.is_float()) {
        internal_check(memory.bits == 32, "a library's floats are float32");
        return "float";
    }
    return fmt::format("{}int{}_t", memory.kind == ElementType::Kind::UInt ? "u" : "", memory.bits);
}

bool packed(const Value &value) { return packs_bits(value.type, value.layout); }

std::string describe_codes(const Value &value, bool input) {
    if (value.encoding.plain()) {
        return input ? "The numbers that the network was trained on, without a scale."
                     : "What the last layer gives. Where the network tells classes apart: one score a class, "
                       "the\nhighest for the likeliest.";
    }
    const IntegerView view = integer_view(value.encoding);
    auto real = [&](int64_t code) { return view.scale * static_cast<float>(view(code)) + view.offset; };
    const int64_t last = (int64_t{1} << value.type.bits) - 1;
    if (packed(value)) {
        return fmt::format(
            "Bit i of word w of a row is element 32 w + i of {}; the bits after the last are 0.\n"
            "Bit 0 stands for {}, bit 1 for {}.",
            value.shape.back(), real(0), real(1));
    }
    return fmt::format(
        "Codes from 0 to {}, all allowed: code c stands for the number {} * c {} {}\n"
        "(0 is {}, 1 is {}, {} is {}).",
        last, view.scale * static_cast<float>(view.multipliers[0]), real(0) < 0 ? '-' : '+',
        std::abs(real(0)), real(0), real(1), last, real(last));
}

Parameter describe_parameter(const std::string &name, const Value &value, bool input) {
    Parameter p{name, c_type(memory_type(value)), 1, ""};
    std::string shape;
    for (size_t i = 0; i < value.shape.size(); i++) {
        int64_t extent = value.shape[i];
        if (packed(value) && i + 1 == value.shape.size()) {
            extent = divide_up(extent, 32);
        }
        shape += extent == kBatch ? "[batch]" : fmt::format("[{}]", extent);
        p.elements *= extent == kBatch ? 1 : extent;
    }
    p.meaning = fmt::format("\"{}\": {} {}{}, row-major; image b starts at {} + {} * b.\n{}", value.name,
                            p.type, name, shape, name, p.elements, describe_codes(value, input));
    return p;
}

/** The lines of `text`, all but the first behind `indent`. */
std::string indented(const std::string &text, const std::string &indent) {
    std::string result;
    for (char c : text) {
        result += c;
        result += c == '\n' ? indent : "";
    }
    return result;
}

std::string upper(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::toupper(c); });
    return text;
}

/** The header speaks of the stack in whole ones. */
constexpr int64_t kStackUnit = 16 << 10;

std::string introduction(const std::string &network, const Target &target, bool parallel, int64_t stack_bytes,
                         const std::vector<Parameter> &inputs, const std::vector<Parameter> &outputs) {
    std::string text = fmt::format(
        "/* The neural network \"{}\" as a C library, made by Quantide {} for {}.\n *\n * It has code for:\n",
        network, kVersion, target.architecture == "arm-64" ? "64-bit Arm Linux" : "64-bit x86 Linux");
    for (const CpuLevel *level : target.levels) {
        text += fmt::format(" *     {:<10}{}\n", level->name, level->summary);
    }
    text += target.levels.size() > 1
                ? " * and picks the first of these that the CPU has when it is first called.\n"
                : fmt::format(" * On a CPU that lacks any of it calls return {}_UNSUPPORTED_CPU.\n",
                              upper(network));
    for (const auto *list : {&inputs, &outputs}) {
        text += list == &inputs ? " *\n * Input\n" : " *\n * Output\n";
        for (const Parameter &p : *list) {
            text += fmt::format(" *     {}\n", indented(p.meaning, " *     "));
        }
    }
    text += fmt::format(R"( *
 * Memory: the caller's, and up to {} KiB of stack. A call allocates nothing, keeps nothing and {}.
 * Several threads may call at once, each with an output and a scratch of its own; there is nothing to set up.
 *
 * Link, with this folder as DIR: cc -IDIR main.c DIR/lib{}.a{}
 *
 * Example, without the wrapper that allocates:
 *
 *     static {} in[{}];
 *     static {} out[{}];
 *     void *block = malloc({}_scratch_bytes(1) + 63);
 *     void *scratch = (void *)(((uintptr_t)block + 63) & ~(uintptr_t)63);
 *     int status = {}_run(in, out, scratch, 1);
 *     if (status != {}_OK) fprintf(stderr, "%s\n", {}_status_string(status));
 */
)",
                        round_up(stack_bytes, kStackUnit) >> 10,
                        parallel ? "uses threads that the first call starts" : "starts no threads", network,
                        parallel ? " -pthread -ldl" : "", inputs[0].type, inputs[0].elements, outputs[0].type,
                        outputs[0].elements, network, network, upper(network), network);
    return text;
}

}  // namespace

std::string make_header(const Program &program, const std::string &network, const Target &target,
                        bool parallel, int64_t stack_bytes) {
    const std::string big = upper(network);
    const std::vector<std::string> names = parameter_names(program);
    std::vector<Parameter> inputs, outputs;
    std::vector<std::string> declarations, arguments;
    std::string sizes;
    for (size_t i = 0; i < names.size(); i++) {
        const bool input = i < program.inputs.size();
        const ValueId id = input ? program.inputs[i] : program.outputs[i - program.inputs.size()];
        const Parameter p = describe_parameter(names[i], program.graph.value(id), input);
        (input ? inputs : outputs).push_back(p);
        declarations.push_back(fmt::format("{}{} *{}", input ? "const " : "", p.type, p.name));
        arguments.push_back(p.name);
        sizes += fmt::format("/* Elements of `{}` an image. */\n#define {}_{}_ELEMENTS {}\n", p.name, big,
                             upper(p.name), p.elements);
    }
    internal_check(!inputs.empty() && !outputs.empty(), "network {} lacks an input or an output", network);

    std::string statuses;
    for (const StatusText &s : all_statuses()) {
        statuses +=
            fmt::format("    {}_{} = {}, /* {} */\n", big, s.name, static_cast<int>(s.status), s.summary);
    }
    statuses.erase(statuses.find_last_of(','), 1);  // C++98 has no comma after the last

    auto text = introduction(network, target, parallel, stack_bytes, inputs, outputs);
    text += fmt::format(R"(#ifndef {0}_H
#define {0}_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

{1}/* The largest batch of one call. */
#define {0}_MAX_BATCH {2}

#ifdef __cplusplus
extern "C" {{
#endif

/* What the functions that return int return; any other value is an error inside a kernel. */
enum {3}_status {{
{4}}};

/* Bytes of scratch for a batch: {5} * batch; 0 if the batch is below 1 or above {0}_MAX_BATCH. */
size_t {3}_scratch_bytes(int32_t batch);

/* Evaluates `batch` images. `scratch` must be aligned to 64 bytes, the others as their types are, and none may
 * overlap; what scratch held before does not matter. Returns {0}_OK, or another status and an unspecified output. */
int {3}_run({6}, void *scratch, int32_t batch);

/* One line of static text for a status. */
const char *{3}_status_string(int status);

/* Who made the library and of which network; static text. */
const char *{3}_version(void);

/* The name of the code that this CPU runs, of those listed above; "unsupported" if it can run none. */
const char *{3}_cpu_level(void);

/* Bytes of weights and other constants inside the library. */
size_t {3}_weight_bytes(void);
)",
                        big, sizes, max_batch(program), network, statuses, scratch_bytes_per_image(program),
                        fmt::join(declarations, ", "));
    if (parallel) {
        text += fmt::format(R"(
/* Sets the number of threads that calls share, the calling one included; 0 stands for one a CPU. Returns the
 * number before. The environment variable HL_NUM_THREADS sets the number at the start. */
int {}_set_num_threads(int threads);
)",
                            network);
    }
    text += fmt::format(R"(
/* The same as {0}_run with scratch from malloc. */
static inline int {0}_run_alloc({2}, int32_t batch)
{{
    const size_t bytes = {0}_scratch_bytes(batch);
    void *block;
    int status;
    if (bytes == 0) {{
        return {1}_BAD_BATCH;
    }}
    block = malloc(bytes + 63);
    if (block == NULL) {{
        return {1}_OUT_OF_MEMORY;
    }}
    status = {0}_run({3}, (void *)(((uintptr_t)block + 63) & ~(uintptr_t)63), batch);
    free(block);
    return status;
}}

#ifdef __cplusplus
}}
#endif

#endif
)",
                        network, big, fmt::join(declarations, ", "), fmt::join(arguments, ", "));
    return text;
}

}  // namespace quantide
