// What roles and pipelines refuse. Numbers are those of the op documentation.

// RUN: thrift-opt %s -allow-unregistered-dialect -split-input-file -verify-diagnostics

// E1: a warp that the kernel has not.
thrift.kernel @k dims() () attributes {threads = 128 : i32} {
  // expected-error @below {{'thrift.role' op "load" has warps 4 to 4, kernel @k has 4}}
  thrift.role "load" warps(4, 1) {
  }
}

// -----

// E1: a warp that has another role.
thrift.kernel @k dims() () attributes {threads = 192 : i32} {
  thrift.role "softmax" warps(0, 4) {
  }
  // expected-error @below {{'thrift.role' op "load" shares warps with "softmax"}}
  thrift.role "load" warps(3, 1) {
  }
}

// -----

thrift.kernel @k dims() () {
  // expected-error @below {{attribute 'warps' failed to satisfy constraint: 32-bit signless integer attribute whose value is positive}}
  thrift.role "load" warps(3, 0) {
  }
}

// -----

// expected-error @below {{a ring of mbarriers has at least one stage, got 0}}
%b = "source"() : () -> !thrift.mbarriers<0>

// -----

// expected-error @below {{attribute 'arrivals' failed to satisfy constraint: 32-bit signless integer attribute whose value is positive}}
%b = thrift.mbarriers at 0 arrivals 0 : !thrift.mbarriers<1>

// -----

// E2: no box.
%k, %b, %g, %j = "source"() : () -> (!thrift.view<[batch, kv_heads, kv_len, 128], f16>, i32, i32, i32)
%r, %full = "source"() : () -> (!thrift.ring<2 x !thrift.tile<64 x 128, f16, swizzled>>, !thrift.mbarriers<2>)
// expected-error @below {{'thrift.fetch' op needs a view with a box and a ring of swizzled tiles}}
thrift.fetch %k[%b, %g, %j] to %r[%j] signals %full
  : !thrift.view<[batch, kv_heads, kv_len, 128], f16>, !thrift.ring<2 x !thrift.tile<64 x 128, f16, swizzled>>, !thrift.mbarriers<2>

// -----

// E2: a tile that is not swizzled.
%k, %b, %g, %j = "source"() : () -> (!thrift.view<[batch, kv_heads, kv_len, 128], f16, box(64 x 64, 128)>, i32, i32, i32)
%r, %full = "source"() : () -> (!thrift.ring<2 x !thrift.tile<64 x 128, f16, shared>>, !thrift.mbarriers<2>)
// expected-error @below {{'thrift.fetch' op needs a view with a box and a ring of swizzled tiles}}
thrift.fetch %k[%b, %g, %j] to %r[%j] signals %full
  : !thrift.view<[batch, kv_heads, kv_len, 128], f16, box(64 x 64, 128)>, !thrift.ring<2 x !thrift.tile<64 x 128, f16, shared>>,
    !thrift.mbarriers<2>

// -----

// L3: another format.
%k, %b, %g, %j = "source"() : () -> (!thrift.view<[batch, kv_heads, kv_len, 128], bf16, box(64 x 64, 128)>, i32, i32, i32)
%r, %full = "source"() : () -> (!thrift.ring<2 x !thrift.tile<64 x 128, f16, swizzled>>, !thrift.mbarriers<2>)
// expected-error @below {{'thrift.fetch' op view and tile differ in format}}
thrift.fetch %k[%b, %g, %j] to %r[%j] signals %full
  : !thrift.view<[batch, kv_heads, kv_len, 128], bf16, box(64 x 64, 128)>, !thrift.ring<2 x !thrift.tile<64 x 128, f16, swizzled>>,
    !thrift.mbarriers<2>

// -----

// L1: one index too few.
%k, %b, %j = "source"() : () -> (!thrift.view<[batch, kv_heads, kv_len, 128], f16, box(64 x 64, 128)>, i32, i32)
%r, %full = "source"() : () -> (!thrift.ring<2 x !thrift.tile<64 x 128, f16, swizzled>>, !thrift.mbarriers<2>)
// expected-error @below {{'thrift.fetch' op needs 3 indices}}
thrift.fetch %k[%b, %j] to %r[%j] signals %full
  : !thrift.view<[batch, kv_heads, kv_len, 128], f16, box(64 x 64, 128)>, !thrift.ring<2 x !thrift.tile<64 x 128, f16, swizzled>>,
    !thrift.mbarriers<2>

// -----

// expected-error @below {{a box has 1 to 256 rows and columns, got 64 x 512}}
%k = "source"() : () -> !thrift.view<[kv_len, 128], f16, box(64 x 512, 128)>

// -----

// expected-error @below {{a box is swizzled over 0, 32, 64 or 128 bytes, got 48}}
%k = "source"() : () -> !thrift.view<[kv_len, 128], f16, box(64 x 64, 48)>

// -----

// E3: one thread of two warps.
thrift.kernel @k dims() () {
  // expected-error @below {{'thrift.role' op "load" is one thread of 2 warps; allowed: 1}}
  thrift.role "load" warps(3, 2) single {
  }
}

// -----

// E4: each thread of a warp would start it.
thrift.kernel @k dims(batch, kv_heads, kv_len) (%k : !thrift.view<[batch, kv_heads, kv_len, 128], f16, box(64 x 64, 128)>, %n : i32) {
  %r = thrift.alloc at 0 : !thrift.ring<2 x !thrift.tile<64 x 128, f16, swizzled>>
  %full = thrift.mbarriers at 32768 arrivals 1 : !thrift.mbarriers<2>
  thrift.role "load" warps(3, 1) {
    // expected-error @below {{'thrift.fetch' op is started by one thread; expected a role that is single around it}}
    thrift.fetch %k[%n, %n, %n] to %r[%n] signals %full
      : !thrift.view<[batch, kv_heads, kv_len, 128], f16, box(64 x 64, 128)>, !thrift.ring<2 x !thrift.tile<64 x 128, f16, swizzled>>,
        !thrift.mbarriers<2>
  }
}

// -----

// E5: others hold nothing.
thrift.kernel @k dims() (%n : i32) {
  // expected-error @below {{'thrift.role' op "softmax" hands on 0 values, its end 1, others 0; expected as many, of the same types}}
  thrift.role "softmax" warps(0, 4) {
    thrift.done %n : i32
  }
}
