#include "compiler/codegen/stubs.h"

#include <elf.h>

#include <initializer_list>

namespace quantide {

namespace {

class Assembler {
public:
    Code code;

    void byte_sequence(std::initializer_list<int> bytes) {
        for (int b : bytes) {
            code.bytes += static_cast<char>(b);
        }
    }
    void little_endian(uint64_t value, int bytes) {
        for (int i = 0; i < bytes; i++) {
            code.bytes += static_cast<char>(value >> (8 * i));
        }
    }
    void relocate(uint32_t type, int symbol, int64_t addend) {
        code.relocations.push_back({code.bytes.size(), type, symbol, addend});
    }
};

struct X86 : Assembler {
    X86() { byte_sequence({0xf3, 0x0f, 0x1e, 0xfa}); }  // endbr64
    void relative(uint32_t type, int symbol, int64_t offset) {
        relocate(type, symbol, offset - 4);  // counted from the end of the four bytes
        little_endian(0, 4);
    }
};

struct Arm : Assembler {
    void word(uint32_t instruction) { little_endian(instruction, 4); }
    /** x[reg] = value. */
    void move(uint32_t reg, uint64_t value) {
        for (uint32_t part = 0; part < 4; part++) {
            const auto bits = static_cast<uint32_t>(value >> (16 * part)) & 0xffff;
            word((part == 0 ? 0xd2800000 : 0xf2800000) | part << 21 | bits << 5 | reg);  // movz, movk
        }
    }
    /** x[reg] = address of symbol + offset. */
    void address(uint32_t reg, int symbol, int64_t offset) {
        relocate(R_AARCH64_ADR_PREL_PG_HI21, symbol, offset);
        word(0x90000000 | reg);  // adrp
        relocate(R_AARCH64_ADD_ABS_LO12_NC, symbol, offset);
        word(0x91000000 | reg << 5 | reg);  // add
    }
    void ret() { word(0xd65f03c0); }
};

bool is_arm(const std::string &architecture) { return architecture == "arm-64"; }

}  // namespace

Code return_address(const std::string &architecture, int symbol, int64_t offset) {
    if (is_arm(architecture)) {
        Arm a;
        a.address(0, symbol, offset);
        a.ret();
        return a.code;
    }
    X86 a;
    a.byte_sequence({0x48, 0x8d, 0x05});  // lea rax, [rip + ...]
    a.relative(R_X86_64_PC32, symbol, offset);
    a.byte_sequence({0xc3});  // ret
    return a.code;
}

Code return_constant(const std::string &architecture, uint64_t value) {
    if (is_arm(architecture)) {
        Arm a;
        a.move(0, value);
        a.ret();
        return a.code;
    }
    X86 a;
    a.byte_sequence({0x48, 0xb8});  // mov rax, ...
    a.little_endian(value, 8);
    a.byte_sequence({0xc3});
    return a.code;
}

Code return_scaled_index(const std::string &architecture, const ScaledIndex &index) {
    if (is_arm(architecture)) {
        Arm a;
        if (index.call) {
            a.word(0xa9bf7bfd);  // stp x29, x30, [sp, -16]!
            a.relocate(R_AARCH64_CALL26, *index.call, 0);
            a.word(0x94000000);  // bl
            a.word(0xa8c17bfd);  // ldp x29, x30, [sp], 16
        }
        a.move(8, index.last);
        a.move(9, index.otherwise);
        a.word(0x6b08001f);  // cmp w0, w8
        a.word(0x1a808120);  // csel w0, w9, w0, hi
        a.move(8, index.stride);
        a.word(0x9b087c00);  // mul x0, x0, x8
        if (index.table) {
            a.address(8, index.table->first, index.table->second);
            a.word(0x8b080000);  // add x0, x0, x8
        }
        a.ret();
        return a.code;
    }
    X86 a;
    if (index.call) {
        a.byte_sequence({0x48, 0x83, 0xec, 0x08, 0xe8});  // sub rsp, 8; call ...
        a.relative(R_X86_64_PLT32, *index.call, 0);
        a.byte_sequence({0x48, 0x83, 0xc4, 0x08});  // add rsp, 8
    } else {
        a.byte_sequence({0x89, 0xf8});  // mov eax, edi
    }
    a.byte_sequence({0xb9});  // mov ecx, ...
    a.little_endian(index.otherwise, 4);
    a.byte_sequence({0x3d});  // cmp eax, ...
    a.little_endian(index.last, 4);
    a.byte_sequence({0x0f, 0x47, 0xc1, 0x48, 0xb9});  // cmova eax, ecx; mov rcx, ...
    a.little_endian(index.stride, 8);
    a.byte_sequence({0x48, 0x0f, 0xaf, 0xc1});  // imul rax, rcx
    if (index.table) {
        a.byte_sequence({0x48, 0x8d, 0x0d});  // lea rcx, [rip + ...]
        a.relative(R_X86_64_PC32, index.table->first, index.table->second);
        a.byte_sequence({0x48, 0x01, 0xc8});  // add rax, rcx
    }
    a.byte_sequence({0xc3});
    return a.code;
}

}  // namespace quantide
