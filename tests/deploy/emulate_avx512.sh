#!/usr/bin/env bash
# Runs AVX-512 and AMX code on a machine whose CPU has neither: boots Linux in the emulator Bochs, as an Ice Lake or a
# Sapphire Rapids, and there compares libraries' outputs, bit for bit, with those of the reference interpreter (trained
# networks) or of this CPU's own level (random weights). Installs nothing; the kernel is fetched once, into
# BUILD_DIR/emulate.
# Usage: emulate_avx512.sh [--cpu icelake|sapphire_rapids] [--geometry] [--tests PROGRAM FILTER]... [BUILD_DIR]
#   --cpu: icelake, the default, has AVX-512, sapphire_rapids AMX too
#   --geometry: also runs the grid of convolutions (tests/geometry), compiled here for that level
#   --tests: also runs a test program, such as test_lower, with that GoogleTest filter; Halide compiles slowly there
# BOCHS names another Bochs than Debian's: one built with --disable-debugger --with-nogui is four times as fast.
# The grid and sapphire_rapids need a mended one: Bochs's commit 783b58fd6d9b (towards 3.1) with emulate/bochs.patch,
# which says what it mends, configured with --enable-x86-64 --enable-cpu-level=6 --enable-avx --enable-evex
# --enable-amx --enable-all-optimizations too.
# QUANTIDE_TEST_DATA/mnist, if there, adds mnist_mlp_512 on all its test images. Exit status 77: skipped.
set -euo pipefail
source=$(cd "$(dirname "$0")/../.." && pwd)
helpers=$source/tests/deploy/emulate
cpu=icelake tests=() geometry=
if [ "${1:-}" = --cpu ]; then
    cpu=$2
    shift 2
fi
if [ "${1:-}" = --geometry ]; then
    geometry=1
    shift
fi
while [ "${1:-}" = --tests ]; do
    tests+=("$2 $3")
    shift 3
done
build=$(cd "${1:-$source/build}" && pwd)
work=$build/emulate
epochs=2 megabytes=2048

# What differs between the CPUs: Bochs's name, the level that libraries choose and the features that Linux must not use.
# Bochs 2.7 gives no sizes of the compact XSAVE format, without which Linux offers no AMX, and of the protection keys'
# state; and Linux patches itself wrongly there with fast short string moves.
case $cpu in
    icelake) model=corei7_icelake_u level=avx512 hidden=pku,ospke,xsavec,xsaves,aperfmperf,fsrm,erms ;;
    sapphire_rapids) model=sapphire_rapids level=amx hidden=aperfmperf,fsrm,erms ;;
    *)
        echo "--cpu: expected icelake or sapphire_rapids, found $cpu"
        exit 2
        ;;
esac

skip() {
    echo "skipped: $1"
    exit 77
}
[ "$(uname -m)" = x86_64 ] || skip "needs an x86-64 machine"
bochs=${BOCHS:-bochs}
for command in "$bochs" gcc as ld python3; do
    command -v "$command" >/dev/null || skip "needs $command; Debian packages: bochs bochs-term bochsbios vgabios"
done
"$bochs" --help cpu 2>&1 | grep -w "$model" >/dev/null || skip "$bochs has no CPU $model"
mkdir -p "$work"
if [ ! -e "$work/vmlinuz" ]; then
    command -v dpkg-deb >/dev/null || skip "needs a Linux kernel in $work/vmlinuz, or Debian's dpkg-deb to fetch one"
    package=$(apt-cache depends linux-image-cloud-amd64 2>/dev/null | sed -n 's/.*Depends: *//p' | head -1)
    rm -rf "$work/kernel"
    mkdir "$work/kernel"
    (cd "$work/kernel" && [ -n "$package" ] && apt-get -q download "$package" && dpkg-deb -x ./*.deb .) \
        >"$work/kernel.log" 2>&1 || skip "the Debian package linux-image-cloud-amd64 cannot be fetched"
    cp "$work"/kernel/boot/vmlinuz-* "$work/vmlinuz"
    rm -rf "$work/kernel"
fi

# What the emulated machine holds: FILE=PATH for disk.py, and what its first process runs.
files=()
: >"$work/commands"

# Libraries. prepare DRIVER NETWORK [OPTION...]: makes NETWORK's library and the program that runs it.
prepare() {
    local driver=$1 network=$2 folder=$work/$2
    shift 2
    $driver compile "$network" --name network --target x86-64-linux -o "$folder" "$@" >/dev/null
    gcc -std=c11 -O1 -Wall -Wextra -Werror -static -I"$folder" "$helpers/run_network.c" "$folder/libnetwork.a" \
        -o "$folder/run"
}

add() {
    local file
    for file in run in expected; do
        files+=("$work/$1/$file=$1/$file")
    done
    echo "/$1/run /$1/in /$1/expected" >>"$work/commands"
}

# trained DRIVER NETWORK [OPTION...]: on its data set's test images
trained() {
    local driver=$1 network=$2 folder=$work/$2
    local checkpoint=$folder/checkpoint.safetensors
    shift 2
    mkdir -p "$folder"
    rm -f "$checkpoint"
    $driver train "$network" --epochs $epochs --checkpoint "$checkpoint" "$@" >/dev/null 2>&1
    prepare "$driver" "$network" --checkpoint "$checkpoint"
    # The runner keeps the images that the driver gives to a library's program.
    $driver eval "$network" --checkpoint "$checkpoint" --backend library --runner "cp in '$folder/in';" "$@" >/dev/null
    $driver eval "$network" --checkpoint "$checkpoint" --backend reference --scores "$folder/expected" "$@" >/dev/null
    add "$network"
}

# random DRIVER NETWORK ROW_BYTES ROWS: random weights and images
random() {
    prepare "$1" "$2" --random
    python3 -c "import random, sys; random.seed(1); sys.stdout.buffer.write(random.randbytes($3 * $4))" >"$work/$2/in"
    "$work/$2/run" "$work/$2/in" - "$work/$2/expected"
    add "$2"
}

quantide=$build/quantide
testing="$build/test_driver --driver"
trained "$quantide" digits
trained "$testing" tiny
random "$testing" other 64 300
random "$testing" untrainable 64 300
random "$quantide" mnist_mlp_4096 784 56
random "$quantide" cifar_convnet 3072 7
random "$quantide" bireal_resnet18 150528 1
mnist=${QUANTIDE_TEST_DATA:-}/mnist
if [ -d "$mnist" ]; then
    trained "$quantide" mnist_mlp_512 --data "$mnist"
fi

if [ -n "$geometry" ]; then
    mkdir -p "$work/geometry"
    "$build/geometry_program" "x86-64-linux-$level" "gcc -static" "$work/geometry"
    files+=("$work/geometry/program=geometry/program" "$work/geometry/data=geometry/data")
    echo "/geometry/program /geometry/data" >>"$work/commands"
fi

# Test programs, with their shared libraries.
for test in "${tests[@]}"; do
    read -r program filter <<<"$test"
    files+=("$build/$program=$program")
    while read -r library; do
        case " ${files[*]} " in *" $library="*) ;; *) files+=("$library=${library#/}") ;; esac
    done < <(ldd "$build/$program" | grep -o '/[^ ]*')
    echo "/$program --gtest_color=no --gtest_filter=$filter" >>"$work/commands"
done

gcc -std=gnu11 -O1 -Wall -Wextra -Werror -static "$helpers/init.c" -o "$work/init"
as --32 "$helpers/boot.S" -o "$work/boot.o"
ld -m elf_i386 -Ttext 0x7c00 --oformat binary "$work/boot.o" -o "$work/boot.bin"
python3 "$helpers/disk.py" "$work/boot.bin" "$work/vmlinuz" $megabytes "$hidden" "$work/disk" \
    "$work/init=init" "$work/commands=commands" "${files[@]}"
display='display_library: nogui' arguments=()
if "$bochs" --help 2>&1 | grep -e '-rc ' >/dev/null; then
    # Debian's has no such display, crashes on a machine without sound and starts in its debugger.
    display=$'display_library: rfb, options="timeout=0"\nsound: driver=dummy' arguments=(-rc "$work/debugger")
    echo continue >"$work/debugger"
fi
cat >"$work/bochsrc" <<END
$display
cpu: model=$model, count=1, ips=50000000, reset_on_triple_fault=0
memory: guest=$megabytes, host=$megabytes
romimage: file=/usr/share/bochs/BIOS-bochs-latest
vgaromimage: file=/usr/share/bochs/VGABIOS-lgpl-latest
pci: enabled=0
ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14
ata0-master: type=disk, path=$work/disk, mode=flat
boot: disk
com1: enabled=1, mode=file, dev=$work/console
log: $work/bochs.log
panic: action=fatal
error: action=ignore
info: action=ignore
END
rm -f "$work/disk.lock"
: >"$work/console"
# It ends with a panic: that is how the machine powers off.
"$bochs" -q -f "$work/bochsrc" "${arguments[@]}" >"$work/bochs.out" 2>&1 </dev/null || true
rm -f "$work/disk"

# Every command must have ended well, the libraries at their level.
tr -d '\r' <"$work/console" | awk -v commands="$(wc -l <"$work/commands")" -v level="$level:" '
    /^== end/ { ended = 1 }
    /^== \// { name = $2; good = name !~ /\/run$/; next }
    /^differs: / { print name ": " $0 }
    /^level / { print name ": " $0; good = $2 == level }
    /^\[ +(PASSED|FAILED|SKIPPED) +\]/ { print name ": " $0 }
    /^exit status|^ended by/ { passed += good && $0 == "exit status 0"; if ($0 != "exit status 0") print name ": " $0 }
    END { if (!ended) print "the emulated machine did not reach its end"; print passed + 0 " of " commands " emulated programs passed"; exit !ended || passed != commands }'
