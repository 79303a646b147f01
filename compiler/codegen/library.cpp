#include "compiler/codegen/library.h"

#include "compiler/base/error.h"
#include "compiler/base/file.h"
#include "compiler/base/version.h"
#include "compiler/codegen/archive.h"
#include "compiler/codegen/elf.h"
#include "compiler/codegen/header.h"
#include "compiler/codegen/kernel_compiler.h"
#include "compiler/codegen/program_module.h"
#include "compiler/codegen/stubs.h"
#include "compiler/lower/group_lowering.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <set>

namespace quantide {

namespace {

constexpr size_t kTextBytes = 128;  // of one entry in a table of texts

void check_name(const std::string &name) {
    auto letter = [](unsigned char c) { return (std::isalnum(c) != 0 && c < 128) || c == '_'; };
    user_check(!name.empty() && std::all_of(name.begin(), name.end(), letter) && std::isdigit(name[0]) == 0,
               "network '{}': expected a name of letters, digits and _, as in C", name);
}

/** Equal-sized entries, so that an index finds one. */
std::string text_table(const std::vector<std::string> &texts) {
    std::string table;
    for (const std::string &text : texts) {
        internal_check(text.size() < kTextBytes, "text of {} bytes is too long", text.size());
        table += text + std::string(kTextBytes - text.size(), '\0');
    }
    return table;
}

/** The constants, the texts, and the functions that return them. */
class DataObject {
public:
    DataObject(const Program &program, const std::string &network, const Target &target)
        : architecture(target.architecture), writer(architecture) {
        writer.add_data({});  // all offsets count from here
        for (ValueId id : program.constants) {
            const auto &bytes = program.graph.constants.at(id)->bytes;
            constant_offsets.push_back(writer.add_data(bytes));
            constant_bytes += static_cast<int64_t>(bytes.size());
        }
        writer.add_function(constants_symbol(network), return_address(architecture, writer.data_symbol(), 0),
                            true);
        add_functions(program, network, target);
    }

    std::string finish() const { return writer.finish(); }

    std::vector<int64_t> constant_offsets;
    int64_t constant_bytes = 0;

private:
    std::string architecture;
    ObjectWriter writer;

    std::pair<int, int64_t> add_texts(const std::vector<std::string> &texts) {
        const std::string table = text_table(texts);
        return {writer.data_symbol(), writer.add_data(std::as_bytes(std::span(table)))};
    }

    void add_functions(const Program &program, const std::string &network, const Target &target) {
        auto add = [&](const char *name, const Code &code) {
            writer.add_function(network + name, code, false);
        };

        add("_scratch_bytes",
            return_scaled_index(architecture,
                                {.last = static_cast<uint32_t>(max_batch(program)),
                                 .otherwise = 0,
                                 .stride = static_cast<uint64_t>(scratch_bytes_per_image(program)),
                                 .table = {},
                                 .call = {}}));
        std::vector<std::string> statuses;
        for (const StatusText &s : all_statuses()) {
            statuses.emplace_back(s.summary);
        }
        statuses.emplace_back("a kernel failed");
        add("_status_string", index_text(statuses, {}));

        std::vector<std::string> levels;
        for (const CpuLevel *level : target.levels) {
            levels.emplace_back(level->name);
        }
        levels.emplace_back("unsupported");
        add("_cpu_level", index_text(levels, writer.add_external(level_symbol(network))));

        const auto version =
            add_texts({fmt::format("quantide {}, network {:.60}, {}", kVersion, network, target.name)});
        add("_version", return_address(architecture, version.first, version.second));
        add("_weight_bytes", return_constant(architecture, static_cast<uint64_t>(constant_bytes)));
    }

    /** The text of an index, the last one for an index beyond. */
    Code index_text(const std::vector<std::string> &texts, std::optional<int> call) {
        const auto last = static_cast<uint32_t>(texts.size() - 1);
        return return_scaled_index(
            architecture,
            {.last = last, .otherwise = last, .stride = kTextBytes, .table = add_texts(texts), .call = call});
    }
};

/** A kernel's object with the network's names; what parallel loops call is the library's own run-time. */
std::string name_kernel(const std::string &object, const std::string &network, const std::string &symbol) {
    int closures = 0;
    return edit_elf_symbols(object, [&](const ElfSymbol &s) -> std::optional<ElfSymbol> {
        if (s.name == kKernelFunction) {
            return ElfSymbol{symbol, true, true};
        }
        if (s.defined) {
            return ElfSymbol{fmt::format("{}_closure{}", symbol, closures++), true, true};
        }
        if (s.name.starts_with("halide_")) {
            return ElfSymbol{network + "_" + s.name, false, true};
        }
        return std::nullopt;
    });
}

std::string name_runtime(const std::string &object, const std::string &network) {
    return edit_elf_symbols(object, [&](const ElfSymbol &s) -> std::optional<ElfSymbol> {
        if (s.name == "halide_set_num_threads") {
            return ElfSymbol{network + "_set_num_threads", true, false};
        }
        return s.defined ? std::optional(ElfSymbol{network + "_" + s.name, true, true}) : std::nullopt;
    });
}

std::string hide_all_but(const std::string &object, const std::string &name) {
    return edit_elf_symbols(object, [&](const ElfSymbol &s) -> std::optional<ElfSymbol> {
        return s.defined && s.name != name ? std::optional(ElfSymbol{s.name, true, true}) : std::nullopt;
    });
}

std::string program_object(const Program &program, const Target &target, const std::vector<int64_t> &offsets,
                           const CodeCache &cache) {
    const std::string &network = program.graph.name;
    const std::string key = program_text(program, network, target, offsets);
    if (auto object = cache.load(key)) {
        return *object;
    }
    std::string object = compile_program(program, network, target, offsets);
    cache.store(key, object);
    return object;
}

}  // namespace

Library compile_library(const Program &program, const LibraryOptions &options) {
    const std::string &network = program.graph.name;
    check_name(network);
    internal_check(program.states.empty(), "network {}: a library has no state", network);
    const Target &target = options.target;
    const LowerGroup lower = options.lower != nullptr ? options.lower : lower_group;

    std::vector<KernelRequest> requests;
    std::vector<std::string> symbols;
    for (const CpuLevel *level : target.levels) {
        for (size_t kernel = 0; kernel < program.groups.size(); ++kernel) {
            const int group = program.groups[kernel];
            const LowerOptions wanted{level, std::nullopt, options.parallel, true};
            for (const KernelVariant &variant : kernel_variants(program.graph, group, wanted)) {
                const std::string symbol = kernel_symbol(network, static_cast<int>(kernel),
                                                         *variant.options.level, variant.least_batch > 1);
                if (std::find(symbols.begin(), symbols.end(), symbol) == symbols.end()) {
                    const LowerOptions &how = variant.options;
                    requests.push_back({group_signature(program.graph, group, how), how,
                                        [=, &program] { return lower(program.graph, group, how); }});
                    symbols.push_back(symbol);
                }
            }
        }
    }
    const CompiledKernels kernels = compile_kernels(requests, options.cache, options.threads);
    const DataObject data(program, network, target);

    std::vector<ArchiveMember> members;
    auto add = [&](const std::string &name, std::string object) {
        members.push_back({name + ".o", std::move(object)});
    };
    const std::string calls = program_object(program, target, data.constant_offsets, options.cache);
    add(network, hide_all_but(calls, network + "_run"));
    add(network + "_data", data.finish());
    int64_t most = 0;
    for (size_t i = 0; i < symbols.size(); i++) {
        most = std::max(most, stack_frame_bytes(kernels.objects[i]));
        add(symbols[i], name_kernel(kernels.objects[i], network, symbols[i]));
    }
    // A call's entry and the program of a level; a kernel, and the body of a parallel loop in it.
    const int64_t stack_bytes = 2 * stack_frame_bytes(calls) + (options.parallel ? 2 : 1) * most;
    if (options.parallel) {
        add(network + "_runtime", name_runtime(compile_runtime(target.architecture, options.cache), network));
    }
    return {network,
            make_header(program, network, target, options.parallel, stack_bytes),
            make_archive(members),
            kernels.distinct,
            kernels.compiled,
            data.constant_bytes};
}

void write_library(const Library &library, const std::string &directory) {
    user_check(!directory.empty(), "library '{}': expected the name of a directory, found ''", library.name);
    std::error_code error;
    std::filesystem::create_directories(directory, error);
    user_check(!error, "{}: cannot make this directory: {}", directory, error.message());
    const std::string_view archive = library.archive, header = library.header;
    StagedFile staged_archive(directory + "/lib" + library.name + ".a", std::span(&archive, 1));
    StagedFile staged_header(directory + "/" + library.name + ".h", std::span(&header, 1));
    staged_archive.commit();
    staged_header.commit();
}

}  // namespace quantide
