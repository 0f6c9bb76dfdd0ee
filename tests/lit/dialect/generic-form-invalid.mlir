// What only the generic form can spell: attributes of kinds that the ops' own syntax never makes.

// RUN: thrift-opt %s -allow-unregistered-dialect -split-input-file -verify-diagnostics

// expected-error @below {{'thrift.kernel' op attribute 'dims' failed to satisfy constraint: string array attribute}}
"thrift.kernel"() <{sym_name = "k", params = {}, dims = [1 : i32], arg_names = []}> ({
^bb0:
}) : () -> ()

// -----

// expected-error @below {{'thrift.kernel' op attribute 'arg_names' failed to satisfy constraint: string array attribute}}
"thrift.kernel"() <{sym_name = "k", params = {}, dims = [], arg_names = [1 : i32]}> ({
^bb0(%x : f32):
}) : () -> ()

// -----

// The launch ABI is spelled with the arguments' names, so one name is one argument.
// expected-error @below {{'thrift.kernel' op declares "x" twice}}
"thrift.kernel"() <{sym_name = "k", params = {}, dims = [], arg_names = ["x", "x"]}> ({
^bb0(%x : f32, %y : f32):
}) : () -> ()

// -----

// expected-error @below {{'thrift.kernel' op expected parameter rows to be a positive number, a format, a mask or a budget class, got "wide"}}
"thrift.kernel"() <{sym_name = "k", params = {rows = "wide"}, dims = [], arg_names = []}> ({
^bb0:
}) : () -> ()

// -----

thrift.kernel @k dims(n) () {
  // expected-error @below {{'thrift.program_id' op attribute 'names' failed to satisfy constraint: string array attribute}}
  %t = "thrift.program_id"() <{names = [1 : i32]}> : () -> i32
}

// -----

%i = "source"() : () -> i32
// expected-error @below {{'thrift.seek' op expected a mask or a parameter, got "causal"}}
%c:3 = "thrift.seek"(%i) <{list = #thrift.list<visible>, part = #thrift.part<all>, mask = "causal", block_q = 128 : i32, block_kv = 64 : i32,
                           operandSegmentSizes = array<i32: 1, 0, 0>}> : (i32) -> (i32, i32, i32)

// -----

%q, %k, %s, %i = "source"() : () -> (!thrift.tile<1 x 128, f32>, !thrift.view<[n, 128], f32>, !thrift.view<[t, n], f32>, i32)
// expected-error @below {{'thrift.rank' op expected a mask or a parameter, got 64 : i64}}
"thrift.rank"(%q, %k, %i, %s, %i) <{mask = 64, block_q = 128, block_kv = 64, operandSegmentSizes = array<i32: 1, 1, 0, 1, 1, 1>}>
  : (!thrift.tile<1 x 128, f32>, !thrift.view<[n, 128], f32>, i32, !thrift.view<[t, n], f32>, i32) -> ()

// -----

%q, %k, %s, %i = "source"() : () -> (!thrift.tile<1 x 128, f32>, !thrift.view<[n, 128], f32>, !thrift.view<[t, n], f32>, i32)
// expected-error @below {{'thrift.rank' op expected a positive extent or a parameter, got #thrift.format<f16>}}
"thrift.rank"(%q, %k, %i, %s, %i) <{mask = #thrift.mask<none>, block_q = #thrift.format<f16>, block_kv = 64, operandSegmentSizes = array<i32: 1, 1, 0, 1, 1, 1>}>
  : (!thrift.tile<1 x 128, f32>, !thrift.view<[n, 128], f32>, i32, !thrift.view<[t, n], f32>, i32) -> ()
