// Places in the lists of KV blocks: ranges for what is visible, ids for what is routed, the gaps between them for the rest.

// RUN: thrift-opt %s --thrift-to-nvvm | FileCheck %s

// Without a mask, whole blocks are interior; the last, shorter one is the boundary. Neither reads memory.
// CHECK-LABEL: llvm.func @none(
// CHECK-SAME:    %[[KEYS:[a-z0-9]+]]: i32,
// CHECK-NOT:     llvm.load
// CHECK-NOT:     scf.
// CHECK:         %[[WHOLE:.+]] = llvm.udiv %[[KEYS]], %{{[0-9]+}}
// CHECK:         %[[UP:.+]] = llvm.add %[[KEYS]], %{{[0-9]+}}
// CHECK:         %[[ALL:.+]] = llvm.udiv %[[UP]], %{{[0-9]+}}
// CHECK:         llvm.sub %[[ALL]], %[[WHOLE]]
// CHECK:         llvm.return
thrift.kernel @none dims(kv_len) (%i : i32) attributes {threads = 32 : i32, shared_bytes = 0 : i32} {
  %n, %j, %c = thrift.seek visible(%i) none boundary blocks(128 x 64)
}

// Causal: the tile's last row sees keys up to its diagonal, all rows those that the first one sees. Rows past q_len count
// for nothing, and both ends are clamped to the keys that exist.
// CHECK-LABEL: llvm.func @causal(
// CHECK-SAME:    %[[QUERIES:[a-z0-9]+]]: i32, %[[KEYS:[a-z0-9]+]]: i32, %[[I:[a-z0-9]+]]: i32)
// CHECK:         %[[SHIFT:.+]] = llvm.sub %[[KEYS]], %[[QUERIES]]
// CHECK:         %[[TOP:.+]] = llvm.mul %[[I]], %{{[0-9]+}}
// CHECK:         %[[BOTTOM:.+]] = llvm.add %[[TOP]], %{{[0-9]+}}
// CHECK-NEXT:    %[[END:.+]] = llvm.intr.smin(%[[BOTTOM]], %[[QUERIES]]
// CHECK-NEXT:    %[[LAST:.+]] = llvm.add %[[END]], %[[SHIFT]]
// CHECK-NEXT:    %[[CLAMPED:.+]] = llvm.intr.smax(%[[LAST]], %{{[0-9]+}}
// CHECK-NEXT:    %[[VISIBLE:.+]] = llvm.intr.smin(%[[CLAMPED]], %[[KEYS]]
// CHECK-NEXT:    %[[FIRST:.+]] = llvm.add %[[TOP]], %[[SHIFT]]
// CHECK-NEXT:    %[[ONE:.+]] = llvm.add %[[FIRST]], %{{[0-9]+}}
// CHECK-NEXT:    %[[CLAMPED:.+]] = llvm.intr.smax(%[[ONE]], %{{[0-9]+}}
// CHECK-NEXT:    %[[INTERIOR:.+]] = llvm.intr.smin(%[[CLAMPED]], %[[KEYS]]
// CHECK-NEXT:    llvm.udiv %[[INTERIOR]], %{{[0-9]+}}
// CHECK-NEXT:    %[[UP:.+]] = llvm.add %[[VISIBLE]], %{{[0-9]+}}
// CHECK-NEXT:    llvm.udiv %[[UP]], %{{[0-9]+}}
// CHECK-NOT:     llvm.load
// CHECK:         %[[NEXT:.+]] = llvm.add %{{.+}}, %{{[0-9]+}}
// CHECK-NEXT:    llvm.return
thrift.kernel @causal dims(q_len, kv_len) (%i : i32) attributes {threads = 32 : i32, shared_bytes = 0 : i32} {
  %n, %j, %c = thrift.seek visible(%i) causal boundary blocks(128 x 64)
  %k, %d = thrift.next visible after(%j, %c)
}

// Routed ids below the two ends of the part are counted 32 at a time: each lane compares one, the warp votes. Lanes past the
// end take an id that is below nothing.
// CHECK-LABEL: llvm.func @high(
// CHECK-SAME:    %[[B:[a-z0-9]+]]: i32, %[[H:[a-z0-9]+]]: i32, %[[T:[a-z0-9]+]]: i32, %{{[a-z0-9]+}}: i32, %[[COUNTS:[a-z0-9]+]]: !llvm.ptr<1>, %[[IDS:[a-z0-9]+]]: !llvm.ptr<1>, %[[CAPACITY:[a-z0-9]+]]: i32,
// CHECK:         %[[AT:.+]] = llvm.getelementptr %[[COUNTS]]
// CHECK:         llvm.getelementptr %[[IDS]]
// CHECK:         %[[COUNT:.+]] = llvm.load %[[AT]] {alignment = 4 : i64} : !llvm.ptr<1> -> i32
// CHECK:         %[[BELOW:.+]]:2 = scf.for %[[FIRST:.+]] = %{{.+}} to %[[COUNT]] step %{{[0-9]+}} iter_args
// CHECK:           %[[PLACE:.+]] = llvm.add %[[FIRST]], %{{.+}} : i32
// CHECK-NEXT:      %[[EXISTS:.+]] = llvm.icmp "slt" %[[PLACE]], %[[COUNT]]
// CHECK-NEXT:      %[[ID:.+]] = scf.if %[[EXISTS]] -> (i32) {
// CHECK:             %[[LOADED:.+]] = llvm.load %{{.+}} {alignment = 4 : i64} : !llvm.ptr<1> -> i32
// CHECK-NEXT:        scf.yield %[[LOADED]]
// CHECK-NEXT:      } else {
// CHECK-NEXT:        scf.yield %{{[0-9]+}}
// CHECK-NEXT:      }
// CHECK-NEXT:      %[[LESS:.+]] = llvm.icmp "slt" %[[ID]], %{{.+}} : i32
// CHECK-NEXT:      %[[VOTE:.+]] = nvvm.vote.sync ballot %{{[0-9]+}}{{.*}}, %[[LESS]] -> i32
// CHECK-NEXT:      %[[N:.+]] = llvm.intr.ctpop(%[[VOTE]])
// CHECK:           nvvm.vote.sync ballot
// CHECK:         }
// CHECK-NEXT:    llvm.sub %[[BELOW]]#1, %[[BELOW]]#0
// CHECK-NOT:     scf.while
// The next block is the next id.
// CHECK:         %[[PLACE:.+]] = llvm.add %[[BELOW]]#0, %{{[0-9]+}}
// CHECK:         llvm.return
thrift.kernel @high dims(b, h, t, kv_len) (%r : !thrift.routes<[b, h, t]>, %i : i32) attributes {threads = 32 : i32, shared_bytes = 0 : i32} {
  %n, %j, %c = thrift.seek high(%i) none interior blocks(128 x 64) by %r[%i, %i, %i] : !thrift.routes<[b, h, t]>
  %k, %d = thrift.next high after(%j, %c) by %r[%i, %i, %i] : !thrift.routes<[b, h, t]>
}

// The low list is what the ids leave: as many blocks as are not routed, stepping over each id that is met.
// CHECK-LABEL: llvm.func @low(
// CHECK:         %[[BELOW:.+]]:2 = scf.for
// CHECK:           nvvm.vote.sync ballot
// CHECK:         %[[ROUTED:.+]] = llvm.sub %[[BELOW]]#1, %[[BELOW]]#0
// CHECK:         %[[FIRST:.+]]:2 = scf.while (%[[J:.+]] = %{{.+}}, %[[CURSOR:.+]] = %[[BELOW]]#0)
// CHECK:           %[[ID:.+]] = scf.if
// CHECK:           %[[MET:.+]] = llvm.icmp "eq" %[[ID]], %[[J]]
// CHECK-NEXT:      scf.condition(%[[MET]]) %[[J]], %[[CURSOR]]
// CHECK:           llvm.add %{{.+}}, %{{[0-9]+}}
// CHECK-NEXT:      llvm.add %{{.+}}, %{{[0-9]+}}
// CHECK:         llvm.sub %{{.+}}, %[[ROUTED]]
// CHECK:         %[[AFTER:.+]] = llvm.add %[[FIRST]]#0, %{{[0-9]+}}
// CHECK:         scf.while (%{{.+}} = %[[AFTER]], %{{.+}} = %[[FIRST]]#1)
// CHECK:         llvm.return
thrift.kernel @low dims(b, h, t, q_len, kv_len) (%r : !thrift.routes<[b, h, t]>, %i : i32) attributes {threads = 32 : i32, shared_bytes = 0 : i32} {
  %n, %j, %c = thrift.seek low(%i) causal blocks(128 x 64) by %r[%i, %i, %i] : !thrift.routes<[b, h, t]>
  %k, %d = thrift.next low after(%j, %c) by %r[%i, %i, %i] : !thrift.routes<[b, h, t]>
}
