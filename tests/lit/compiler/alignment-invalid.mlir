// Only two alignments are handled: no other is rounded to one of them, by the option or in the schedule.

// RUN: split-file %s %t
// RUN: not thrift-opt %t/kernel.mlir --thrift-schedule=alignment=8 2>&1 | FileCheck %s --check-prefix=EIGHT
// RUN: not thrift-opt %t/kernel.mlir --thrift-schedule=alignment=0 2>&1 | FileCheck %s --check-prefix=ZERO
// RUN: not thrift-opt %t/kernel.mlir --thrift-stage-scheduled=alignment=-2 2>&1 | FileCheck %s --check-prefix=NEGATIVE
// RUN: thrift-opt %t/ops.mlir -allow-unregistered-dialect -split-input-file -verify-diagnostics

// EIGHT: error: alignment is 8; allowed: 16, 2
// ZERO: error: alignment is 0; allowed: 16, 2
// NEGATIVE: error: alignment is -2; allowed: 16, 2

//--- kernel.mlir
thrift.kernel @k dims(t) () {
  %t = thrift.program_id(t)
}
//--- ops.mlir
%x, %t = "source"() : () -> (!thrift.view<[len, 64], f16>, i32)
// expected-error @below {{'thrift.load' op alignment is 8; allowed: 16, 2}}
%y = thrift.load %x[%t] {alignment = 8 : i32} : !thrift.view<[len, 64], f16> -> !thrift.tile<64 x 64, f16>

// -----

%x, %t, %y = "source"() : () -> (!thrift.view<[len, 64], f16>, i32, !thrift.tile<64 x 64, f32>)
// expected-error @below {{'thrift.store' op alignment is 1; allowed: 16, 2}}
thrift.store %y, %x[%t] {alignment = 1 : i32} : !thrift.tile<64 x 64, f32>, !thrift.view<[len, 64], f16>

// -----

%x, %t, %yes = "source"() : () -> (!thrift.view<[len, 64], f16>, i32, i1)
%r = thrift.alloc at 0 : !thrift.ring<2 x !thrift.tile<64 x 64, f16, shared>>
// expected-error @below {{'thrift.copy' op alignment is 0; allowed: 16, 2}}
thrift.copy %x[%t] to %r[%t] if(%yes) {alignment = 0 : i32} : !thrift.view<[len, 64], f16>, !thrift.ring<2 x !thrift.tile<64 x 64, f16, shared>>
