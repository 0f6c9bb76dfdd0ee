// Ops that stand in no kernel have no launch dimensions and no threads; kernels that a pass does not reach are not dropped.

// RUN: thrift-opt %s -split-input-file -verify-diagnostics --thrift-to-nvvm

%h = arith.constant 0 : i32
// expected-error @below {{'thrift.kv_head' op stands in no kernel}}
%g = thrift.kv_head %h

// -----

llvm.func @function(%h : i32) {
  // expected-error @below {{'thrift.kv_head' op stands in no kernel}}
  %g = thrift.kv_head %h
  llvm.return
}

// -----

module {
module {
  // expected-error @below {{'thrift.kernel' op stands in a nested module; expected the outermost one}}
  thrift.kernel @nested () attributes {threads = 32 : i32, shared_bytes = 0 : i32} {
  }
}
}

// -----

// A module that has been lowered keeps its shared memory: a second run changes nothing.
llvm.mlir.global external @thrift_shared() {addr_space = 3 : i32, alignment = 128 : i64} : !llvm.array<0 x i8>
llvm.func @lowered() attributes {nvvm.kernel} {
  llvm.return
}

// -----

// The name of the shared memory is taken.
// expected-error @below {{'thrift.kernel' op has the name of the shared memory, thrift_shared}}
thrift.kernel @thrift_shared () attributes {threads = 32 : i32, shared_bytes = 0 : i32} {
}
