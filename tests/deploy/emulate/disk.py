#!/usr/bin/env python3
"""Makes a disk that boots Linux without a boot loader: disk.py BOOT_SECTOR VMLINUZ MEGABYTES HIDDEN DISK [FILE=PATH ...]
HIDDEN are CPU features that Linux must not use; FILE goes to PATH in the first file system, whose /init runs."""
import os
import struct
import sys

PIECE = 256 * 512
PARAMETERS, COMMAND_LINE, KERNEL, FILES = 0x10000, 0x11000, 0x100000, 0x8000000
# Self-tests of ciphers would take longer than all else.
OPTIONS = (
    b"console=ttyS0,115200 quiet acpi=off noapic nolapic nosmp mitigations=off no_timer_check pci=off nokaslr "
    b"cryptomgr.notests nopcid clearcpuid="
)


def cpio_entry(number, path, mode, content=b"", device=(0, 0)):
    name = path.encode() + b"\0"
    fields = (number, mode, 0, 0, 1, 0, len(content), 0, 0, *device, len(name), 0)
    entry = b"070701" + b"".join(b"%08X" % field for field in fields) + name
    entry += bytes(-len(entry) % 4) + content
    return entry + bytes(-len(entry) % 4)


def file_system(files):
    folders = {os.path.dirname(path) for path in files} | {"tmp", "proc", "dev"}
    folders |= {folder[:i] for folder in folders for i, c in enumerate(folder) if c == "/"}
    parts = [cpio_entry(i, folder, 0o040755) for i, folder in enumerate(sorted(folders - {""}), 1)]
    parts.append(cpio_entry(1000, "dev/console", 0o020600, device=(5, 1)))
    for number, (path, source) in enumerate(files.items(), 1001):
        with open(source, "rb") as file:
            mode = 0o100755 if os.access(source, os.X_OK) else 0o100644
            parts.append(cpio_entry(number, path, mode, file.read()))
    return b"".join(parts) + cpio_entry(0, "TRAILER!!!", 0)


def boot_parameters(kernel, files_size, memory, hidden):
    page = bytearray(COMMAND_LINE - PARAMETERS)
    end = 0x202 + kernel[0x201]
    page[0x1F1:end] = kernel[0x1F1:end]
    # All memory but the BIOS's own, in the order of Linux's e820 table.
    ranges = [(0, 0x9FC00, 1), (0x100000, memory - 0x100000 - 0x10000, 1)]
    page[0x1E8] = len(ranges)
    for i, entry in enumerate(ranges):
        struct.pack_into("<QQI", page, 0x2D0 + 20 * i, *entry)
    struct.pack_into("<H", page, 0x1FA, 0xFFFF)
    page[0x210] = 0xFF
    struct.pack_into("<II", page, 0x218, FILES, files_size)
    struct.pack_into("<I", page, 0x228, COMMAND_LINE)
    return bytes(page) + OPTIONS + hidden.encode() + b"\0"


def main(boot_sector, vmlinuz, megabytes, hidden, disk, *files):
    with open(boot_sector, "rb") as file:
        code = file.read()
    with open(vmlinuz, "rb") as file:
        kernel = file.read()
    content = file_system({path: source for source, path in (pair.rsplit("=", 1) for pair in files)})
    parts = {
        PARAMETERS: boot_parameters(kernel, len(content), int(megabytes) << 20, hidden),
        KERNEL: kernel[(kernel[0x1F1] + 1) * 512 :],
        FILES: content,
    }
    table, sector = b"", 256
    for address, part in parts.items():
        pieces = -(-len(part) // PIECE)
        table += struct.pack("<III", address, sector, pieces)
        sector += 256 * pieces
    head = code + table + bytes(12)
    assert len(head) <= 510, "the boot sector is too long"
    with open(disk, "wb") as file:
        file.write(head.ljust(510, b"\0") + b"\x55\xaa" + bytes(PIECE - 512))
        for part in parts.values():
            file.write(part + bytes(-len(part) % PIECE))
        # Whole cylinders of 16 heads and 63 sectors.
        cylinder = 16 * 63 * 512
        file.truncate(-(-file.tell() // cylinder) * cylinder)


main(*sys.argv[1:])
