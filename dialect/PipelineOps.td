//===- PipelineOps.td - what a warp-specialised schedule adds ---------------===//
//
// Roles run side by side and meet at mbarriers. A ring and its two sets of mbarriers are a pipeline: who fills slot n waits
// until it is `free` and signals `full`; who reads it waits for `full` and, at its end, frees it.

#ifndef THRIFTJIT_DIALECT_PIPELINEOPS_TD
#define THRIFTJIT_DIALECT_PIPELINEOPS_TD

include "dialect/ScheduleOps.td"

def Thrift_RoleOp : Thrift_Op<"role", [SingleBlockImplicitTerminator<"DoneOp">, HasParent<"KernelOp">]> {
  let summary = "Let some warps of the CTA do one job";
  let description = [{
    Warps [first, first + warps) run the body, or `single`: one thread of one warp, which starts what the asynchronous
    units then do by themselves. Roles of one kernel between two barriers run side by side. What is computed before a role
    is known to every thread. What a role hands on is known to its own threads; the others hold the value of `else`.

    Constraints:
    - E1: roles between two barriers share no warp, and have none that the kernel has not.
    - E3: a role of one thread has one warp.
    - E5: a role hands on as many values as it has `else`, of the same types.

    ```mlir
    thrift.kernel @k dims() () attributes {threads = 192 : i32} {
      %nothing = thrift.empty_softmax : !thrift.softmax<128 x 64>
      thrift.role "load" warps(4, 1) single {
      }
      %s = thrift.role "softmax" warps(0, 4) else(%nothing : !thrift.softmax<128 x 64>) -> !thrift.softmax<128 x 64> {
        thrift.done %nothing : !thrift.softmax<128 x 64>
      }
    }
    ```
  }];
  let arguments = (ins StrAttr:$name, ConfinedAttr<I32Attr, [IntNonNegative]>:$first_warp,
                       ConfinedAttr<I32Attr, [IntPositive]>:$warps, UnitAttr:$single, Variadic<AnyType>:$otherwise);
  let results = (outs Variadic<AnyType>:$results);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $name `warps` `(` $first_warp `,` $warps `)` (`single` $single^)?
    (`else` `(` $otherwise^ `:` type($otherwise) `)` `->` type($results))? $body attr-dict
  }];
  let hasVerifier = 1;
}

def Thrift_DoneOp : Thrift_Op<"done", [Pure, Terminator, ReturnLike, HasParent<"RoleOp">]> {
  let summary = "End a role and hand values on";
  let description = [{
    ```mlir
    thrift.kernel @k dims() () {
      thrift.role "load" warps(4, 1) single {
        thrift.done
      }
    }
    ```
  }];
  let arguments = (ins Variadic<AnyType>:$values);
  let builders = [OpBuilder<(ins), [{ }]>];
  let assemblyFormat = "($values^ `:` type($values))? attr-dict";
}

def Thrift_MBarriersOp : Thrift_Op<"mbarriers", [MemoryEffects<[MemWrite]>]> {
  let summary = "Set up a ring of mbarriers in shared memory";
  let description = [{
    Each phase of each of them is complete after `arrivals` arrivals, and after all bytes that copies announced to it. Thread 0
    sets them up; others may use them after a `thrift.publish` and a `thrift.barrier`.

    ```mlir
    %full = thrift.mbarriers at 1024 arrivals 1 : !thrift.mbarriers<2>
    ```
  }];
  let arguments = (ins ConfinedAttr<I32Attr, [IntNonNegative]>:$offset, ConfinedAttr<I32Attr, [IntPositive]>:$arrivals);
  let results = (outs Thrift_MBarriersType:$barriers);
  let assemblyFormat = "`at` $offset `arrivals` $arrivals attr-dict `:` type($barriers)";
}

def Thrift_PublishOp : Thrift_Op<"publish", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "Make mbarriers known to copies and to the matrix unit";
  let description = [{
    They arrive through another proxy than threads do, which has to learn of what thread 0 has set up.

    ```mlir
    %full = thrift.mbarriers at 1024 arrivals 1 : !thrift.mbarriers<2>
    thrift.publish
    thrift.barrier
    ```
  }];
  let assemblyFormat = "attr-dict";
}

def Thrift_AwaitOp : Thrift_Op<"await", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "Wait for an event of a pipeline";
  let description = [{
    Event n is completion n / stages of mbarrier n mod stages. With `free`, waits for event n - stages instead, which has
    always happened while n < stages: the slot that event n will fill is free. With `tensor`, what was done to tensor memory
    before the event is seen by what this thread does to it now.

    ```mlir
    %n = "source"() : () -> i32
    %full = thrift.mbarriers at 1024 arrivals 1 : !thrift.mbarriers<2>
    thrift.await %full[%n] : !thrift.mbarriers<2>
    thrift.await %full[%n] free tensor : !thrift.mbarriers<2>
    ```
  }];
  let arguments = (ins Thrift_MBarriersType:$barriers, I32:$number, UnitAttr:$free, UnitAttr:$tensor);
  let assemblyFormat = "$barriers `[` $number `]` (`free` $free^)? (`tensor` $tensor^)? attr-dict `:` type($barriers)";
}

def Thrift_ArriveOp : Thrift_Op<"arrive", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "Say that this thread has done its part of an event";
  let description = [{
    Every thread of the role arrives once at mbarrier n mod stages. What it has done to tensor memory and written there before
    happens before the multiplications of whoever awaits the event with `tensor`.

    ```mlir
    %n = "source"() : () -> i32
    %ready = thrift.mbarriers at 1024 arrivals 128 : !thrift.mbarriers<1>
    thrift.arrive %ready[%n] : !thrift.mbarriers<1>
    ```
  }];
  let arguments = (ins Thrift_MBarriersType:$barriers, I32:$number);
  let assemblyFormat = "$barriers `[` $number `]` attr-dict `:` type($barriers)";
}

def Thrift_FetchOp : Thrift_Op<"fetch", [MemoryEffects<[MemRead, MemWrite]>]> {
  let hasVerifier = 1;
  let summary = "Start copying one tile of a view into a ring, and signal its arrival";
  let description = [{
    Asynchronous, by TMA: the thread announces the tile's bytes to mbarrier n mod stages of `signals`, arrives
    there, and starts the copies. Rows past the end of the view become zero. Scales come along, behind the elements. Indices
    as for `thrift.load`.

    Constraints:
    - L1, L2, L3 as for `thrift.load`.
    - E2: the view has a box, of the tile's swizzled rows.
    - E4: in a kernel, it stands in a role of one thread.

    ```mlir
    %k = "source"() : () -> !thrift.view<[batch, kv_heads, kv_len, 128], f16, box(64 x 64, 128)>
    %b, %g, %j, %n = "source"() : () -> (i32, i32, i32, i32)
    %r = thrift.alloc at 0 : !thrift.ring<2 x !thrift.tile<64 x 128, f16, swizzled>>
    %full = thrift.mbarriers at 32768 arrivals 1 : !thrift.mbarriers<2>
    thrift.fetch %k[%b, %g, %j] to %r[%n] signals %full
      : !thrift.view<[batch, kv_heads, kv_len, 128], f16, box(64 x 64, 128)>,
        !thrift.ring<2 x !thrift.tile<64 x 128, f16, swizzled>>, !thrift.mbarriers<2>
    ```
  }];
  let arguments = (ins Thrift_ViewType:$view, Variadic<I32>:$indices, Thrift_RingType:$ring, I32:$number,
                       Thrift_MBarriersType:$signals);
  let assemblyFormat = [{
    $view `[` $indices `]` `to` $ring `[` $number `]` `signals` $signals attr-dict
    `:` type($view) `,` type($ring) `,` type($signals)
  }];
}

#endif // THRIFTJIT_DIALECT_PIPELINEOPS_TD
