#include "compiler/codegen/object_writer.h"

#include "compiler/base/integers.h"

#include <elf.h>

#include <cstring>

namespace quantide {

namespace {

constexpr size_t kDataAlignment = 64, kCodeAlignment = 16;

void pad(std::string &bytes, size_t alignment) { bytes.resize(round_up(bytes.size(), alignment)); }

template<typename T>
void append(std::string &bytes, const T &value) {
    bytes.append(reinterpret_cast<const char *>(&value), sizeof value);
}

/** Sections in the order of their headers; the first is the null section that ELF wants. */
struct Sections {
    std::string names = std::string(1, '\0');
    std::string content;
    std::vector<Elf64_Shdr> headers = {Elf64_Shdr{}};

    void add(const std::string &name, uint32_t type, uint64_t flags, uint64_t alignment,
             const std::string &bytes, uint32_t link = 0, uint32_t info = 0, uint64_t entry = 0) {
        pad(content, alignment);
        headers.push_back({static_cast<Elf64_Word>(names.size()), type, flags, 0,
                           sizeof(Elf64_Ehdr) + content.size(), bytes.size(), link, info, alignment, entry});
        names += name + '\0';
        content += bytes;
    }
};

}  // namespace

ObjectWriter::ObjectWriter(const std::string &architecture)
    : machine(architecture == "arm-64" ? EM_AARCH64 : EM_X86_64) {}

int64_t ObjectWriter::add_data(std::span<const std::byte> bytes) {
    pad(data, kDataAlignment);
    const auto offset = static_cast<int64_t>(data.size());
    data.append(reinterpret_cast<const char *>(bytes.data()), bytes.size());
    return offset;
}

int ObjectWriter::add_external(const std::string &name) {
    externals.push_back(name);
    return kDataSymbol + static_cast<int>(externals.size());
}

void ObjectWriter::add_function(const std::string &name, const Code &code, bool hidden) {
    pad(text, kCodeAlignment);
    for (Relocation r : code.relocations) {
        r.offset += text.size();
        relocations.push_back(r);
    }
    functions.push_back({name, text.size(), code.bytes.size(), hidden});
    text += code.bytes;
}

std::string ObjectWriter::finish() const {
    enum : uint16_t { kNull, kData, kText, kRelocations, kSymbols, kStrings, kStack, kNames, kCount };

    std::string strings(1, '\0'), symbols;
    auto symbol = [&](const std::string &name, int bind, int type, int visibility, uint16_t section,
                      uint64_t value, uint64_t size) {
        Elf64_Sym s{};
        s.st_name = name.empty() ? 0 : static_cast<Elf64_Word>(strings.size());
        s.st_info = static_cast<unsigned char>(ELF64_ST_INFO(bind, type));
        s.st_other = static_cast<unsigned char>(visibility);
        s.st_shndx = section;
        s.st_value = value;
        s.st_size = size;
        append(symbols, s);
        strings += name.empty() ? "" : name + '\0';
    };
    symbol("", STB_LOCAL, STT_NOTYPE, STV_DEFAULT, SHN_UNDEF, 0, 0);
    symbol("", STB_LOCAL, STT_SECTION, STV_DEFAULT, kData, 0, 0);
    const uint32_t first_global = kDataSymbol + 1;
    for (const std::string &name : externals) {
        symbol(name, STB_GLOBAL, STT_NOTYPE, STV_DEFAULT, SHN_UNDEF, 0, 0);
    }
    for (const Function &f : functions) {
        symbol(f.name, STB_GLOBAL, STT_FUNC, f.hidden ? STV_HIDDEN : STV_DEFAULT, kText, f.offset, f.size);
    }
    std::string rela;
    for (const Relocation &r : relocations) {
        append(rela, Elf64_Rela{r.offset, ELF64_R_INFO(static_cast<uint64_t>(r.symbol), r.type), r.addend});
    }

    Sections sections;
    sections.add(".rodata", SHT_PROGBITS, SHF_ALLOC, kDataAlignment, data);
    sections.add(".text", SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, kCodeAlignment, text);
    sections.add(".rela.text", SHT_RELA, SHF_INFO_LINK, 8, rela, kSymbols, kText, sizeof(Elf64_Rela));
    sections.add(".symtab", SHT_SYMTAB, 0, 8, symbols, kStrings, first_global, sizeof(Elf64_Sym));
    sections.add(".strtab", SHT_STRTAB, 0, 1, strings);
    sections.add(".note.GNU-stack", SHT_PROGBITS, 0, 1, "");
    sections.add(".shstrtab", SHT_STRTAB, 0, 1, sections.names + ".shstrtab" + '\0');
    pad(sections.content, 8);

    Elf64_Ehdr header{};
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_ident[EI_VERSION] = EV_CURRENT;
    header.e_type = ET_REL;
    header.e_machine = machine;
    header.e_version = EV_CURRENT;
    header.e_shoff = sizeof header + sections.content.size();
    header.e_ehsize = sizeof header;
    header.e_shentsize = sizeof(Elf64_Shdr);
    header.e_shnum = kCount;
    header.e_shstrndx = kNames;

    std::string object;
    object.reserve(header.e_shoff + kCount * sizeof(Elf64_Shdr));
    append(object, header);
    object += sections.content;
    for (const Elf64_Shdr &section : sections.headers) {
        append(object, section);
    }
    return object;
}

}  // namespace quantide
