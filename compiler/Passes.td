//===- Passes.td - the compiler's passes, in the order in which they run ----===//

#ifndef THRIFTJIT_COMPILER_PASSES_TD
#define THRIFTJIT_COMPILER_PASSES_TD

include "mlir/Pass/PassBase.td"

def Specialize : Pass<"thrift-specialize", "::mlir::ModuleOp"> {
  let summary = "Bind the parameters of kernels";
  let description = [{
    Replaces each named parameter by its value, everywhere it stands: extents, formats, masks, budget classes. A kernel
    that does not declare a bound name is left alone; a name that no kernel declares is an error, and so is a parameter
    that stays open.

    Before, with `bind=rows=128,high=f16`:
    ```mlir
    thrift.kernel @k<rows, high> dims(n, t) (%x : !thrift.view<[n, 64], high>) {
      %t = thrift.program_id(t)
      %y = thrift.load %x[%t] : !thrift.view<[n, 64], high> -> !thrift.tile<rows x 64, high>
    }
    ```
    After:
    ```mlir
    thrift.kernel @k<high = f16, rows = 128> dims(n, t) (%x : !thrift.view<[n, 64], f16>) {
      %t = thrift.program_id(t)
      %y = thrift.load %x[%t] : !thrift.view<[n, 64], f16> -> !thrift.tile<128 x 64, f16>
    }
    ```
    Does not change numerics.
  }];
  let options = [ListOption<"bind", "bind", "std::string", "name=value pairs, separated by commas">];
  let dependentDialects = ["::thrift::ThriftDialect"];
}

def ReadUnpacked : Pass<"thrift-read-unpacked", "::mlir::ModuleOp"> {
  let summary = "Read low operands that are not packed from the caller's tensors";
  let description = [{
    A low tier may leave one of its products in f16 or bf16: `nvfp4:f16`. An argument `x_low` in a format without scales
    would hold the very values of `x`, so nobody writes it, and whoever would have loaded from it loads from `x`; where `x`
    lies the other way round, `accumulate` takes the tile as it is. A kernel that would only have packed it disappears.

    Before:
    ```mlir
    thrift.kernel @k dims(len, tiles) (%v : !thrift.view<[len, 64], f16>, %v_low : !thrift.view<[64, len], f16>) {
      %t = thrift.program_id(tiles)
      %p, %w, %s = "source"() : () -> (!thrift.tile<64 x 128, f16>, !thrift.tile<64 x 128, f32>, !thrift.softmax<64 x 64>)
      %x = thrift.load %v_low[%t] : !thrift.view<[64, len], f16> -> !thrift.tile<64 x 128, f16>
      %y = thrift.accumulate %p, %x transposed, %s sum(%w)
        : !thrift.tile<64 x 128, f16>, !thrift.tile<64 x 128, f16>, !thrift.softmax<64 x 64>, !thrift.tile<64 x 128, f32>
      "use"(%y) : (!thrift.softmax<64 x 64>) -> ()
    }
    ```
    After:
    ```mlir
    thrift.kernel @k dims(len, tiles) (%v : !thrift.view<[len, 64], f16>, %v_low : !thrift.view<[64, len], f16>) {
      %t = thrift.program_id(tiles)
      %p, %w, %s = "source"() : () -> (!thrift.tile<64 x 128, f16>, !thrift.tile<64 x 128, f32>, !thrift.softmax<64 x 64>)
      %x = thrift.load %v[%t] : !thrift.view<[len, 64], f16> -> !thrift.tile<128 x 64, f16>
      %y = thrift.accumulate %p, %x, %s sum(%w)
        : !thrift.tile<64 x 128, f16>, !thrift.tile<128 x 64, f16>, !thrift.softmax<64 x 64>, !thrift.tile<64 x 128, f32>
      "use"(%y) : (!thrift.softmax<64 x 64>) -> ()
    }
    ```
    Does not change numerics.
  }];
  let dependentDialects = ["::thrift::ThriftDialect"];
}

def PartitionRoutes : Pass<"thrift-partition-routes", "::mlir::ModuleOp"> {
  let summary = "Turn a sweep over a route into one clean sweep per precision";
  let description = [{
    A softmax state does not depend on the order in which blocks reach it, so a sweep that routes each block becomes a
    sweep over the low list followed by one over the high list, without a branch inside. Kernels of class `all_low` or
    `all_high` keep one sweep over all visible blocks; whatever only the other precision used, arguments included,
    disappears.

    Before:
    ```mlir
    thrift.kernel @k dims(batch, q_heads, q_tiles, q_len, kv_len) (%r : !thrift.routes<[batch, q_heads, q_tiles]>) {
      %b, %h, %i = thrift.program_id(batch, q_heads, q_tiles)
      %s0 = thrift.empty_softmax : !thrift.softmax<128 x 64>
      %s1 = thrift.sweep visible(%i) causal with(%s0) : !thrift.softmax<128 x 64> {
      ^bb0(%j : i32, %s : !thrift.softmax<128 x 64>):
        %t = thrift.route by %r[%b, %h, %i], %j budget(mixed) : !thrift.routes<[batch, q_heads, q_tiles]> -> !thrift.softmax<128 x 64>
        high {
          thrift.yield %s : !thrift.softmax<128 x 64>
        } low {
          thrift.yield %s : !thrift.softmax<128 x 64>
        }
        thrift.yield %t : !thrift.softmax<128 x 64>
      }
    }
    ```
    After:
    ```mlir
    thrift.kernel @k dims(batch, q_heads, q_tiles, q_len, kv_len) (%r : !thrift.routes<[batch, q_heads, q_tiles]>) {
      %b, %h, %i = thrift.program_id(batch, q_heads, q_tiles)
      %s0 = thrift.empty_softmax : !thrift.softmax<128 x 64>
      %s1 = thrift.sweep low(%i) causal by %r[%b, %h, %i] : !thrift.routes<[batch, q_heads, q_tiles]> with(%s0) : !thrift.softmax<128 x 64> {
      ^bb0(%j : i32, %s : !thrift.softmax<128 x 64>):
        thrift.yield %s : !thrift.softmax<128 x 64>
      }
      %s2 = thrift.sweep high(%i) causal by %r[%b, %h, %i] : !thrift.routes<[batch, q_heads, q_tiles]> with(%s1) : !thrift.softmax<128 x 64> {
      ^bb0(%j : i32, %s : !thrift.softmax<128 x 64>):
        thrift.yield %s : !thrift.softmax<128 x 64>
      }
    }
    ```
    A route by promotion becomes three sweeps: `seeds`, high; `rest`, low, where `thrift.promote` stands between the logits
    and the softmax; and `promoted`, high, where `thrift.keep_promoted` does. In the last two every `thrift.online_softmax`
    gets `guard`, since logits that are withheld may leave a row without a key.

    Changes the order of the sums, hence the last bits.
  }];
  let dependentDialects = ["::thrift::ThriftDialect"];
}

def PeelMasks : Pass<"thrift-peel-masks", "::mlir::ModuleOp"> {
  let summary = "Split a masked sweep into interior blocks without a mask and the boundary";
  let description = [{
    Most blocks are visible to every row of the query tile. They get a sweep of their own whose body has no mask; the
    blocks that the mask or the end of the keys cuts follow in a second sweep.

    Before:
    ```mlir
    thrift.kernel @k dims(q_tiles, q_len, kv_len) () {
      %i = thrift.program_id(q_tiles)
      %s0 = thrift.empty_softmax : !thrift.softmax<128 x 64>
      %s1 = thrift.sweep visible(%i) causal with(%s0) : !thrift.softmax<128 x 64> {
      ^bb0(%j : i32, %s : !thrift.softmax<128 x 64>):
        %x = "logits"() : () -> !thrift.tile<128 x 64, f32>
        %y = thrift.mask %x at(%i, %j) causal : !thrift.tile<128 x 64, f32>
        %t = "use"(%y, %s) : (!thrift.tile<128 x 64, f32>, !thrift.softmax<128 x 64>) -> !thrift.softmax<128 x 64>
        thrift.yield %t : !thrift.softmax<128 x 64>
      }
    }
    ```
    After:
    ```mlir
    thrift.kernel @k dims(q_tiles, q_len, kv_len) () {
      %i = thrift.program_id(q_tiles)
      %s0 = thrift.empty_softmax : !thrift.softmax<128 x 64>
      %s1 = thrift.sweep visible(%i) causal interior with(%s0) : !thrift.softmax<128 x 64> {
      ^bb0(%j : i32, %s : !thrift.softmax<128 x 64>):
        %x = "logits"() : () -> !thrift.tile<128 x 64, f32>
        %t = "use"(%x, %s) : (!thrift.tile<128 x 64, f32>, !thrift.softmax<128 x 64>) -> !thrift.softmax<128 x 64>
        thrift.yield %t : !thrift.softmax<128 x 64>
      }
      %s2 = thrift.sweep visible(%i) causal boundary with(%s1) : !thrift.softmax<128 x 64> {
      ^bb0(%j : i32, %s : !thrift.softmax<128 x 64>):
        %x = "logits"() : () -> !thrift.tile<128 x 64, f32>
        %y = thrift.mask %x at(%i, %j) causal : !thrift.tile<128 x 64, f32>
        %t = "use"(%y, %s) : (!thrift.tile<128 x 64, f32>, !thrift.softmax<128 x 64>) -> !thrift.softmax<128 x 64>
        thrift.yield %t : !thrift.softmax<128 x 64>
      }
    }
    ```
    In the boundary sweep every `thrift.online_softmax` gets `guard`, since a row there may have seen no key. A sweep over
    `high`, `seeds` or `promoted` blocks is not split: it is short, and a loop of its own would cost more code than the mask
    costs time. Where the list descends (`rest`) the boundary, which has the last blocks, comes first.
    Does not change numerics.
  }];
  let dependentDialects = ["::thrift::ThriftDialect"];
}

def Schedule : Pass<"thrift-schedule", "::mlir::ModuleOp"> {
  let summary = "Decide where tiles live and how copies overlap with arithmetic";
  let description = [{
    Gives each tile a layout, turns sweeps into software-pipelined loops over a ring in shared memory, inserts copies,
    waits and barriers, assigns shared memory and sets the number of threads. What it decides is ordinary IR: see
    `thriftjit emit prefill --stage scheduled`.

    Before:
    ```mlir
    thrift.kernel @means dims(heads, len, tiles)
        (%x : !thrift.view<[heads, len, 64], f16>, %y : !thrift.view<[heads, tiles, 64], f32>) {
      %h, %t = thrift.program_id(heads, tiles)
      %a = thrift.load %x[%h, %t] : !thrift.view<[heads, len, 64], f16> -> !thrift.tile<128 x 64, f16>
      %m = thrift.summarize %a rows(%t of len) : !thrift.tile<128 x 64, f16> -> !thrift.tile<1 x 64, f32>
      thrift.store %m, %y[%h, %t] : !thrift.tile<1 x 64, f32>, !thrift.view<[heads, tiles, 64], f32>
    }
    ```
    After:
    ```mlir
    thrift.kernel @means dims(heads, len, tiles)
        (%x : !thrift.view<[heads, len, 64], f16>, %y : !thrift.view<[heads, tiles, 64], f32>)
        attributes {shared_bytes = 16384 : i32, threads = 128 : i32} {
      %h, %t = thrift.program_id(heads, tiles)
      %ring = thrift.alloc at 0 : !thrift.ring<1 x !thrift.tile<128 x 64, f16, shared>>
      %zero = arith.constant 0 : i32
      %yes = arith.constant true
      thrift.copy %x[%h, %t] to %ring[%zero] if(%yes)
        : !thrift.view<[heads, len, 64], f16>, !thrift.ring<1 x !thrift.tile<128 x 64, f16, shared>>
      thrift.commit
      thrift.wait 0
      thrift.barrier
      %a = thrift.slot %ring[%zero] : !thrift.ring<1 x !thrift.tile<128 x 64, f16, shared>> -> !thrift.tile<128 x 64, f16, shared>
      %m = thrift.summarize %a rows(%t of len) : !thrift.tile<128 x 64, f16, shared> -> !thrift.tile<1 x 64, f32, columns>
      thrift.store %m, %y[%h, %t] : !thrift.tile<1 x 64, f32, columns>, !thrift.view<[heads, tiles, 64], f32>
    }
    ```
    Does not change numerics, except that `exp2` chooses how exponentials are taken.
  }];
  let options = [
    Option<"target", "target", "std::string", "\"portable\"", "the lowering to schedule for">,
    Option<"stages", "stages", "int64_t", "2", "tiles of K and of V in flight or in use, at least 2">,
    Option<"exp2", "exp2", "std::string", "\"approx\"", "approx (ex2.approx) or poly (a polynomial on the FMA pipes)">,
    Option<"alignment", "alignment", "int64_t", "16", "bytes that rows of the caller's tensors are aligned to: 16 or 2">,
    Option<"sharedLimit", "shared-limit", "int64_t", "101376", "bytes of shared memory that one CTA may use">,
    Option<"watchdog", "watchdog", "bool", "false",
           "bound every wait for an mbarrier; nothing where a schedule has none">,
  ];
  let dependentDialects = ["::thrift::ThriftDialect", "::mlir::scf::SCFDialect", "::mlir::arith::ArithDialect"];
}

def ToNVVM : Pass<"thrift-to-nvvm", "::mlir::ModuleOp"> {
  let summary = "Lower scheduled kernels to the code of one thread";
  let description = [{
    Tiles in registers become the values that one thread holds, tiles in shared memory become addresses, and each op the
    instructions of the target, as NVVM and LLVM ops. A kernel becomes an `llvm.func` whose arguments are listed in its
    `thrift.abi` attribute.

    Before:
    ```mlir
    thrift.kernel @k dims(heads, tiles) () attributes {shared_bytes = 8192 : i32, threads = 128 : i32} {
      %h, %t = thrift.program_id(heads, tiles)
      %ring = thrift.alloc at 0 : !thrift.ring<1 x !thrift.tile<64 x 64, f16, shared>>
      thrift.wait 0
      thrift.barrier
    }
    ```
    After:
    ```mlir
    llvm.mlir.global external @thrift_shared() {addr_space = 3 : i32, alignment = 128 : i64} : !llvm.array<0 x i8>
    llvm.func @k(%heads : i32, %tiles : i32)
        attributes {nvvm.kernel, nvvm.minctasm = 1 : i32, nvvm.reqntid = array<i32: 128, 1, 1>, thrift.abi = ["heads", "tiles"],
                    thrift.grid = ["heads", "tiles"], thrift.shared_bytes = 8192 : i32, thrift.threads = 128 : i32} {
      %h = nvvm.read.ptx.sreg.ctaid.y : i32
      %t = nvvm.read.ptx.sreg.ctaid.x : i32
      %ring = llvm.mlir.addressof @thrift_shared : !llvm.ptr<3>
      nvvm.cp.async.wait.group 0
      nvvm.barrier0
      llvm.return
    }
    ```
    Does not change numerics.
  }];
  let options = [
    Option<"target", "target", "std::string", "\"portable\"", "the lowering to use">,
    Option<"packedLayout", "packed-layout", "std::string", "\"portable\"",
           "how packed tensors are written: portable or sm100 (dialect/formats/PackedLayout.h)">,
    Option<"conversions", "conversions", "std::string", "\"none\"",
           "conversions to low formats that are instructions: none, fp8 (e4m3) or fp4 (e2m1 and ue8m0 as well)">,
  ];
  let dependentDialects = ["::thrift::ThriftDialect", "::mlir::scf::SCFDialect", "::mlir::arith::ArithDialect",
                           "::mlir::LLVM::LLVMDialect", "::mlir::NVVM::NVVMDialect"];
}

#endif // THRIFTJIT_COMPILER_PASSES_TD
