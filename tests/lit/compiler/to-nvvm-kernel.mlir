// Kernels, program ids, rings and waits become a function, special registers, addresses and barriers.

// RUN: thrift-opt %s --thrift-to-nvvm | FileCheck %s

// All CTAs' dynamic shared memory: its size is a launch parameter. cp.async and ldmatrix want 16-byte alignment.
// CHECK: llvm.mlir.global external @thrift_shared() {addr_space = 3 : i32, alignment = 128 : i64} : !llvm.array<0 x i8>

// Launch dimensions come first, then what each argument spells: strided views a pointer and strides, packed ones elements
// and scales, routes counts, ids and capacity.
// CHECK-LABEL: llvm.func @abi(
// CHECK-SAME:    %[[B:[a-z0-9]+]]: i32, %[[H:[a-z0-9]+]]: i32, %[[T:[a-z0-9]+]]: i32, %[[L:[a-z0-9]+]]: i32,
// CHECK-SAME:    %{{[^ ]+}}: !llvm.ptr<1>, %{{[^ ]+}}: i64, %{{[^ ]+}}: i64, %{{[^ ]+}}: !llvm.ptr<1>, %{{[^ ]+}}: !llvm.ptr<1>,
// CHECK-SAME:    %{{[^ ]+}}: !llvm.ptr<1>, %{{[^ ]+}}: !llvm.ptr<1>, %{{[^ ]+}}: i32, %{{[^ ]+}}: !llvm.ptr<1>, %{{[^ ]+}}: i32, %{{[^ ]+}}: f32)
// CHECK-SAME:    nvvm.kernel
// CHECK-SAME:    nvvm.reqntid = array<i32: 64, 1, 1>
// CHECK-SAME:    thrift.abi = ["b", "h", "t", "len", "x", "x.stride.0", "x.stride.1", "low.elements", "low.scales", "r.counts", "r.ids", "r.capacity", "v", "n", "c"]
// CHECK-SAME:    thrift.grid = ["b", "h", "t"]
// CHECK-SAME:    thrift.shared_bytes = 4096 : i32
// CHECK-SAME:    thrift.threads = 64 : i32
// The name that varies fastest is x.
// CHECK-NEXT:    nvvm.read.ptx.sreg.ctaid.z : i32
// CHECK-NEXT:    nvvm.read.ptx.sreg.ctaid.y : i32
// CHECK-NEXT:    nvvm.read.ptx.sreg.ctaid.x : i32
// CHECK-NEXT:    llvm.return
thrift.kernel @abi dims(b, h, t, len)
    (%x : !thrift.view<[b, len, 64], f16>, %low : !thrift.view<[b, 64, len], nvfp4>, %r : !thrift.routes<[b, h, t]>,
     %v : !thrift.view<[len], f32>, %n : i32, %c : f32) attributes {threads = 64 : i32, shared_bytes = 4096 : i32} {
  %0:3 = thrift.program_id(b, h, t)
}

// CHECK-LABEL: llvm.func @one_dimension(
// CHECK-SAME:    thrift.grid = ["t"]
// CHECK-NEXT:    nvvm.read.ptx.sreg.ctaid.x : i32
// CHECK-NEXT:    llvm.return
thrift.kernel @one_dimension dims(t) () attributes {threads = 32 : i32, shared_bytes = 0 : i32} {
  %0 = thrift.program_id(t)
}

// q_head / (q_heads / kv_heads)
// CHECK-LABEL: llvm.func @kv_head(
// CHECK-SAME:    %[[QH:[a-z0-9]+]]: i32, %[[KH:[a-z0-9]+]]: i32)
// CHECK:         %[[H:.+]] = nvvm.read.ptx.sreg.ctaid.x : i32
// CHECK-NEXT:    %[[GROUP:.+]] = llvm.udiv %[[QH]], %[[KH]]
// CHECK-NEXT:    llvm.udiv %[[H]], %[[GROUP]]
thrift.kernel @kv_head dims(q_heads, kv_heads) () attributes {threads = 32 : i32, shared_bytes = 0 : i32} {
  %0 = thrift.program_id(q_heads)
  %1 = thrift.kv_head %0
}

// Slot n mod 3 of a ring that starts at byte 512: 16 x 64 bf16 are 2048 bytes.
// CHECK-LABEL: llvm.func @ring(
// CHECK-SAME:    %[[N:[a-z0-9]+]]: i32)
// CHECK-DAG:     %[[STAGES:.+]] = llvm.mlir.constant(3 : i32) : i32
// CHECK-DAG:     %[[BYTES:.+]] = llvm.mlir.constant(2048 : i32) : i32
// CHECK-DAG:     %[[SHARED:.+]] = llvm.mlir.addressof @thrift_shared : !llvm.ptr<3>
// CHECK-DAG:     %[[RING:.+]] = llvm.getelementptr %[[SHARED]][512] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
// CHECK-DAG:     %[[SLOT:.+]] = llvm.urem %[[N]], %[[STAGES]]
// CHECK-DAG:     %[[OFFSET:.+]] = llvm.mul %[[SLOT]], %[[BYTES]]
// CHECK:         llvm.getelementptr %[[RING]][%[[OFFSET]]] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
// CHECK:         nvvm.cp.async.commit.group
// CHECK-NEXT:    nvvm.cp.async.wait.group 1
// CHECK-NEXT:    nvvm.barrier0
thrift.kernel @ring (%n : i32) attributes {threads = 32 : i32, shared_bytes = 8192 : i32} {
  %0 = thrift.alloc at 512 : !thrift.ring<3 x !thrift.tile<16 x 64, bf16, shared>>
  %1 = thrift.slot %0[%n] : !thrift.ring<3 x !thrift.tile<16 x 64, bf16, shared>> -> !thrift.tile<16 x 64, bf16, shared>
  thrift.commit
  thrift.wait 1
  thrift.barrier
}
