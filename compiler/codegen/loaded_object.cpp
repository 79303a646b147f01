#include "compiler/codegen/loaded_object.h"

#include "compiler/base/integers.h"
#include "compiler/codegen/elf_file.h"

#include <sys/mman.h>

namespace quantide {

namespace {

/** What a symbol has in memory beside the object: `jmp *2(%rip)`, two bytes, and its address. Code reaches a
 * symbol by the jump or by the address, wherever it is. */
struct Entry {
    uint16_t jump = 0x25ff;
    uint16_t distance_low = 2, distance_high = 0, unused = 0;
    uint64_t address = 0;
};
static_assert(sizeof(Entry) == 16);

constexpr bool is_loaded(const Elf64_Shdr &section) { return (section.sh_flags & SHF_ALLOC) != 0; }

/** Where the parts of an object go. */
struct Places {
    std::vector<uint64_t> sections;
    uint64_t entries = 0;  ///< one for each symbol
    uint64_t size = 0;

    Places(const ElfFile &file, uint64_t symbols) {
        for (const Elf64_Shdr &section : file.sections) {
            size = round_up(size, std::max<uint64_t>(section.sh_addralign, 1));
            sections.push_back(size);
            size += is_loaded(section) ? section.sh_size : 0;
        }
        entries = round_up(size, sizeof(Entry));
        size = entries + symbols * sizeof(Entry);
    }
    uint64_t entry(uint64_t symbol) const { return entries + symbol * sizeof(Entry); }
};

/** The section of the symbols of an object whose data do not change. */
const Elf64_Shdr &symbols_of(const ElfFile &file) {
    const Elf64_Shdr *table = nullptr;
    for (const Elf64_Shdr &section : file.sections) {
        table = section.sh_type == SHT_SYMTAB ? &section : table;
        const bool changes = is_loaded(section) && (section.sh_flags & SHF_WRITE) != 0 && section.sh_size > 0;
        const std::string name =
            changes ? file.name(file.sections.at(file.header.e_shstrndx), section.sh_name) : "";
        internal_check(!changes || name.rfind(".data.rel.ro", 0) == 0, "an object with data that change: {}",
                       name);
    }
    internal_check(file.header.e_machine == EM_X86_64 && table != nullptr,
                   "expected an object for x86-64 with symbols");
    return *table;
}

std::shared_ptr<std::byte> map_memory(uint64_t size) {
    void *mapped = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    internal_check(mapped != MAP_FAILED, "no memory for {} bytes of code", size);
    return {static_cast<std::byte *>(mapped), [size](std::byte *start) { munmap(start, size); }};
}

/** Where the symbols of an object are. */
struct Symbols {
    const ElfFile &file;
    const Elf64_Shdr &table;
    std::vector<uint64_t> addresses;

    Elf64_Sym at(uint64_t i) const {
        internal_check(i < addresses.size(), "ELF object has a relocation without a symbol");
        return file.get<Elf64_Sym>(table.sh_offset + i * sizeof(Elf64_Sym));
    }
};

void relocate(std::byte *memory, const Places &places, const Symbols &symbols, uint64_t section,
              const Elf64_Rela &relocation) {
    const uint64_t number = ELF64_R_SYM(relocation.r_info);
    const bool outside = symbols.at(number).st_shndx == SHN_UNDEF;
    const auto base = reinterpret_cast<uint64_t>(memory), type = ELF64_R_TYPE(relocation.r_info),
               place = places.sections.at(section) + relocation.r_offset, here = base + place,
               address = symbols.addresses[number], entry = base + places.entry(number);
    uint64_t value = static_cast<uint64_t>(relocation.r_addend);
    size_t bytes = sizeof(uint32_t);
    switch (type) {
        case R_X86_64_64:
            value += address;
            bytes = sizeof(uint64_t);
            break;
        case R_X86_64_PC64:
            value += address - here;
            bytes = sizeof(uint64_t);
            break;
        case R_X86_64_PC32:
        case R_X86_64_PLT32:
            value += (outside ? entry : address) - here;
            break;
        case R_X86_64_GOTPCREL:
        case R_X86_64_GOTPCRELX:
        case R_X86_64_REX_GOTPCRELX:
            value += entry + offsetof(Entry, address) - here;
            break;
        default:
            throw InternalError(fmt::format("an object with relocations of type {}", type));
    }
    internal_check(place <= places.entries && bytes <= places.entries - place,
                   "ELF object has a relocation outside its sections");
    internal_check(bytes == sizeof(uint64_t) ||
                       static_cast<int64_t>(value) == static_cast<int32_t>(static_cast<uint32_t>(value)),
                   "code that is too far from its symbols");
    std::memcpy(memory + place, &value, bytes);
}

}  // namespace

LoadedObject::LoadedObject(const std::string &object,
                           const std::function<void *(const std::string &)> &resolve) {
    const ElfFile file(object);
    const Elf64_Shdr &table = symbols_of(file), &strings = file.sections.at(table.sh_link);
    Symbols symbols{file, table, std::vector<uint64_t>(table.sh_size / sizeof(Elf64_Sym))};
    const Places places(file, symbols.addresses.size());
    memory = map_memory(places.size);
    const auto base = reinterpret_cast<uint64_t>(memory.get());

    for (size_t i = 0; i < file.sections.size(); ++i) {
        const Elf64_Shdr &section = file.sections[i];
        if (is_loaded(section) && section.sh_type != SHT_NOBITS) {
            internal_check(
                section.sh_offset <= object.size() && section.sh_size <= object.size() - section.sh_offset,
                "ELF object is truncated");
            std::memcpy(memory.get() + places.sections[i], object.data() + section.sh_offset,
                        section.sh_size);
        }
    }
    for (uint64_t i = 1; i < symbols.addresses.size(); ++i) {
        const Elf64_Sym symbol = symbols.at(i);
        const std::string name = file.name(strings, symbol.st_name);
        uint64_t &address = symbols.addresses[i];
        if (symbol.st_shndx == SHN_UNDEF) {
            address = reinterpret_cast<uint64_t>(resolve(name));
            internal_check(address != 0, "code needs {}, which is nowhere", name);
        } else if (symbol.st_shndx < file.sections.size()) {
            address = base + places.sections[symbol.st_shndx] + symbol.st_value;
            defined[name] = reinterpret_cast<void *>(address);
        }
        const Entry entry{.address = address};
        std::memcpy(memory.get() + places.entry(i), &entry, sizeof entry);
    }
    for (const Elf64_Shdr &section : file.sections) {
        internal_check(section.sh_type != SHT_REL, "an object with relocations without addends");
        if (section.sh_type != SHT_RELA || !is_loaded(file.sections.at(section.sh_info))) {
            continue;
        }
        for (uint64_t at = 0; at < section.sh_size; at += sizeof(Elf64_Rela)) {
            relocate(memory.get(), places, symbols, section.sh_info,
                     file.get<Elf64_Rela>(section.sh_offset + at));
        }
    }
    internal_check(mprotect(memory.get(), places.size, PROT_READ | PROT_EXEC) == 0,
                   "memory that may not become code");
}

void *LoadedObject::function(const std::string &name) const {
    const auto found = defined.find(name);
    internal_check(found != defined.end(), "an object without {}", name);
    return found->second;
}

}  // namespace quantide
