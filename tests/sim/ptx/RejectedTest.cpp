// Everything the parser refuses: which status, where, and the whole sentence. Each row is one violation.

#include "Snippets.h"

namespace thrift::sim::ptx {

struct Rejected {
  const char *text;
  uint32_t line, column;
  const char *message;
  StatusCode code = StatusCode::InvalidArgument;
};

constexpr StatusCode kUnsupported = StatusCode::Unsupported;

static void expectRejected(const std::string &text, const Rejected &expected) {
  SCOPED_TRACE(text);
  Diagnostic found;
  Result<Module> module = parse(text, {}, &found);
  ASSERT_FALSE(module);
  EXPECT_EQ(found.message, expected.message);
  EXPECT_EQ(found.line, expected.line);
  EXPECT_EQ(found.column, expected.column);
  EXPECT_EQ(found.code, expected.code);
  EXPECT_EQ(module.status().code(), expected.code);
}

/// Text in place of a whole module.
TEST(Rejected, header) {
  const Rejected kCases[] = {
      {"", 1, 1, "expected '.version', got the end of the text"},
      {".target sm_90a", 1, 1, "expected '.version', got '.target'"},
      {".version 9", 1, 10, "expected a version like 9.0, got '9'"},
      {".version 9.0e1", 1, 10, "expected a version like 9.0, got '9.0e1'"},
      {".version 99999.0", 1, 10, "expected a version like 9.0, got '99999.0'"},
      {".version 9.0\n.address_size 64", 2, 1, "expected '.target', got '.address_size'"},
      {".version 9.0\n.target 90", 2, 9, "expected a target like sm_90a, got '90'"},
      {".version 9.0\n.target sm_90a,", 2, 16, "expected a target option, got the end of the text"},
      {".version 9.0\n.target sm_90a\n", 3, 1, "expected '.address_size 64', got the end of the text"},
      {".version 9.0\n.target sm_90a\n.address_size 32", 3, 15, "address size is 32; allowed: 64", kUnsupported},
      {".version 9.0\n.target sm_90a\n.address_size 16", 3, 15, "address size is 16; allowed: 64"},
      {"\x7f"
       "ELF",
       1, 1, "character that PTX does not use: '?'"},
  };
  for (const Rejected &c : kCases)
    expectRejected(c.text, c);
}

/// Text after the three lines of the header.
TEST(Rejected, moduleScope) {
  const Rejected kCases[] = {
      {"add.u32 %r1, %r1, 1;", 4, 1, "expected a directive, got 'add'"},
      {"}", 4, 1, "expected a directive, got '}'"},
      {"#line 1", 4, 1, "expected a directive, got '#'"},
      {".version 8.0", 4, 1, "second '.version' in one module"},
      {".tex .u32 t;", 4, 1, "directive '.tex' at module scope is not supported", kUnsupported},
      {".local .b8 x[4];", 4, 1, "directive '.local' at module scope is not supported", kUnsupported},
      {".visible .file 1 \"a\"", 4, 10, "expected a variable or a function, got '.file'"},
      {".visible ;", 4, 10, "expected a variable or a function, got ';'"},
      {".alias a;", 4, 9, "expected ',' after the name of an alias, got ';'"},
      {".alias a, b;", 4, 8, "alias 'a' was not declared as a function"},
      {".func a(); .alias a, b;", 4, 22, "'b' is not a function; allowed: a function declared above"},
      {".func a(); .func b(); .alias a, b;", 4, 33, "alias stands for 'b', which has no body"},
      {".func a() {ret;} .func b() {ret;} .alias a, b;", 4, 45, "alias 'a' has a body of its own"},
      {".func a(); .func b() {ret;} .alias a, b; .alias a, b;", 4, 49, "alias 'a' is defined twice"},
      {".pragma nounroll;", 4, 9, "expected a string after '.pragma', got 'nounroll'"},
      {".pragma \"nounroll\"", 4, 19, "expected ';' after '.pragma', got the end of the text"},
  };
  for (const Rejected &c : kCases)
    expectRejected(header() + c.text, c);
}

TEST(Rejected, variables) {
  const Rejected kCases[] = {
      {".global x;", 4, 9, "expected the type of a variable, got 'x'"},
      {".global .u32;", 4, 13, "expected the name of a variable, got ';'"},
      {".global .u32 x", 4, 15, "expected ';' after a variable, got the end of the text"},
      {".global .pred x;", 4, 9, "a variable in memory cannot have type '.pred'"},
      {".global .texref x;", 4, 9, "type '.texref' of a variable is not supported", kUnsupported},
      {".global .v3 .u32 x;", 4, 9, "type '.v3' of a variable is not supported", kUnsupported},
      {".global .attribute(.unified(1, 2)) .u32 x;", 4, 20, "attribute '.unified' is not supported; allowed: .managed",
       kUnsupported},
      {".global .align 3 .u32 x;", 4, 16, "alignment is 3; allowed: powers of two"},
      {".global .align 0 .u32 x;", 4, 16, "alignment is 0; allowed: 1 to 1048576"},
      {".global .align 2097152 .u32 x;", 4, 16, "alignment is 2097152; allowed: 1 to 1048576"},
      {".global .u32 x[0];", 4, 16, "dimension is 0; allowed: 1 to 18446744073709551615"},
      {".global .u32 x[n];", 4, 16, "expected dimension, got 'n'"},
      {".global .u32 x[2;", 4, 17, "expected ']' after a dimension, got ';'"},
      {".global .u32 x[2000000000];", 4, 15, "variable 'x' has more than 4294967296 bytes"},
      {".global .b8 x[18446744073709551615][18446744073709551615];", 4, 14,
       "variable 'x' has more than 4294967296 bytes"},
      {".shared .b8 x[16777217];", 4, 14, "variable 'x' has more than 16777216 bytes"},
      {".global .b8 x[1][1][1][1][1][1][1][1][1];", 4, 38, "more than 8 dimensions"},
      {".global .u32 x[];", 4, 14, "variable 'x' has no size; only '.extern' variables may omit it"},
      {".global .u32 x[2][];", 4, 19, "expected dimension, got ']'"},
      {".global .u32 x;\n.global .u32 x;", 5, 14, "name 'x' is declared twice"},
      {".func x();\n.global .u32 x;", 5, 14, "name 'x' is declared twice"},
      {".extern .shared .b8 x[];\n.global .u32 x;", 5, 14, "name 'x' is declared twice"},
  };
  for (const Rejected &c : kCases)
    expectRejected(header() + c.text, c);
}

TEST(Rejected, initialValues) {
  const Rejected kCases[] = {
      {".shared .u32 x = 1;", 4, 16, "a variable in space .shared cannot have an initial value"},
      {".extern .global .u32 x = 1;", 4, 24, "an '.extern' variable cannot have an initial value"},
      {".global .b128 x = 1;", 4, 17, "initial value of type .b128 is not supported", kUnsupported},
      {".global .u32 x = ;", 4, 18, "expected an initial value, got ';'"},
      {".global .u32 x = {1};", 4, 18, "expected an initial value, got '{'"},
      {".global .u32 x = (1<<3);", 4, 18, "expected an initial value, got '('"},
      {".global .u32 x = 1+2;", 4, 19, "expected ';' after a variable, got '+'"},
      {".global .u32 x[2] = 1;", 4, 21, "expected '{' before initial values, got '1'"},
      {".global .u32 x[2] = {};", 4, 22, "expected an initial value, got '}'"},
      {".global .u32 x[2] = {1,};", 4, 24, "expected an initial value, got '}'"},
      {".global .u32 x[2] = {1 2};", 4, 24, "expected '}' after initial values, got '2'"},
      {".global .u32 x[2] = {1, 2, 3};", 4, 28, "more initial values than the 2 elements of 'x'"},
      {".global .u32 x[2][2] = {1, 2};", 4, 25, "expected '{' before initial values, got '1'"},
      {".global .u32 x[2][2] = {{1, 2, 3}};", 4, 32, "more initial values than the 2 elements of 'x'"},
      {".global .u8 x = 256;", 4, 17, "initial value '256' does not fit type .u8"},
      {".global .s8 x = -129;", 4, 17, "initial value '129' does not fit type .s8"},
      {".global .f32 x = 3;", 4, 18, "initial value '3' does not fit type .f32"},
      {".global .f32 x = 0d3FF0000000000000;", 4, 18, "initial value '0d3FF0000000000000' does not fit type .f32"},
      {".global .f32 x = 1e300;", 4, 18, "initial value '1e300' does not fit type .f32"},
      {".global .f64 x = 0f3F800000;", 4, 18, "initial value '0f3F800000' does not fit type .f64"},
      {".global .b16 x = 0d3FF0000000000000;", 4, 18, "initial value '0d3FF0000000000000' does not fit type .b16"},
      {".global .f16 x = 1.0;", 4, 18, "initial value '1.0' does not fit type .f16"},
      {".global .f32 x = -0f3F800000;", 4, 18, "initial value '0f3F800000' does not fit type .f32"},
      {".global .u64 x = y;", 4, 18, "'y' in an initial value is not a variable or function declared above"},
      {".global .u64 x = generic(y);", 4, 26, "'y' in an initial value is not a variable or function declared above"},
      {".global .u64 x = x;", 4, 18, "'x' in an initial value is not a variable or function declared above"},
      {".global .u32 y; .global .u64 x = y-4;", 4, 35, "expected ';' after a variable, got '-'"},
      {".global .u32 y; .global .u32 x = y;", 4, 34,
       "address in an initial value of type .u32 is not supported; allowed: 64-bit integers, or a byte mask like "
       "0xFF(name)",
       kUnsupported},
      {".global .u32 y; .global .u8 x = 0xFFF(y);", 4, 33,
       "mask '0xFFF' is not supported; allowed: one byte of an address", kUnsupported},
      {".global .u32 y; .global .u16 x = 0xFF(y);", 4, 34,
       "mask '0xFF' is not supported; allowed: one byte of an address", kUnsupported},
      {".extern .func f(); .global .u64 x = f;", 4, 37,
       "function 'f' is used but has no body in this module, and the simulator does not provide it"},
  };
  for (const Rejected &c : kCases)
    expectRejected(header() + c.text, c);
}

TEST(Rejected, functions) {
  const Rejected kCases[] = {
      {".entry {ret;}", 4, 8, "expected the name of a function, got '{'"},
      {".entry (.param .b32 r) k() {ret;}", 4, 8, "an '.entry' has no results"},
      {".func .attribute(.unified(1,2)) f() {ret;}", 4, 7, "directive '.attribute' of a function is not supported",
       kUnsupported},
      {".entry k(.reg .b32 a) {ret;}", 4, 10, "parameter in a register is not supported; allowed: .param",
       kUnsupported},
      {".entry k(.b32 a) {ret;}", 4, 10, "expected '.param', got '.b32'"},
      {".entry k(.param .b32) {ret;}", 4, 21, "expected the name of a parameter, got ')'"},
      {".entry k(.param a) {ret;}", 4, 17, "expected the type of a parameter, got 'a'"},
      {".entry k(.param .texref a) {ret;}", 4, 17, "type '.texref' of a parameter is not supported", kUnsupported},
      {".entry k(.param .pred a) {ret;}", 4, 17, "type '.pred' of a parameter is not supported", kUnsupported},
      {".entry k(.param .b8 a[]) {ret;}", 4, 23, "parameter 'a' without a size is not supported", kUnsupported},
      {".entry k(.param .b8 a[0]) {ret;}", 4, 23, "size of a parameter is 0; allowed: 1 to 16777216"},
      {".entry k(.param .b32 a .param .b32 b) {ret;}", 4, 24, "expected ')' after parameters, got '.param'"},
      {".entry k(.param .u32 .ptr a) {ret;}", 4, 17, "a '.ptr' parameter has type .u32; allowed: 64-bit types"},
      {".entry k(.param .b32 a, .param .b32 a) {ret;}", 4, 37, "name 'a' is declared twice"},
      {".entry k() .maxntid 0 {ret;}", 4, 21, "dimension of .maxntid is 0; allowed: 1 to 2147483647"},
      {".entry k() .maxntid {ret;}", 4, 21, "expected dimension of .maxntid, got '{'"},
      {".entry k() .maxnreg 64, 2 {ret;}", 4, 23, "expected '{' or ';' after the head of a function, got ','"},
      {".entry k() .unknown {ret;}", 4, 12, "directive '.unknown' of a function is not supported", kUnsupported},
      {".func f() .maxnreg 64 {ret;}", 4, 11, "directive '.maxnreg' belongs to '.entry', not to '.func'"},
      {".entry k() ret;", 4, 12, "expected '{' or ';' after the head of a function, got 'ret'"},
      {".entry k() {ret;}\n.entry k() {ret;}", 5, 8, "function 'k' has a body already, in line 4"},
      {".func f();\n.func f(.param .b32 a) {ret;}", 5, 7, "function 'f' differs from its declaration in line 4"},
      {".func f();\n.entry f() {ret;}", 5, 8, "function 'f' differs from its declaration in line 4"},
      {".extern .func f() {ret;}", 4, 15, "'.extern' function 'f' cannot have a body"},
      {".global .u32 f;\n.func f() {ret;}", 5, 7, "name 'f' is declared twice"},
      {".extern .func (.param .b32 r) llvm.nvvm.redux.sync.fmax.nan (.param .b32 a);", 4, 31,
       "name 'llvm.nvvm.redux.sync.fmax.nan' contains '.'; LLVM writes such a function for an intrinsic that does not "
       "exist or is misspelt"},
      {".func f() {", 4, 12, "expected an instruction, a label, a directive or '}', got the end of the text"},
  };
  for (const Rejected &c : kCases)
    expectRejected(header() + c.text, c);
}

/// Text in place of the body of a kernel: see kernelText.
TEST(Rejected, statements) {
  const Rejected kCases[] = {
      {";", 6, 1, "expected an instruction, a label, a directive or '}', got ';'"},
      {"ADD.s32 %r1, %r1, 1;", 6, 1, "'ADD' is not an opcode of PTX"},
      {"ad.s32 %r1, %r1, 1;", 6, 1, "'ad' is not an opcode of PTX"},
      {"@%p1;", 6, 5, "expected an instruction after the guard, got ';'"},
      {"@%p1 L: ret;", 6, 6, "'L' is not an opcode of PTX"},
      {"@ 1 ret;", 6, 3, "expected a predicate after '@', got '1'"},
      {"@%r1 ret;", 6, 2, "guard '%r1' is not a register of type .pred"},
      {"@%q1 ret;", 6, 2, "name '%q1' is not declared"},
      {"ret", 7, 1, "expected an operand, got '}'"},
      {"add.u32 %r1, %r2, 1", 7, 1, "expected ',' or ';' after an operand, got '}'"},
      {"add. u32 %r1, %r2, 1;", 6, 4, "'.' without a name: '.'"},
      {"L: ret; L: ret;", 6, 9, "label 'L' is declared twice in one block"},
      {"add.u32: ret;", 6, 1, "label 'add.u32' contains '.'"},
      {"bra L;", 6, 5, "label 'L' is not declared in this block or one around it"},
      {"bra L; { L: ret; }", 6, 5, "label 'L' is not declared in this block or one around it"},
      {"bra %r1, L;", 6, 8, "expected ',' or ';' after an operand, got ','"},
      {"bra 5;", 6, 5, "expected a label, got '5'"},
      {"T: .branchtargets A, 5;", 6, 22, "expected a label, got '5'"},
      {"T: .branchtargets A;", 6, 19, "label 'A' is not declared in this block or one around it"},
      {"T: .branchtargets A; T: .branchtargets A; A:", 6, 22, "name 'T' is declared twice"},
      {"brx.idx %r1, A; A:", 6, 14, "'A' is not a '.branchtargets' table declared above"},
      {"brx.idx %r1, T; T: .branchtargets A; A:", 6, 14, "'T' is not a '.branchtargets' table declared above"},
      {"T: .branchtargets A; A: mov.u64 %rd1, T;", 6, 39,
       "'T' is a table of labels or a prototype, which no operand here can be"},
      {".reg .b32 a; .reg .f32 a;", 6, 24, "name 'a' is declared twice"},
      {".reg .b32 %q<4>; .reg .b32 %q1;", 6, 28, "name '%q1' is declared twice"},
      {".reg .b32 %q<4>; .reg .b32 %q<2>;", 6, 28, "name '%q' is declared twice"},
      {".reg .b32 in;", 6, 11, "name 'in' is declared twice"},
      {".reg .b32 _;", 6, 11, "name '_' is the sink and cannot be a register"},
      {".reg .v2 .b32 a;", 6, 6, "type '.v2' of a register is not supported", kUnsupported},
      {".reg a;", 6, 6, "expected the type of a register, got 'a'"},
      {".reg .b32 %q<x>;", 6, 14, "expected number of registers, got 'x'"},
      {".reg .b32 a", 7, 1, "expected ';' after a register, got '}'"},
      {".param .b32 a; .param .b32 a;", 6, 28, "name 'a' is declared twice"},
      {".local .u32 a = 1;", 6, 15, "a variable in space .local cannot have an initial value"},
      {".tex .u32 t;", 6, 1, "directive '.tex' in a body is not supported", kUnsupported},
      {".extern .global .u32 x;", 6, 9, "expected '.shared' after '.extern' in a body, got '.global'"},
      {".loc 1 2", 7, 1, "expected column number, got '}'"},
      {".loc 1 2 3\nret;", 6, 6, "file number 1 has no '.file'"},
      {".loc 1 2 3, function_name L, inlined_at 1 4 5\nret;", 6, 41,
       "'inlined_at' names a place that no '.loc' above declares"},
      {".loc 1 2 3, is_stmt\nret;", 6, 6, "expected 'function_name' in '.loc'"},
  };
  for (const Rejected &c : kCases)
    expectRejected(kernelText(c.text), c);
}

TEST(Rejected, operands) {
  const Rejected kCases[] = {
      {"mov.u32 %r1, %r10;", 6, 14, "name '%r10' is not declared"},
      {"mov.u32 %r1, %r01;", 6, 14, "name '%r01' is not declared"},
      {"mov.u32 %r1, x;", 6, 14, "name 'x' is not declared"},
      {"mov.u32 %r1, %envreg3;", 6, 14, "special register '%envreg3' is not supported", kUnsupported},
      {"mov.v4.u32 {%r1, %r2, %r3, %r4}, %tid;", 6, 34, "special register '%tid' is not supported", kUnsupported},
      {"mov.u32 %r1, %tid.q;", 6, 14, "special register '%tid.q' is not supported", kUnsupported},
      {"mov.u32 %r1, ;", 6, 14, "expected an operand, got ';'"},
      {"mov.u32 %r1, (1+2);", 6, 14, "constant expressions are not supported", kUnsupported},
      {"mov.u32 %r1, ~2;", 6, 14, "constant expressions are not supported", kUnsupported},
      {"mov.u32 %r1, 1+2;", 6, 15, "expected ',' or ';' after an operand, got '+'"},
      {"mov.u32 %r1, -%r2;", 6, 15, "expected a number, got '%r2'"},
      {"mov.u64 %rd1, -9223372036854775809;", 6, 15, "integer wider than 64 bits"},
      {"mov.f32 %f1, -0f3F800000;", 6, 14, "sign before the bits of a float"},
      {"mov.f32 %f1, -0d3FF0000000000000;", 6, 14, "sign before the bits of a float"},
      {"mov.f32 %f1, 0f3F8;", 6, 14, "0f needs exactly 8 hexadecimal digits: '0f3F8'"},
      {"mov.u32 %r1, 18446744073709551616;", 6, 14, "integer wider than 64 bits: '18446744073709551616'"},
      {"selp.b32 %r1, 1, 0, !%r2;", 6, 22, "'!' before something that is not a register of type .pred"},
      {"selp.b32 %r1, 1, 0, !5;", 6, 22, "expected a predicate after '!', got '5'"},
      {"setp.lt.s32 %p1|%r2, %r1, %r2;", 6, 17, "the second of a pair is not a register of type .pred or '_'"},
      {"setp.lt.s32 %p1|5, %r1, %r2;", 6, 17, "expected a predicate or '_' after '|', got '5'"},
      {"mov.u64 in|%p1, %rd1;", 6, 11, "'|' joins registers or '_' only"},
      {"ld.shared.u32 %r1, [%r2-4];", 6, 24, "expected ']' after an address, got '-'"},
      {"ld.shared.u32 %r1, [%r2+%r3];", 6, 25, "expected offset, got '%r3'"},
      {"ld.shared.u32 %r1, [%r2+9223372036854775807+1];", 6, 45, "offset does not fit 64 bits"},
      {"ld.shared.u32 %r1, [%r2+9223372036854775808];", 6, 25,
       "offset is 9223372036854775808; allowed: 0 to 9223372036854775807"},
      {"ld.shared.u32 %r1, [];", 6, 21, "expected a register, a symbol or a number in an address, got ']'"},
      {"ld.shared.u32 %r1, [%p1];", 6, 21, "an address in a register of type .pred"},
      {"ld.shared.u32 %r1, [%tid.x];", 6, 21, "an address begins with a register, a symbol or a number"},
      {"ld.shared.u32 %r1, [_];", 6, 21, "an address begins with a register, a symbol or a number"},
      {"ld.shared.u32 %r1, [%r2;", 6, 24, "expected ']' after an address, got ';'"},
      {"ld.shared.u32 %r1, [%r2, [%r3]];", 6, 26, "expected a register, a number or a vector in an address, got '['"},
      {"ld.shared.u32 %r1, in[1];", 6, 22, "expected ',' or ';' after an operand, got '['"},
      {"mov.b64 {}, %rd1;", 6, 10, "expected an operand, got '}'"},
      {"mov.b64 {%r1, %r2, %rd1;", 6, 24, "expected '}' after a vector, got ';'"},
      {"mov.b64 {{%r1, %r2}, %r3}, %rd1;", 6, 10, "expected a register, a number or '_' in a vector, got '{'"},
      {"mov.b64 {%r1|%p1, %r2}, %rd1;", 6, 17, "a vector cannot contain a pair 'p|q'"},
      {"mov.u32 %r1.x, 1;", 6, 9, "name '%r1.x' is not declared"},
      {"mov.u64 %rd1, \"text\";", 6, 16, "expected an operand, got 'text'"},
      {"mov.u64 %rd1, .shared;", 6, 15, "expected an operand, got '.shared'"},
  };
  for (const Rejected &c : kCases)
    expectRejected(kernelText(c.text), c);
}

TEST(Rejected, calls) {
  const char *kDeclarations = ".func (.param .b32 r) f(.param .b32 a, .param .b64 b) {ret;} .func g() {ret;} "
                              ".extern .func missing(); .extern .global .u32 far; .entry other() {ret;}\n";
  const Rejected kCases[] = {
      {"call foo;", 7, 6, "call of 'foo', which no declaration above makes a function"},
      {"call in;", 7, 6, "call of 'in', which no declaration above makes a function"},
      {"call missing;", 7, 6,
       "function 'missing' is used but has no body in this module, and the simulator does not provide it"},
      {"mov.u64 %rd1, missing;", 7, 15,
       "function 'missing' is used but has no body in this module, and the simulator does not provide it"},
      {"ld.global.u32 %r1, [far];", 7, 21, "variable 'far' is used but not defined in this module"},
      {"call other;", 7, 6, "call of the kernel 'other' is not supported", kUnsupported},
      {"call llvm.nvvm.foo, (in);", 7, 6,
       "name 'llvm.nvvm.foo' contains '.'; LLVM writes such a function for an intrinsic that does not exist or is "
       "misspelt"},
      {"call f;", 7, 6, "call has 0 results; the callee declares 1"},
      {".param .b32 r; .param .b32 a; call (r), f, (a);", 7, 36, "call has 1 arguments; the callee declares 2"},
      {".param .b32 r; .param .b32 a; call (r), f, (a, a);", 7, 36,
       "number 1 of the arguments of a call has 4 bytes; the callee declares 8"},
      {".param .b64 r; .param .b32 a; .param .b64 b; call (r), f, (a, b);", 7, 51,
       "number 0 of the results of a call has 8 bytes; the callee declares 4"},
      {"call g, (%r1);", 7, 10, "operand '%r1' of a call; allowed: .param variables declared in the body",
       kUnsupported},
      {"call g, (5);", 7, 10, "operand '5' of a call; allowed: .param variables", kUnsupported},
      {"call g, (in);", 7, 10, "operand 'in' of a call; allowed: .param variables declared in the body", kUnsupported},
      {"call g, (x);", 7, 10, "name 'x' is not declared"},
      {"call g, (;", 7, 10, "operand ';' of a call; allowed: .param variables", kUnsupported},
      {"call (), g (;", 7, 12, "expected ',' or ';' after an operand, got '('"},
      {"call g, (), p;", 7, 11, "expected ',' or ';' after an operand, got ','"},
      {"call %rd1;", 7, 6, "call through a register needs a '.callprototype' or '.calltargets'"},
      {"call %rd1, ();", 7, 6, "call through a register needs a '.callprototype' or '.calltargets'"},
      {"call %rd1, (), p;", 7, 16, "'p' is not a '.callprototype' or '.calltargets' declared above"},
      {"p: .callprototype _ (.param .b32 _); call %rd1, (), p;", 7, 43, "call has 0 arguments; the callee declares 1"},
      {"p: .callprototype 5;", 7, 19, "expected '_' in a prototype, got '5'"},
      {"p: .callprototype _; p: .callprototype _;", 7, 22, "name 'p' is declared twice"},
      {"t: .calltargets f, g;", 7, 20, "function 'g' has other parameters or results than the targets before it"},
      {"t: .calltargets x;", 7, 17, "'x' is not a function declared above"},
  };
  for (const Rejected &c : kCases)
    expectRejected(kernelText(c.text, kDeclarations), c);
}

TEST(Rejected, debugInformation) {
  const Rejected kCases[] = {
      {".file \"a.cu\"", 4, 8, "expected file number, got 'a.cu'"},
      {".file 1 a", 4, 9, "expected a path in quotes, got 'a'"},
      {".file 1 \"a\", x", 4, 14, "expected time stamp of a file, got 'x'"},
      {".section text {}", 4, 10, "expected the name of a debug section, got 'text'"},
      {".section .text {}", 4, 10, "expected the name of a debug section, got '.text'"},
      {".section .debug_str\n.b8 1", 5, 1, "expected '{' before the contents of a section, got '.b8'"},
      {".section .debug_str { .b8 1", 4, 28, "expected data, a label or '}' in a section, got the end of the text"},
      {".section .debug_str { .b8 }", 4, 27, "expected a number, a label or a section, got '}'"},
      {".section .debug_str { .f32 1 }", 4, 23, "directive '.f32' in a section is not supported", kUnsupported},
      {".section .debug_str { a b }", 4, 25, "expected ':' after a label in a section, got 'b'"},
      {".section .debug_str { .b8 1+} }", 4, 29, "expected a number or a label, got '}'"},
  };
  for (const Rejected &c : kCases)
    expectRejected(header() + c.text, c);
}

TEST(Rejected, theStatusNamesPlaceAndText) {
  Result<Module> module = parse(kernelText("\tmov.u32 %r1, %r99;"));
  ASSERT_FALSE(module);
  EXPECT_EQ(module.status().message(), "line 6, column 15: name '%r99' is not declared: `mov.u32 %r1, %r99;`");
}

TEST(Rejected, longLinesAreShownAroundTheError) {
  std::string values(5000, '1');
  for (size_t i = 1; i < values.size(); i += 2)
    values[i] = ',';
  Diagnostic found;
  ASSERT_FALSE(parse(header() + ".global .b8 x[5000] = {" + values + " bad};", {}, &found));
  EXPECT_LE(found.text.size(), 130u);
  EXPECT_NE(found.text.find("bad"), std::string::npos);
}

} // namespace thrift::sim::ptx
