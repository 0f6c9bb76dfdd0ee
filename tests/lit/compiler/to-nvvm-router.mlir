// The online router in one thread: a granule is a warp, so votes are ballots; sets are bits; lists need no cursor.

// RUN: thrift-opt %s -split-input-file -allow-unregistered-dialect --thrift-to-nvvm | FileCheck %s

// Three variables of the thread; the warp's set, counts and tiers are written, tiers only where the caller wants them.
// CHECK-LABEL: llvm.func @start(
// CHECK-COUNT-3: llvm.alloca %{{.+}} x {{f32|i32}}
// CHECK:         %[[NULL:.+]] = llvm.mlir.zero : !llvm.ptr<1>
// CHECK-NEXT:    %[[WANTED:.+]] = llvm.icmp "ne" %{{.+}}, %[[NULL]]
// CHECK:         llvm.udiv %{{.+}} : i64
// CHECK:         scf.for
// CHECK:         scf.if %[[WANTED]]
// CHECK:           llvm.store %{{.+}}, %{{.+}} : i8, !llvm.ptr<1>
thrift.kernel @start dims(b, h, t, q_len, kv_len)
    (%d : !thrift.decisions<[b, h, t] by 16>, %i : i32, %sink : i32, %local : i32, %ppm : i32, %top : i32, %tau : f32, %lambda : f32, %c : f32)
    attributes {threads = 128 : i32, shared_bytes = 0 : i32} {
  %r = thrift.start_router %d[%i, %i, %i] causal blocks(64 x 64) seeds(%sink, %local) cap(%ppm, %top) thresholds(%tau, %lambda) scale(%c)
     : !thrift.decisions<[b, h, t] by 16> -> !thrift.router<64 by 16>
}

// -----

// Reading lists: seeds without memory, promoted blocks from the four granules' words.
// CHECK-LABEL: llvm.func @lists(
// CHECK:         llvm.intr.ctpop
// CHECK-COUNT-5: nvvm.shfl.sync
// CHECK-COUNT-4: llvm.load %{{.+}} : !llvm.ptr<1> -> i32
// CHECK:         scf.while
// CHECK:         llvm.intr.ctlz
thrift.kernel @lists dims(b, h, t, q_len, kv_len)
    (%d : !thrift.decisions<[b, h, t] by 16>, %i : i32, %n : i32, %x : f32) attributes {threads = 128 : i32, shared_bytes = 0 : i32} {
  %r = thrift.start_router %d[%i, %i, %i] none blocks(64 x 64) seeds(%n, %n) cap(%n, %n) thresholds(%x, %x) scale(%x)
     : !thrift.decisions<[b, h, t] by 16> -> !thrift.router<64 by 16>
  %0:3 = thrift.seek promoted(%i) none blocks(64 x 64) by %r : !thrift.router<64 by 16>
}
