#include "compiler/codegen/elf.h"

#include "compiler/codegen/elf_file.h"

#include <algorithm>
#include <map>

namespace quantide {

namespace {

bool is_global(const Elf64_Sym &symbol) {
    const auto bind = ELF64_ST_BIND(symbol.st_info);
    return symbol.st_name != 0 && (bind == STB_GLOBAL || bind == STB_WEAK);
}

ElfSymbol describe(const Elf64_Sym &symbol, std::string name) {
    const auto visibility = ELF64_ST_VISIBILITY(symbol.st_other);
    return {std::move(name), symbol.st_shndx != SHN_UNDEF,
            visibility == STV_HIDDEN || visibility == STV_INTERNAL};
}

/** Calls body(symbol, offset of the symbol in the file, its string section) for every symbol. */
template<typename Body>
void for_each_symbol(const ElfFile &file, const Body &body) {
    for (const Elf64_Shdr &table : file.sections) {
        if (table.sh_type != SHT_SYMTAB) {
            continue;
        }
        for (uint64_t at = sizeof(Elf64_Sym); at < table.sh_size; at += sizeof(Elf64_Sym)) {
            body(file.get<Elf64_Sym>(table.sh_offset + at), table.sh_offset + at, table.sh_link);
        }
    }
}

}  // namespace

std::vector<ElfSymbol> elf_symbols(const std::string &object) {
    const ElfFile file(object);
    std::vector<ElfSymbol> result;
    for_each_symbol(file, [&](const Elf64_Sym &symbol, uint64_t, uint32_t strings) {
        if (is_global(symbol)) {
            result.push_back(describe(symbol, file.name(file.sections.at(strings), symbol.st_name)));
        }
    });
    return result;
}

std::string edit_elf_symbols(const std::string &object,
                             const std::function<std::optional<ElfSymbol>(const ElfSymbol &)> &edit) {
    ElfFile file(object);
    const ElfFile old = file;

    // LLVM keeps section and symbol names in one table and shares their tails, so each table is made anew
    // at the end of the file and its old bytes are cleared.
    std::map<uint32_t, std::string> tables;
    auto intern = [&](uint32_t strings, const std::string &name) {
        std::string &table = tables.try_emplace(strings, 1, '\0').first->second;
        const auto at = static_cast<Elf64_Word>(table.size());
        table += name + '\0';
        return name.empty() ? Elf64_Word{0} : at;
    };
    std::map<std::string, std::string> renamed;
    for_each_symbol(old, [&](Elf64_Sym symbol, uint64_t at, uint32_t strings) {
        std::string name = old.name(old.sections.at(strings), symbol.st_name);
        if (is_global(symbol)) {
            if (auto edited = edit(describe(symbol, name))) {
                renamed[name] = edited->name;
                name = edited->name;
                symbol.st_other = edited->hidden ? STV_HIDDEN : STV_DEFAULT;
            }
        }
        symbol.st_name = intern(strings, name);
        file.put(at, symbol);
    });
    for (Elf64_Shdr &section : file.sections) {
        std::string name = old.name(old.sections.at(file.header.e_shstrndx), section.sh_name);
        // ".text.FUNCTION" and ".rela.text.FUNCTION"
        const size_t function = name.find(".text.") == std::string::npos ? 0 : name.find(".text.") + 6;
        if (const auto it = renamed.find(name.substr(function)); function != 0 && it != renamed.end()) {
            name.replace(function, std::string::npos, it->second);
        }
        section.sh_name = intern(file.header.e_shstrndx, name);
    }
    for (const auto &[index, table] : tables) {
        Elf64_Shdr &section = file.sections.at(index);
        file.bytes.replace(section.sh_offset, section.sh_size, section.sh_size, '\0');
        section.sh_offset = file.bytes.size();
        section.sh_size = table.size();
        file.bytes += table;
    }
    for (size_t i = 0; i < file.sections.size(); i++) {
        file.put(file.header.e_shoff + i * sizeof(Elf64_Shdr), file.sections[i]);
    }
    return file.bytes;
}

int64_t stack_frame_bytes(const std::string &object) {
    // What looks like such an instruction and is none would not be a frame that any thread has room for.
    constexpr int64_t kMostFrame = 1 << 26, kRegisters = 1024, kArmPage = 4096;
    const ElfFile file(object);
    const bool arm = file.header.e_machine == EM_AARCH64;
    int64_t most = 0, pages = 0;
    for (const Elf64_Shdr &section : file.sections) {
        if ((section.sh_flags & SHF_EXECINSTR) == 0 || section.sh_type == SHT_NOBITS) {
            continue;
        }
        const uint64_t end = section.sh_offset + section.sh_size;
        for (uint64_t at = section.sh_offset; at + (arm ? 4 : 7) <= end; at += arm ? 4 : 1) {
            const auto word = file.get<uint32_t>(at);
            if (arm && (word & 0xFF8003FF) == 0xD10003FF) {  // sub sp, sp, #n{, lsl #12}
                const int64_t n = word >> 10 & 0xFFF;
                if ((word >> 22 & 1) != 0) {
                    pages = std::max(pages, n * kArmPage);
                } else {
                    most = std::max(most, n);
                }
            } else if (!arm && (word & 0xFFFFFF) == 0xEC8148) {  // sub $n, %rsp
                const int64_t n = file.get<int32_t>(at + 3);
                most = n < kMostFrame ? std::max(most, n) : most;
            }
        }
    }
    return most + pages + kRegisters;
}

}  // namespace quantide
