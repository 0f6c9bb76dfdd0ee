// Masks, the online softmax, its end and merges: in C fragments, where a thread holds two rows and four lanes share each.
//
// A loop carries the operands, so that their values have numbers: a tile of 8 columns is x, x + 1 of one row and x + 2, x + 3
// of the row 8 below; a state is the maxima s, s + 1, the sums s + 2, s + 3, then O like a tile.

// RUN: thrift-opt %s --thrift-to-nvvm | FileCheck %s

// Keys at or past kv_len are hidden.
// CHECK-LABEL: llvm.func @mask_none(
// CHECK-SAME:    %[[KEYS:[a-z0-9]+]]: i32, %[[J:[a-z0-9]+]]: i32)
// CHECK:         scf.for {{.+}} iter_args(%arg[[#X:]] =
// CHECK:           %[[FIRST:.+]] = llvm.mul %[[J]],
// CHECK-NEXT:      %[[COLUMN:.+]] = llvm.add %[[FIRST]],
// CHECK-NEXT:      %[[LEFT:.+]] = llvm.sub %[[KEYS]], %[[COLUMN]]
// CHECK-NEXT:      %[[SEEN:.+]] = llvm.icmp {{.+}}%[[LEFT]]
// CHECK-NEXT:      llvm.select %[[SEEN]], %arg[[#X]], %{{.+}} : i1, f32
// CHECK:           llvm.select %{{.+}}, %arg[[#X+1]], %{{.+}} : i1, f32
// CHECK:           llvm.select %{{.+}}, %arg[[#X+2]], %{{.+}} : i1, f32
// CHECK:           llvm.select %{{.+}}, %arg[[#X+3]], %{{.+}} : i1, f32
// CHECK-NOT:       llvm.intr.smin
// CHECK:         llvm.return
thrift.kernel @mask_none dims(kv_len) (%j : i32) attributes {threads = 32 : i32, shared_bytes = 0 : i32} {
  %e = thrift.empty_softmax : !thrift.softmax<16 x 8>
  %z, %l = thrift.finish %e : !thrift.softmax<16 x 8> -> !thrift.tile<16 x 8, f32, accumulator>, !thrift.tile<16 x 1, f32, accumulator>
  %r = scf.for %n = %j to %j step %j iter_args(%x = %z) -> (!thrift.tile<16 x 8, f32, accumulator>) : i32 {
    %y = thrift.mask %x at(%n, %j) none : !thrift.tile<16 x 8, f32, accumulator>
    scf.yield %y : !thrift.tile<16 x 8, f32, accumulator>
  }
}

// Row r sees min(kv_len, r + kv_len - q_len + 1) keys: aligned at the bottom right.
// CHECK-LABEL: llvm.func @mask_causal(
// CHECK-SAME:    %[[QUERIES:[a-z0-9]+]]: i32, %[[KEYS:[a-z0-9]+]]: i32, %[[I:[a-z0-9]+]]: i32, %[[J:[a-z0-9]+]]: i32)
// CHECK:         scf.for {{.+}} iter_args(%arg[[#X:]] =
// CHECK:           %[[TOP:.+]] = llvm.mul %[[I]],
// CHECK-NEXT:      %[[ROW:.+]] = llvm.add %[[TOP]],
// CHECK-NEXT:      %[[SHIFT:.+]] = llvm.sub %[[KEYS]], %[[QUERIES]]
// CHECK-NEXT:      %[[DIAGONAL:.+]] = llvm.add %[[ROW]], %[[SHIFT]]
// CHECK-NEXT:      %[[LIMIT:.+]] = llvm.add %[[DIAGONAL]], %{{[0-9]+}}
// CHECK-NEXT:      %[[VISIBLE:.+]] = llvm.intr.smin(%[[KEYS]], %[[LIMIT]]
// CHECK-NEXT:      llvm.sub %[[VISIBLE]],
// CHECK:           llvm.select %{{.+}}, %arg[[#X]], %{{.+}} : i1, f32
// CHECK:           llvm.select %{{.+}}, %arg[[#X+1]], %{{.+}} : i1, f32
// CHECK:           llvm.intr.smin(%[[KEYS]],
// CHECK:           llvm.select %{{.+}}, %arg[[#X+2]], %{{.+}} : i1, f32
// CHECK:           llvm.select %{{.+}}, %arg[[#X+3]], %{{.+}} : i1, f32
// CHECK:         llvm.return
thrift.kernel @mask_causal dims(q_len, kv_len) (%i : i32, %j : i32) attributes {threads = 32 : i32, shared_bytes = 0 : i32} {
  %e = thrift.empty_softmax : !thrift.softmax<16 x 8>
  %z, %l = thrift.finish %e : !thrift.softmax<16 x 8> -> !thrift.tile<16 x 8, f32, accumulator>, !thrift.tile<16 x 1, f32, accumulator>
  %r = scf.for %n = %j to %j step %j iter_args(%x = %z) -> (!thrift.tile<16 x 8, f32, accumulator>) : i32 {
    %y = thrift.mask %x at(%i, %j) causal : !thrift.tile<16 x 8, f32, accumulator>
    scf.yield %y : !thrift.tile<16 x 8, f32, accumulator>
  }
}

// For each of the two rows: the maximum of the lane's logits, of the quad, then of what came before; the probabilities
// relative to it; the state rescaled. NaN wins every maximum. Logits that are 2^-14 of a dot product get their factor back
// together with log2(e).
// CHECK-LABEL: llvm.func @online_softmax(
// CHECK-SAME:    %[[C:[a-z0-9]+]]: f32)
// CHECK:         %[[FACTOR:.+]] = llvm.mlir.constant(23637.1152 : f32) : f32
// CHECK:         scf.for {{.+}} iter_args(%arg[[#X:]] =
// CHECK-SAME:      %arg[[#S:X+4]] =
// CHECK:           %[[SCALE:.+]] = llvm.fmul %[[C]], %[[FACTOR]]
// CHECK:           %[[MINE:.+]] = llvm.intr.maximum(%arg[[#X]], %arg[[#X+1]]
// CHECK:           %[[OTHER:.+]] = nvvm.shfl.sync bfly %{{.+}}, %[[MINE]], %{{[0-9]+}}{{.*}}, %{{[0-9]+}}{{.*}} : f32 -> f32
// CHECK:           %[[PAIR:.+]] = llvm.intr.maximum(%[[MINE]], %[[OTHER]]
// CHECK:           %[[OTHERS:.+]] = nvvm.shfl.sync bfly %{{.+}}, %[[PAIR]], %{{[0-9]+}}{{.*}}, %{{[0-9]+}}{{.*}} : f32 -> f32
// CHECK:           %[[QUAD:.+]] = llvm.intr.maximum(%[[PAIR]], %[[OTHERS]]
// CHECK:           %[[SCALED:.+]] = llvm.fmul %[[QUAD]], %[[SCALE]]
// CHECK:           %[[MAX:.+]] = llvm.intr.maximum(%arg[[#S]], %[[SCALED]]
// CHECK-NEXT:      %[[DOWN:.+]] = llvm.fsub %arg[[#S]], %[[MAX]]
// CHECK-NEXT:      %[[ALPHA:.+]] = llvm.call_intrinsic "llvm.nvvm.ex2.approx.ftz.f"(%[[DOWN]])
// CHECK:           llvm.intr.fma(%arg[[#X]], %[[SCALE]],
// CHECK-NEXT:      llvm.call_intrinsic "llvm.nvvm.ex2.approx.ftz.f"
// CHECK:           llvm.intr.fma(%arg[[#X+1]], %[[SCALE]],
// CHECK-NEXT:      llvm.call_intrinsic "llvm.nvvm.ex2.approx.ftz.f"
// CHECK:           llvm.fmul %arg[[#S+2]], %[[ALPHA]]
// CHECK:           llvm.intr.maximum(%arg[[#X+2]], %arg[[#X+3]]
// CHECK:           %[[DOWN:.+]] = llvm.fsub %arg[[#S+1]],
// CHECK-NEXT:      %[[BETA:.+]] = llvm.call_intrinsic "llvm.nvvm.ex2.approx.ftz.f"(%[[DOWN]])
// CHECK:           llvm.fmul %arg[[#S+3]], %[[BETA]]
// CHECK-NEXT:      llvm.fmul %arg[[#S+4]], %[[ALPHA]]
// CHECK-NEXT:      llvm.fmul %arg[[#S+5]], %[[ALPHA]]
// CHECK-NEXT:      llvm.fmul %arg[[#S+6]], %[[BETA]]
// CHECK-NEXT:      llvm.fmul %arg[[#S+7]], %[[BETA]]
// CHECK-NOT:       llvm.select
// CHECK:         llvm.return
thrift.kernel @online_softmax (%n : i32, %c : f32) attributes {threads = 32 : i32, shared_bytes = 0 : i32} {
  %e = thrift.empty_softmax : !thrift.softmax<16 x 8>
  %z, %l = thrift.finish %e : !thrift.softmax<16 x 8> -> !thrift.tile<16 x 8, f32, accumulator>, !thrift.tile<16 x 1, f32, accumulator>
  %r:2 = scf.for %i = %n to %n step %n iter_args(%x = %z, %s = %e) -> (!thrift.tile<16 x 8, f32, accumulator>, !thrift.softmax<16 x 8>) : i32 {
    %w, %t = thrift.online_softmax %x, %s scale(%c) {logit_scale_log2 = 14 : i32} : !thrift.tile<16 x 8, f32, accumulator>, !thrift.softmax<16 x 8>
    scf.yield %w, %t : !thrift.tile<16 x 8, f32, accumulator>, !thrift.softmax<16 x 8>
  }
}

// A guarded row that has seen nothing is taken relative to zero: -inf less -inf is NaN.
// CHECK-LABEL: llvm.func @guarded(
// CHECK:         llvm.mlir.constant(1.44269502 : f32) : f32
// CHECK:         scf.for {{.+}} iter_args(%arg[[#X:]] =
// CHECK-SAME:      %arg[[#S:X+4]] =
// CHECK:           %[[MAX:.+]] = llvm.intr.maximum(%arg[[#S]],
// CHECK-NEXT:      %[[EMPTY:.+]] = llvm.fcmp "oeq" %[[MAX]], %{{.+}} : f32
// CHECK-NEXT:      %[[REFERENCE:.+]] = llvm.select %[[EMPTY]], %{{.+}}, %[[MAX]] : i1, f32
// CHECK-NEXT:      llvm.fsub %arg[[#S]], %[[REFERENCE]]
// CHECK:           %[[MAX:.+]] = llvm.intr.maximum(%arg[[#S+1]],
// CHECK-NEXT:      %[[EMPTY:.+]] = llvm.fcmp "oeq" %[[MAX]], %{{.+}} : f32
// CHECK-NEXT:      llvm.select %[[EMPTY]], %{{.+}}, %[[MAX]] : i1, f32
// CHECK:         llvm.return
thrift.kernel @guarded (%n : i32, %c : f32) attributes {threads = 32 : i32, shared_bytes = 0 : i32} {
  %e = thrift.empty_softmax : !thrift.softmax<16 x 8>
  %z, %l = thrift.finish %e : !thrift.softmax<16 x 8> -> !thrift.tile<16 x 8, f32, accumulator>, !thrift.tile<16 x 1, f32, accumulator>
  %r:2 = scf.for %i = %n to %n step %n iter_args(%x = %z, %s = %e) -> (!thrift.tile<16 x 8, f32, accumulator>, !thrift.softmax<16 x 8>) : i32 {
    %w, %t = thrift.online_softmax %x, %s scale(%c) {guard} : !thrift.tile<16 x 8, f32, accumulator>, !thrift.softmax<16 x 8>
    scf.yield %w, %t : !thrift.tile<16 x 8, f32, accumulator>, !thrift.softmax<16 x 8>
  }
}

// `poly` takes no instruction that machines may round differently: the argument's integer part becomes the exponent, a
// polynomial of degree five does the rest.
// CHECK-LABEL: llvm.func @poly(
// CHECK-NOT:     llvm.call_intrinsic
// CHECK:         %[[CLAMPED:.+]] = llvm.intr.maxnum
// CHECK-NEXT:    %[[SHIFTED:.+]] = llvm.fadd %[[CLAMPED]], %[[MAGIC:.+]] : f32
// CHECK-NEXT:    %[[WHOLE:.+]] = llvm.fsub %[[SHIFTED]], %[[MAGIC]]
// CHECK-NEXT:    %[[FRACTION:.+]] = llvm.fsub %[[CLAMPED]], %[[WHOLE]]
// CHECK-COUNT-5: llvm.intr.fma(%{{.+}}, %[[FRACTION]], %{{.+}})
// CHECK:         llvm.shl
// CHECK-NOT:     llvm.call_intrinsic
// CHECK:         llvm.return
thrift.kernel @poly (%n : i32, %c : f32) attributes {threads = 32 : i32, shared_bytes = 0 : i32} {
  %e = thrift.empty_softmax : !thrift.softmax<16 x 8>
  %z, %l = thrift.finish %e : !thrift.softmax<16 x 8> -> !thrift.tile<16 x 8, f32, accumulator>, !thrift.tile<16 x 1, f32, accumulator>
  %w, %t = thrift.online_softmax %z, %e scale(%c) {exp2 = "poly"} : !thrift.tile<16 x 8, f32, accumulator>, !thrift.softmax<16 x 8>
}

// A state that has seen nothing: m = -inf, l = 0, O = 0. The quad's sums are added, and divide the row once. Rows that saw
// nothing give 0 and -inf, rows whose maximum is not finite NaN.
// CHECK-LABEL: llvm.func @finish(
// CHECK:         scf.for {{.+}} iter_args(%arg[[#S:]] = %[[NOTHING:[a-z0-9_]+]], %{{[a-z0-9]+}} = %[[NOTHING]], %{{[a-z0-9]+}} = %[[ZERO:[a-z0-9_]+]], %{{[a-z0-9]+}} = %[[ZERO]],
// CHECK:           nvvm.shfl.sync bfly %{{.+}}, %arg[[#S+2]], %{{[0-9]+}}
// CHECK:           nvvm.shfl.sync bfly %{{.+}}, %{{.+}}, %{{[0-9]+}}
// CHECK-NEXT:      %[[SUM:.+]] = llvm.fadd
// CHECK-NEXT:      %[[EMPTY:.+]] = llvm.fcmp "oeq" %arg[[#S]], %{{.+}} : f32
// CHECK-NEXT:      %[[FINITE:.+]] = llvm.fcmp "olt" %arg[[#S]], %{{.+}} : f32
// CHECK-NEXT:      %[[INVERSE:.+]] = llvm.fdiv %{{.+}}, %[[SUM]]
// CHECK-NEXT:      %[[OR_ZERO:.+]] = llvm.select %[[EMPTY]], %{{.+}}, %[[INVERSE]]
// CHECK-NEXT:      %[[FACTOR:.+]] = llvm.select %[[FINITE]], %[[OR_ZERO]], %{{.+}} : i1, f32
// CHECK:           %[[LSE:.+]] = llvm.select %[[EMPTY]], %{{.+}}, %{{.+}} : i1, f32
// CHECK-NEXT:      llvm.select %[[FINITE]], %[[LSE]], %{{.+}} : i1, f32
// CHECK-NEXT:      llvm.fmul %arg[[#S+4]], %[[FACTOR]]
// CHECK-NEXT:      llvm.fmul %arg[[#S+5]], %[[FACTOR]]
// CHECK:           nvvm.shfl.sync bfly %{{.+}}, %arg[[#S+3]], %{{[0-9]+}}
// CHECK:           llvm.fmul %arg[[#S+6]],
// CHECK-NEXT:      llvm.fmul %arg[[#S+7]],
// CHECK:         llvm.return
thrift.kernel @finish (%n : i32) attributes {threads = 32 : i32, shared_bytes = 0 : i32} {
  %e = thrift.empty_softmax : !thrift.softmax<16 x 8>
  %r = scf.for %i = %n to %n step %n iter_args(%s = %e) -> (!thrift.softmax<16 x 8>) : i32 {
    %o, %lse = thrift.finish %s : !thrift.softmax<16 x 8> -> !thrift.tile<16 x 8, f32, accumulator>, !thrift.tile<16 x 1, f32, accumulator>
    scf.yield %s : !thrift.softmax<16 x 8>
  }
}

// Both states are rescaled to the larger maximum and added.
// CHECK-LABEL: llvm.func @merge(
// CHECK:         scf.for {{.+}} iter_args(%arg[[#A:]] =
// CHECK-SAME:      %arg[[#B:A+8]] =
// CHECK:           %[[MAX:.+]] = llvm.intr.maximum(%arg[[#A]], %arg[[#B]]
// CHECK-NEXT:      llvm.fcmp "oeq" %[[MAX]],
// CHECK:           %[[FROM_B:.+]] = llvm.fmul %arg[[#B+2]], %[[SCALE_B:.+]] : f32
// CHECK-NEXT:      llvm.intr.fma(%arg[[#A+2]], %[[SCALE_A:.+]], %[[FROM_B]])
// CHECK-NEXT:      %[[FROM_B:.+]] = llvm.fmul %arg[[#B+4]], %[[SCALE_B]]
// CHECK-NEXT:      llvm.intr.fma(%arg[[#A+4]], %[[SCALE_A]], %[[FROM_B]])
// CHECK:           llvm.intr.maximum(%arg[[#A+1]], %arg[[#B+1]]
// CHECK:           llvm.intr.fma(%arg[[#A+7]],
// CHECK:         llvm.return
thrift.kernel @merge (%n : i32) attributes {threads = 32 : i32, shared_bytes = 0 : i32} {
  %e = thrift.empty_softmax : !thrift.softmax<16 x 8>
  %r:2 = scf.for %i = %n to %n step %n iter_args(%a = %e, %b = %e) -> (!thrift.softmax<16 x 8>, !thrift.softmax<16 x 8>) : i32 {
    %m = thrift.merge %a, %b : !thrift.softmax<16 x 8>
    scf.yield %m, %b : !thrift.softmax<16 x 8>, !thrift.softmax<16 x 8>
  }
}
