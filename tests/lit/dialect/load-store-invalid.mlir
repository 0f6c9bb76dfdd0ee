// What thrift.load and thrift.store refuse. Numbers are those of the op documentation.

// RUN: thrift-opt %s -allow-unregistered-dialect -split-input-file -verify-diagnostics

// L1: the view's rank.
%x, %t = "source"() : () -> (!thrift.view<[len], f16>, i32)
// expected-error @below {{'thrift.load' op needs a view of at least two dimensions, got '!thrift.view<[len], f16>'}}
%y = thrift.load %x[%t] : !thrift.view<[len], f16> -> !thrift.tile<64 x 64, f16>

// -----

// L1: an index too few.
%x, %t = "source"() : () -> (!thrift.view<[heads, len, 64], f16>, i32)
// expected-error @below {{'thrift.load' op needs 2 indices to take '!thrift.tile<128 x 64, f16>' from '!thrift.view<[heads, len, 64], f16>', got 1}}
%y = thrift.load %x[%t] : !thrift.view<[heads, len, 64], f16> -> !thrift.tile<128 x 64, f16>

// -----

// L1: an index too many, for a tile that holds both dimensions whole.
%x, %t = "source"() : () -> (!thrift.view<[heads, rows, 64], f16>, i32)
// expected-error @below {{'thrift.load' op needs 1 indices to take '!thrift.tile<rows x 64, f16>' from '!thrift.view<[heads, rows, 64], f16>', got 2}}
%y = thrift.load %x[%t, %t] : !thrift.view<[heads, rows, 64], f16> -> !thrift.tile<rows x 64, f16>

// -----

// L1: one value for each row.
%x, %t = "source"() : () -> (!thrift.view<[heads, len], f32>, i32)
// expected-error @below {{'thrift.load' op needs 2 indices to take '!thrift.tile<128 x 1, f32>' from '!thrift.view<[heads, len], f32>', got 1}}
%y = thrift.load %x[%t] : !thrift.view<[heads, len], f32> -> !thrift.tile<128 x 1, f32>

// -----

// L2
%x, %t = "source"() : () -> (!thrift.view<[heads, len, 64], f16>, i32)
// expected-error @below {{'thrift.load' op cuts both of the last two dimensions of '!thrift.view<[heads, len, 64], f16>' into '!thrift.tile<128 x 32, f16>'}}
%y = thrift.load %x[%t, %t] : !thrift.view<[heads, len, 64], f16> -> !thrift.tile<128 x 32, f16>

// -----

// L2: two names differ even where they may be bound to one number.
%x, %t = "source"() : () -> (!thrift.view<[len, head_dim], f16>, i32)
// expected-error @below {{'thrift.load' op cuts both of the last two dimensions of '!thrift.view<[len, head_dim], f16>' into '!thrift.tile<rows x value_dim, f16>'}}
%y = thrift.load %x[%t] : !thrift.view<[len, head_dim], f16> -> !thrift.tile<rows x value_dim, f16>

// -----

// L3
%x, %t = "source"() : () -> (!thrift.view<[len, 64], f16>, i32)
// expected-error @below {{'thrift.load' op view and tile differ in format: '!thrift.view<[len, 64], f16>' and '!thrift.tile<128 x 64, bf16>'}}
%y = thrift.load %x[%t] : !thrift.view<[len, 64], f16> -> !thrift.tile<128 x 64, bf16>

// -----

// L3: before binding.
%x, %t = "source"() : () -> (!thrift.view<[len, 64], high>, i32)
// expected-error @below {{'thrift.load' op view and tile differ in format: '!thrift.view<[len, 64], high>' and '!thrift.tile<128 x 64, low>'}}
%y = thrift.load %x[%t] : !thrift.view<[len, 64], high> -> !thrift.tile<128 x 64, low>

// -----

// Indices are i32.
%x, %t = "source"() : () -> (!thrift.view<[len, 64], f16>, index) // expected-note {{prior use here}}
// expected-error @below {{use of value '%t' expects different type than prior uses: 'i32' vs 'index'}}
%y = thrift.load %x[%t] : !thrift.view<[len, 64], f16> -> !thrift.tile<128 x 64, f16>

// -----

// L1
%x, %y, %t = "source"() : () -> (!thrift.tile<128 x 64, f32>, !thrift.view<[heads, len, 64], f16>, i32)
// expected-error @below {{'thrift.store' op needs 2 indices to take '!thrift.tile<128 x 64, f32>' from '!thrift.view<[heads, len, 64], f16>', got 3}}
thrift.store %x, %y[%t, %t, %t] : !thrift.tile<128 x 64, f32>, !thrift.view<[heads, len, 64], f16>

// -----

// L2
%x, %y, %t = "source"() : () -> (!thrift.tile<128 x 64, f32>, !thrift.view<[heads, len, 128], f16>, i32)
// expected-error @below {{'thrift.store' op cuts both of the last two dimensions of '!thrift.view<[heads, len, 128], f16>' into '!thrift.tile<128 x 64, f32>'}}
thrift.store %x, %y[%t, %t] : !thrift.tile<128 x 64, f32>, !thrift.view<[heads, len, 128], f16>

// -----

// S3: values to scales.
%x, %y, %t = "source"() : () -> (!thrift.tile<128 x 64, f32>, !thrift.view<[len, 64], nvfp4>, i32)
// expected-error @below {{'thrift.store' op cannot convert '!thrift.tile<128 x 64, f32>' to '!thrift.view<[len, 64], nvfp4>': formats with scales are made by thrift.quantize}}
thrift.store %x, %y[%t] : !thrift.tile<128 x 64, f32>, !thrift.view<[len, 64], nvfp4>

// -----

// S3: scales to values.
%x, %y, %t = "source"() : () -> (!thrift.tile<128 x 64, fp8>, !thrift.view<[len, 64], f16>, i32)
// expected-error @below {{'thrift.store' op cannot convert '!thrift.tile<128 x 64, fp8>' to '!thrift.view<[len, 64], f16>': formats with scales are made by thrift.quantize}}
thrift.store %x, %y[%t] : !thrift.tile<128 x 64, fp8>, !thrift.view<[len, 64], f16>

// -----

// S3: one format with scales to another.
%x, %y, %t = "source"() : () -> (!thrift.tile<128 x 64, nvfp4>, !thrift.view<[len, 64], mxfp4>, i32)
// expected-error @below {{'thrift.store' op cannot convert '!thrift.tile<128 x 64, nvfp4>' to '!thrift.view<[len, 64], mxfp4>': formats with scales are made by thrift.quantize}}
thrift.store %x, %y[%t] : !thrift.tile<128 x 64, nvfp4>, !thrift.view<[len, 64], mxfp4>

// -----

// S4: of what is it a slice?
%x, %y, %t = "source"() : () -> (!thrift.tile<16 x 64, nvfp4, groups>, !thrift.view<[len, 64], nvfp4>, i32)
// expected-error @below {{'thrift.store' op of a slice needs the type of the whole tile}}
"thrift.store"(%x, %y, %t, %t) <{operandSegmentSizes = array<i32: 1, 1, 1, 1>}>
  : (!thrift.tile<16 x 64, nvfp4, groups>, !thrift.view<[len, 64], nvfp4>, i32, i32) -> ()

// -----

// The whole tile is what must fit the view.
%x, %y, %t = "source"() : () -> (!thrift.tile<16 x 64, nvfp4, groups>, !thrift.view<[len, 64], nvfp4>, i32)
// expected-error @below {{'thrift.store' op cuts both of the last two dimensions of '!thrift.view<[len, 64], nvfp4>' into '!thrift.tile<64 x 128, nvfp4>'}}
thrift.store %x, %y[%t] from %t of !thrift.tile<64 x 128, nvfp4> : !thrift.tile<16 x 64, nvfp4, groups>, !thrift.view<[len, 64], nvfp4>
