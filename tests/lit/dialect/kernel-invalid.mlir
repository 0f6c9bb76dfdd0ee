// What thrift.kernel, thrift.program_id and thrift.kv_head refuse. Numbers are those of the op documentation.

// RUN: thrift-opt %s -allow-unregistered-dialect -split-input-file -verify-diagnostics

// K1: in the type of an argument.
// expected-error @below {{'thrift.kernel' op uses len, which is no parameter and no dimension of kernel @k}}
thrift.kernel @k<rows> dims(heads) (%x : !thrift.view<[heads, len], f16>) {
}

// -----

// K1: as the format of an argument.
// expected-error @below {{'thrift.kernel' op uses high, which is no parameter and no dimension of kernel @k}}
thrift.kernel @k dims(n) (%x : !thrift.view<[n], high>) {
}

// -----

// K1: in the type of a result.
thrift.kernel @k () {
  // expected-error @below {{'thrift.empty_softmax' op uses block_q, which is no parameter and no dimension of kernel @k}}
  %s = thrift.empty_softmax : !thrift.softmax<block_q x 64>
}

// -----

// K1: in an attribute.
thrift.kernel @k dims(q_len, kv_len) (%i : i32) {
  %x = "source"() : () -> !thrift.tile<64 x 64, f32>
  // expected-error @below {{'thrift.mask' op uses mask, which is no parameter and no dimension of kernel @k}}
  %y = thrift.mask %x at(%i, %i) mask : !thrift.tile<64 x 64, f32>
}

// -----

// K1: in the type of a region's argument.
thrift.kernel @k () {
  // expected-error @below {{'outer' op uses rows, which is no parameter and no dimension of kernel @k}}
  "outer"() ({
  ^bb0(%s : !thrift.softmax<rows x 64>):
    "inner"() : () -> ()
  }) : () -> ()
}

// -----

// K1: another kernel's parameter is not this kernel's.
thrift.kernel @first<rows> () {
}
// expected-error @below {{'thrift.kernel' op uses rows, which is no parameter and no dimension of kernel @second}}
thrift.kernel @second (%x : !thrift.view<[rows], f16>) {
}

// -----

// K2: two parameters.
// expected-error @below {{parameter rows is declared twice}}
thrift.kernel @k<rows, rows = 64> () {
}

// -----

// K2: two dimensions.
// expected-error @below {{'thrift.kernel' op declares "n" twice}}
thrift.kernel @k dims(n, m, n) () {
}

// -----

// K2: a parameter and a dimension.
// expected-error @below {{'thrift.kernel' op declares "n" twice}}
thrift.kernel @k<n> dims(n) () {
}

// -----

// K3: tiles live inside a kernel only.
// expected-error @below {{'thrift.kernel' op takes views, routes, decisions, i32 and f32, but argument 1 is '!thrift.tile<64 x 64, f16>'}}
thrift.kernel @k (%n : i32, %x : !thrift.tile<64 x 64, f16>) {
}

// -----

// K3
// expected-error @below {{'thrift.kernel' op takes views, routes, decisions, i32 and f32, but argument 0 is 'i64'}}
thrift.kernel @k (%n : i64) {
}

// -----

// K3
// expected-error @below {{'thrift.kernel' op takes views, routes, decisions, i32 and f32, but argument 0 is 'f16'}}
thrift.kernel @k (%scale : f16) {
}

// -----

// K4
// expected-error @below {{'thrift.kernel' op has 2 arguments but 1 names}}
"thrift.kernel"() <{sym_name = "k", params = {}, dims = [], arg_names = ["x"]}> ({
^bb0(%x : f32, %y : f32):
}) : () -> ()

// -----

// expected-error @below {{expected a number, a format, a mask or a budget class, got fast}}
thrift.kernel @k<mask = fast> () {
}

// -----

// expected-error @below {{expected valid keyword}}
thrift.kernel @k<128> () {
}

// -----

// expected-error @below {{expected valid keyword}}
thrift.kernel @k dims(128) () {
}

// -----

// expected-error @below {{expected ':'}}
thrift.kernel @k (%x) {
}

// -----

// expected-error @below {{expected '('}}
thrift.kernel @k {
}

// -----

// expected-error @below {{'thrift.kernel' op expects region #0 to have 0 or 1 blocks}}
thrift.kernel @k () {
  "jump"() [^next] : () -> ()
^next:
}

// -----

// expected-note @below {{see existing symbol definition here}}
thrift.kernel @k () {
}
// expected-error @below {{redefinition of symbol named 'k'}}
thrift.kernel @k () {
}

// -----

// Kernels see nothing from outside.
%h = arith.constant 0 : i32
// expected-note @below {{required by region isolation constraints}}
thrift.kernel @k dims(q_heads, kv_heads) () {
  // expected-error @below {{'thrift.kv_head' op using value defined outside the region}}
  %g = thrift.kv_head %h
}

// -----

// P1
thrift.kernel @k dims(n) () {
  // expected-error @below {{'thrift.program_id' op names one to three dimensions, one for each result, got 0 names and 0 results}}
  thrift.program_id()
}

// -----

// P1
thrift.kernel @k dims(n) () {
  // expected-error @below {{'thrift.program_id' op names one to three dimensions, one for each result, got 4 names and 4 results}}
  %ids:4 = thrift.program_id(n, n, n, n)
}

// -----

// P1
thrift.kernel @k dims(n) () {
  // expected-error @below {{'thrift.program_id' op names one to three dimensions, one for each result, got 2 names and 1 results}}
  %id = "thrift.program_id"() <{names = ["n", "n"]}> : () -> i32
}

// -----

// P2: parameters are no dimensions.
thrift.kernel @k<rows> dims(n) () {
  // expected-error @below {{'thrift.program_id' op names "rows", which is no dimension of kernel @k}}
  %id = thrift.program_id(rows)
}

// -----

// expected-error @below {{'thrift.program_id' op expects parent op to be one of 'thrift.kernel, llvm.func'}}
%id = thrift.program_id(n)

// -----

thrift.kernel @k dims(q_heads, kv_heads) (%h : f32) {
  // expected-note @above {{prior use here}}
  // expected-error @below {{use of value '%h' expects different type than prior uses: 'i32' vs 'f32'}}
  %g = thrift.kv_head %h
}
