// What ops on tensor memory refuse. Numbers are those of the op documentation.

// RUN: thrift-opt %s -allow-unregistered-dialect -split-input-file -verify-diagnostics

// M1: not a power of two.
// expected-error @below {{'thrift.tensor_alloc' op takes 32, 64, 128, 256 or 512 columns, got 96}}
%m = thrift.tensor_alloc 96 at 0 by 0

// -----

// M1: more than there are.
// expected-error @below {{'thrift.tensor_alloc' op takes 32, 64, 128, 256 or 512 columns, got 1024}}
%m = thrift.tensor_alloc 1024 at 0 by 0

// -----

// M2: memory that nobody took.
%m = "source"() : () -> i32
// expected-error @below {{'thrift.tensor_free' op expected tensor memory that thrift.tensor_alloc has taken}}
thrift.tensor_free %m

// -----

// M3: past the end, f16 sharing columns.
%m = thrift.tensor_alloc 32 at 0 by 0
%a = thrift.tensor %m at 0 : !thrift.tile<128 x 64, f16, tensor>
// expected-error @below {{'thrift.tensor' op ends at column 33, of 32 that were taken}}
%b = thrift.tensor %m at 1 : !thrift.tile<128 x 64, f16, tensor>

// -----

// M3: more lanes than there are.
%m = thrift.tensor_alloc 32 at 0 by 0
// expected-error @below {{'thrift.tensor' op names at most 128 rows of tensor memory}}
%a = thrift.tensor %m at 0 : !thrift.tile<256 x 32, f32, tensor>

// -----

%m = thrift.tensor_alloc 32 at 0 by 0
// expected-error @below {{'thrift.tensor' op needs tiles with extents of 1 to 65536}}
%a = thrift.tensor %m at 0 : !thrift.tile<rows x 32, f32, tensor>

// -----

// M4: contracted extents.
%a, %b, %d = "source"() : () -> (!thrift.tile<128 x 64, f16, swizzled>, !thrift.tile<64 x 128, f16, swizzled>, !thrift.tile<128 x 64, f32, tensor>)
// expected-error @below {{'thrift.multiply' op cannot multiply}}
thrift.multiply %a, %b into %d : !thrift.tile<128 x 64, f16, swizzled>, !thrift.tile<64 x 128, f16, swizzled>, !thrift.tile<128 x 64, f32, tensor>

// -----

// M5: two formats.
%a, %b, %d = "source"() : () -> (!thrift.tile<128 x 64, f16, swizzled>, !thrift.tile<64 x 64, bf16, swizzled>, !thrift.tile<128 x 64, f32, tensor>)
// expected-error @below {{'thrift.multiply' op multiplies two formats of one kind}}
thrift.multiply %a, %b into %d : !thrift.tile<128 x 64, f16, swizzled>, !thrift.tile<64 x 64, bf16, swizzled>, !thrift.tile<128 x 64, f32, tensor>

// -----

// M5: b comes from shared memory.
%a, %b, %d = "source"() : () -> (!thrift.tile<128 x 64, f16, swizzled>, !thrift.tile<64 x 64, f16, tensor>, !thrift.tile<128 x 64, f32, tensor>)
// expected-error @below {{'thrift.multiply' op multiplies two formats of one kind}}
thrift.multiply %a, %b into %d : !thrift.tile<128 x 64, f16, swizzled>, !thrift.tile<64 x 64, f16, tensor>, !thrift.tile<128 x 64, f32, tensor>

// -----

// M6: no place for scales.
%a, %b, %d = "source"() : () -> (!thrift.tile<128 x 64, nvfp4, swizzled>, !thrift.tile<64 x 64, nvfp4, swizzled>, !thrift.tile<128 x 64, f32, tensor>)
// expected-error @below {{'thrift.multiply' op needs tensor memory for scales}}
thrift.multiply %a, %b into %d : !thrift.tile<128 x 64, nvfp4, swizzled>, !thrift.tile<64 x 64, nvfp4, swizzled>, !thrift.tile<128 x 64, f32, tensor>

// -----

// M6: scales of f16.
%a, %b, %d = "source"() : () -> (!thrift.tile<128 x 64, f16, swizzled>, !thrift.tile<64 x 64, f16, swizzled>, !thrift.tile<128 x 64, f32, tensor>)
%s = "source"() : () -> !thrift.tile<128 x 8, f32, tensor>
// expected-error @below {{'thrift.multiply' op has scales for operands that have none}}
thrift.multiply %a, %b into %d scales(%s : !thrift.tile<128 x 8, f32, tensor>)
  : !thrift.tile<128 x 64, f16, swizzled>, !thrift.tile<64 x 64, f16, swizzled>, !thrift.tile<128 x 64, f32, tensor>

// -----

// M7: to registers, one row for each thread.
%s = "source"() : () -> !thrift.tile<128 x 64, f32, tensor>
// expected-error @below {{'thrift.read' op moves a tile from tensor to rows}}
%x = thrift.read %s : !thrift.tile<128 x 64, f32, tensor> -> !thrift.tile<128 x 64, f32, accumulator>

// -----

// M7: without a conversion.
%x, %p = "source"() : () -> (!thrift.tile<128 x 64, f32, rows>, !thrift.tile<128 x 64, f16, tensor>)
// expected-error @below {{'thrift.write' op moves a tile from rows to tensor}}
thrift.write %x to %p : !thrift.tile<128 x 64, f32, rows>, !thrift.tile<128 x 64, f16, tensor>

// -----

// M8: scales need a place.
%x, %p = "source"() : () -> (!thrift.tile<128 x 64, nvfp4, rows>, !thrift.tile<128 x 64, nvfp4, tensor>)
// expected-error @below {{'thrift.write' op needs a place for the scales of its format}}
thrift.write %x to %p : !thrift.tile<128 x 64, nvfp4, rows>, !thrift.tile<128 x 64, nvfp4, tensor>

// -----

// M9: V's scale in fp8.
%s = "source"() : () -> !thrift.softmax<128 x 64>
// expected-error @below {{'thrift.unit' op of fp8 needs the scale of V}}
%t, %c = thrift.unit %s of fp8 : !thrift.softmax<128 x 64>

// -----

// M9: no scale elsewhere.
%s, %v = "source"() : () -> (!thrift.softmax<128 x 64>, f32)
// expected-error @below {{'thrift.unit' op has a scale of V where V has none}}
%t, %c = thrift.unit %s of f16 scale(%v) : !thrift.softmax<128 x 64>

// -----

// M10: a scale for each block is fp8's.
%k, %i = "source"() : () -> (!thrift.view<[batch, kv_heads, kv_len, 128], nvfp4>, i32)
// expected-error @below {{'thrift.load_scale' op needs a view in fp8 and three indices}}
%c = thrift.load_scale %k[%i, %i, %i] of 64 : !thrift.view<[batch, kv_heads, kv_len, 128], nvfp4>
