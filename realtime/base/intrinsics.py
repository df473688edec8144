"""The few machine-level tricks that compiled code needs and Numba does not offer, all in one file.

Memory by address, a call by address, atomics with acquire and release order, the monotonic clock,
and denormals off. Each is an LLVM intrinsic usable only inside a `realtime` function. Audio thread.
"""

import platform
import sys
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np.arrayobj import populate_array

_I32, _I64, _PTR = ir.IntType(32), ir.IntType(64), ir.IntType(8).as_pointer()
_ULONG = _I32 if sys.platform == "win32" else _I64  # unsigned long
_X86 = platform.machine().lower() in ("x86_64", "amd64")
_ARM = platform.machine().lower() in ("aarch64", "arm64")
# ARM's FPCR bit 24 (FZ) and x86's MXCSR bits 15 (FTZ) and 6 (DAZ) flush denormals to zero.
_FLUSH = 1 << 24 if _ARM else 0x8040


@intrinsic
def as_pointer(typing_context: Any, address: Any) -> Any:
    """Turn an int64 address into a ``void *``. [audio-thread]"""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.inttoptr(args[0], cgutils.voidptr_t)

    return types.voidptr(types.int64), generate


@intrinsic
def as_integer(typing_context: Any, pointer: Any) -> Any:
    """Turn a pointer into its int64 address. [audio-thread]"""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.ptrtoint(args[0], _I64)

    return types.int64(pointer), generate


def _array_at(item: Any) -> Any:
    array_type = types.Array(item, 1, "C")

    @intrinsic
    def array_at(typing_context: Any, address: Any, n: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            array = context.make_array(array_type)(context, builder)
            size = context.get_constant(types.intp, item.bitwidth // 8)
            data = builder.inttoptr(args[0], array.data.type)
            # No meminfo: the memory belongs to the host, so nothing here counts references.
            populate_array(array, data=data, shape=[args[1]], strides=[size], itemsize=size, meminfo=None)
            return array._getvalue()

        return array_type(types.int64, types.int64), generate

    return array_at


floats = _array_at(types.float32)
"""``floats(address, n)``: the n float32 values at an address, without a copy. [audio-thread]"""

integers = _array_at(types.int64)
"""``integers(address, n)``: the n int64 values at an address, without a copy. [audio-thread]"""


@intrinsic
def load_acquire(typing_context: Any, array: Any, index: Any) -> Any:
    """Read an int64 array element; what its writer wrote before it is visible after. [audio-thread]"""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        view = context.make_array(array)(context, builder, args[0])
        place = cgutils.get_item_pointer(context, builder, array, view, [args[1]])
        return builder.load_atomic(place, "acquire", 8)

    return types.int64(array, types.intp), generate


@intrinsic
def store_release(typing_context: Any, array: Any, index: Any, value: Any) -> Any:
    """Write an int64 array element after everything written before it. [audio-thread]"""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        view = context.make_array(array)(context, builder, args[0])
        place = cgutils.get_item_pointer(context, builder, array, view, [args[1]])
        builder.store_atomic(args[2], place, "release", 8)
        return context.get_dummy_value()

    return types.void(array, types.intp, types.int64), generate


@intrinsic
def exchange(typing_context: Any, array: Any, index: Any, value: Any) -> Any:
    """Write an int64 array element and return what was there, in one step. [audio-thread]"""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        view = context.make_array(array)(context, builder, args[0])
        place = cgutils.get_item_pointer(context, builder, array, view, [args[1]])
        return builder.atomic_rmw("xchg", place, args[2], "seq_cst")

    return types.int64(array, types.intp, types.int64), generate


@intrinsic
def call_run(typing_context: Any, run: Any, state: Any, source: Any, target: Any, n_frames: Any) -> Any:
    """Call ``int32 run(void *state, const float *in, float *out, uint32 n)`` by address. [audio-thread]"""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        function = ir.FunctionType(_I32, [_PTR, _PTR, _PTR, _I32])
        pointer = builder.inttoptr(args[0], function.as_pointer())
        words = [builder.inttoptr(a, _PTR) for a in args[1:4]] + [builder.trunc(args[4], _I32)]
        return builder.call(pointer, words)

    return types.int32(*[types.int64] * 5), generate


@intrinsic
def call_infer(typing_context: Any, infer: Any, network: Any, stack: Any, depth: Any, heard: Any) -> Any:
    """Call ``void infer(int64, int64, int64, int64)`` by address. [audio-thread]"""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        function = ir.FunctionType(ir.VoidType(), [_I64] * 4)
        builder.call(builder.inttoptr(args[0], function.as_pointer()), args[1:])
        return context.get_dummy_value()

    return types.void(*[types.int64] * 5), generate


@intrinsic
def call_callback(typing_context: Any, callback: Any, n_frames: Any, user: Any) -> Any:
    """Call a PaStreamCallback by address, with neither input, output nor time info. [audio-thread]"""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        function = ir.FunctionType(_I32, [_PTR, _PTR, _ULONG, _PTR, _ULONG, _PTR])
        pointer = builder.inttoptr(args[0], function.as_pointer())
        null, frames = ir.Constant(_PTR, None), args[1]
        frames = builder.trunc(frames, _ULONG) if _ULONG.width < 64 else frames
        words = [null, null, frames, null, ir.Constant(_ULONG, 0), builder.inttoptr(args[2], _PTR)]
        return builder.call(pointer, words)

    return types.int32(*[types.int64] * 3), generate


@intrinsic
def sleep_ns(typing_context: Any, sleep: Any, duration: Any) -> Any:
    """Sleep under a second, through the address from `sleep_address`. A device's own loop only. [worker-thread]"""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        if sys.platform == "win32":  # void Sleep(DWORD milliseconds)
            function = ir.FunctionType(ir.VoidType(), [_I32])
            duration = builder.trunc(builder.sdiv(args[1], ir.Constant(_I64, 1_000_000)), _I32)
            builder.call(builder.inttoptr(args[0], function.as_pointer()), [duration])
            return context.get_dummy_value()
        spec = cgutils.alloca_once(builder, ir.ArrayType(_I64, 2))  # struct timespec
        builder.store(ir.Constant(_I64, 0), cgutils.gep_inbounds(builder, spec, 0, 0))
        builder.store(args[1], cgutils.gep_inbounds(builder, spec, 0, 1))
        function = ir.FunctionType(_I32, [_PTR, _PTR])  # int nanosleep(const struct timespec *, struct timespec *)
        pointer = builder.inttoptr(args[0], function.as_pointer())
        builder.call(pointer, [builder.bitcast(spec, _PTR), ir.Constant(_PTR, None)])
        return context.get_dummy_value()

    return types.void(types.int64, types.int64), generate


@intrinsic
def now_ns(typing_context: Any, clock: Any) -> Any:
    """Read the monotonic clock, in ns, through the address from `clock_address`. [audio-thread]"""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        if sys.platform == "win32":  # BOOL QueryPerformanceCounter(LARGE_INTEGER *), 10 MHz on every Windows 10
            ticks = cgutils.alloca_once(builder, _I64)
            function = ir.FunctionType(_I32, [_I64.as_pointer()])
            builder.call(builder.inttoptr(args[0], function.as_pointer()), [ticks])
            return builder.mul(builder.load(ticks), ir.Constant(_I64, 100))
        spec = cgutils.alloca_once(builder, ir.ArrayType(_I64, 2))  # struct timespec
        function = ir.FunctionType(_I32, [_I32, _PTR])
        monotonic = ir.Constant(_I32, 6 if sys.platform == "darwin" else 1)
        builder.call(builder.inttoptr(args[0], function.as_pointer()), [monotonic, builder.bitcast(spec, _PTR)])
        seconds = builder.load(cgutils.gep_inbounds(builder, spec, 0, 0))
        rest = builder.load(cgutils.gep_inbounds(builder, spec, 0, 1))
        return builder.add(builder.mul(seconds, ir.Constant(_I64, 1_000_000_000)), rest)

    return types.int64(types.int64), generate


def _control_word(builder: Any) -> Any:
    if _ARM:
        assembly = ir.InlineAsm(ir.FunctionType(_I64, []), "mrs $0, fpcr", "=r", side_effect=True)
        return builder.call(assembly, [])
    if _X86:
        place = cgutils.alloca_once(builder, _I32)
        read = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(ir.VoidType(), [_PTR]), "llvm.x86.sse.stmxcsr"
        )
        builder.call(read, [builder.bitcast(place, _PTR)])
        return builder.zext(builder.load(place), _I64)
    return ir.Constant(_I64, 0)


def _set_control_word(builder: Any, word: Any) -> None:
    if _ARM:
        kind = ir.FunctionType(ir.VoidType(), [_I64])
        builder.call(ir.InlineAsm(kind, "msr fpcr, $0", "r", side_effect=True), [word])
    elif _X86:
        place = cgutils.alloca_once(builder, _I32)
        builder.store(builder.trunc(word, _I32), place)
        write = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(ir.VoidType(), [_PTR]), "llvm.x86.sse.ldmxcsr"
        )
        builder.call(write, [builder.bitcast(place, _PTR)])


@intrinsic
def denormals_off(typing_context: Any) -> Any:
    """Flush denormals to zero from here on; return the previous control word. [audio-thread]"""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        before = _control_word(builder)
        _set_control_word(builder, builder.or_(before, ir.Constant(_I64, _FLUSH)))
        return before

    return types.int64(), generate


@intrinsic
def denormals_restore(typing_context: Any, word: Any) -> Any:
    """Restore the control word that `denormals_off` returned. [audio-thread]"""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        _set_control_word(builder, args[0])
        return context.get_dummy_value()

    return types.void(types.int64), generate
