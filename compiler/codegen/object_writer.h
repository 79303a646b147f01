#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace quantide {

/** A place in code that the linker fills in with the distance to a symbol. */
struct Relocation {
    uint64_t offset = 0;
    uint32_t type = 0;  ///< R_X86_64_..., R_AARCH64_...
    int symbol = 0;     ///< as ObjectWriter returned it
    int64_t addend = 0;
};

/** Machine code of one function. */
struct Code {
    std::string bytes;
    std::vector<Relocation> relocations;
};

/** Puts together a relocatable ELF64 object of constant data and small functions, without an assembler:
 * 100 MB in a fraction of a second. Same calls, same bytes. */
class ObjectWriter {
public:
    /** `architecture`: "x86-64" or "arm-64". */
    explicit ObjectWriter(const std::string &architecture);

    /** Appends read-only data on a 64-byte boundary; returns its offset from data_symbol(). */
    int64_t add_data(std::span<const std::byte> bytes);
    int data_symbol() const { return kDataSymbol; }
    /** A function that another object defines. */
    int add_external(const std::string &name);
    void add_function(const std::string &name, const Code &code, bool hidden);

    /** The object. */
    std::string finish() const;

private:
    static constexpr int kDataSymbol = 1;
    struct Function {
        std::string name;
        uint64_t offset, size;
        bool hidden;
    };
    uint16_t machine;
    std::string data, text;
    std::vector<Relocation> relocations;
    std::vector<Function> functions;
    std::vector<std::string> externals;
};

}  // namespace quantide
