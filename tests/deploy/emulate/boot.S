# Boot sector: reads what follows on the disk into memory and starts Linux by its 32-bit boot protocol. disk.py
# assembles it and writes the table behind it: address, first sector and pieces of 256 sectors, until 0 pieces.
    .code16
    .globl _start
_start:
    cli
    xorw %ax, %ax
    movw %ax, %ds
    inb $0x92, %al      # opens the A20 gate
    orb $2, %al
    outb %al, $0x92
    lgdt gdt_pointer
    movl %cr0, %eax
    orb $1, %al
    movl %eax, %cr0
    ljmp $0x10, $protected

    .code32
protected:
    movw $0x18, %ax
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %ss
    movl $0x7c00, %esp
    movl $table, %esi
next_part:
    lodsl
    movl %eax, %edi
    lodsl
    movl %eax, %ebx
    lodsl
    movl %eax, %ebp
    testl %ebp, %ebp
    jz start_linux
next_piece:
    movw $0x1f2, %dx
    xorb %al, %al       # 256 sectors
    outb %al, %dx
    movl %ebx, %eax
    incw %dx
    outb %al, %dx
    shrl $8, %eax
    incw %dx
    outb %al, %dx
    shrl $8, %eax
    incw %dx
    outb %al, %dx
    shrl $8, %eax
    orb $0xe0, %al
    incw %dx
    outb %al, %dx
    movb $0x20, %al
    incw %dx
    outb %al, %dx
    movl $256, %eax
next_sector:
    pushl %eax
    movw $0x1f7, %dx
wait_for_data:
    inb %dx, %al
    andb $0x88, %al     # busy, data
    cmpb $8, %al
    jne wait_for_data
    movw $0x1f0, %dx
    movl $128, %ecx
    rep insl
    popl %eax
    decl %eax
    jnz next_sector
    addl $256, %ebx
    decl %ebp
    jnz next_piece
    jmp next_part

start_linux:
    movl $0x10000, %esi # boot parameters
    xorl %edi, %edi
    xorl %ebx, %ebx
    movl $0x100000, %eax
    jmp *%eax

    .balign 8
gdt:
    .quad 0, 0, 0x00cf9a000000ffff, 0x00cf92000000ffff
gdt_pointer:
    .word 31
    .long gdt
    .balign 4
table:
