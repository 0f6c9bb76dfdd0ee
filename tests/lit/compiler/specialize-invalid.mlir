// Bindings that thrift-specialize refuses, one for each RUN line. Values of the wrong kind: specialize-kinds-invalid.mlir.

// RUN: split-file %s %t
// RUN: not thrift-opt %t/kernel.mlir --thrift-specialize=bind=rows=64 2>&1 | FileCheck %s --check-prefix=OPEN
// RUN: not thrift-opt %t/kernel.mlir --thrift-specialize 2>&1 | FileCheck %s --check-prefix=NOTHING
// RUN: not thrift-opt %t/kernel.mlir --thrift-specialize=bind=rows=64,high=f16,head_dim=64 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// RUN: not thrift-opt %t/kernel.mlir --thrift-specialize=bind=rows=0,high=f16 2>&1 | FileCheck %s --check-prefix=ZERO
// RUN: not thrift-opt %t/kernel.mlir --thrift-specialize=bind=rows=-64,high=f16 2>&1 | FileCheck %s --check-prefix=NEGATIVE
// RUN: not thrift-opt %t/kernel.mlir --thrift-specialize=bind=rows=6.4,high=f16 2>&1 | FileCheck %s --check-prefix=FRACTION
// RUN: not thrift-opt %t/kernel.mlir --thrift-specialize=bind=rows=0x40,high=f16 2>&1 | FileCheck %s --check-prefix=HEX
// RUN: not thrift-opt %t/kernel.mlir --thrift-specialize=bind=rows=9223372036854775808,high=f16 2>&1 | FileCheck %s --check-prefix=LARGE
// RUN: not thrift-opt %t/kernel.mlir --thrift-specialize=bind=rows=64,high=fp16 2>&1 | FileCheck %s --check-prefix=WORD
// RUN: not thrift-opt %t/kernel.mlir --thrift-specialize=bind=rows,high=f16 2>&1 | FileCheck %s --check-prefix=NOVALUE

// OPEN: kernel.mlir:1:1: error: parameter high of kernel @k is not bound
// NOTHING: kernel.mlir:1:1: error: parameter high of kernel @k is not bound
// UNKNOWN: error: no kernel has a parameter called head_dim
// ZERO: error: cannot bind rows to "0"; allowed: a positive integer, a format, a mask, a budget class
// NEGATIVE: error: cannot bind rows to "-64"; allowed: a positive integer, a format, a mask, a budget class
// FRACTION: error: cannot bind rows to "6.4"; allowed: a positive integer, a format, a mask, a budget class
// HEX: error: cannot bind rows to "0x40"; allowed: a positive integer, a format, a mask, a budget class
// LARGE: error: cannot bind rows to "9223372036854775808"; allowed: a positive integer, a format, a mask, a budget class
// WORD: error: cannot bind high to "fp16"; allowed: a positive integer, a format, a mask, a budget class
// NOVALUE: error: cannot bind rows to ""; allowed: a positive integer, a format, a mask, a budget class

//--- kernel.mlir
thrift.kernel @k<rows, high> dims(n) (%x : !thrift.view<[n, rows], high>) {
}
