//===- Ast.h - the shape of a parsed PTX module -----------------------------===//
//
// Plain values, produced by parse() (Parser.h) and decoded by the execution core. Everything is resolved: registers are
// dense ids, labels are instruction indices, symbols are indices into tables, sizes and offsets are bytes. The module
// owns all it refers to; the PTX text may be freed after parsing.
//
//   Module ── opcodes[]      one record per distinct spelling ("ld.global.nc.v4.b32"), shared by all instructions
//          ── variables[]    .global, .const and .shared, of module scope and of function scope
//          ── functions[] ── params[], results[], locals[], callParams[], registers
//                         ── instructions[] ── opcode, guard, line, a slice of operands[]
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_SIM_PTX_AST_H
#define THRIFTJIT_RUNTIME_SIM_PTX_AST_H

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace thrift::sim::ptx {

/// "No such index" in every field that holds one.
constexpr uint32_t kNone = UINT32_MAX;

/// A read-only view of consecutive elements. Valid until its owner changes.
template <typename T>
struct Span {
  const T *first = nullptr;
  size_t count = 0;

  const T *begin() const { return first; }
  const T *end() const { return first + count; }
  size_t size() const { return count; }
  bool empty() const { return count == 0; }
  const T &operator[](size_t index) const { return first[index]; }
};

/// Types of registers, parameters and variables. The types of an instruction are modifiers of its opcode instead.
// clang-format off
enum class Type : uint8_t {
  None, Pred,
  B8, B16, B32, B64, B128,
  U8, U16, U32, U64,
  S8, S16, S32, S64,
  F16, F16x2, BF16, BF16x2, F32, F32x2, F64,
};
// clang-format on

/// Bytes of one element; .pred has none (0).
uint32_t sizeOf(Type type);
/// The spelling without the dot: "b32".
std::string_view nameOf(Type type);
/// The type with that spelling, None if there is none.
Type typeNamed(std::string_view name);

enum class Space : uint8_t { Generic, Global, Const, Shared, Local, Param };
/// The spelling without the dot; "generic" for Generic.
std::string_view nameOf(Space space);

//===----------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------===//

/// One scalar of each special register the machine has ("%tid.x" -> TidX).
enum class SpecialRegister : uint8_t {
#define PTX_SPECIAL(id, spelling, type) id,
#include "runtime/sim/ptx/SpecialRegisters.def"
#undef PTX_SPECIAL
};
/// The spelling with its percent sign.
std::string_view nameOf(SpecialRegister reg);
/// The type a register that receives it has in the PTX manual (U32, U64 or Pred).
Type typeOf(SpecialRegister reg);
size_t specialRegisterCount();

/// Where a symbol lives, and with that which table its index belongs to.
enum class SymbolKind : uint8_t {
  Variable,  ///< Module::variables: .global, .const, .shared
  Local,     ///< Function::locals
  Param,     ///< Function::params
  Result,    ///< Function::results
  CallParam, ///< Function::callParams: .param declared in a body, for calls made there
  Function,  ///< Module::functions, only where an address of a function is taken
};

enum class OperandKind : uint8_t {
  Register,     ///< id = register; negated for `!%p`
  RegisterPair, ///< `%r|%p`: id and second = registers, kNone for the sink `_`; the second is a predicate
  Immediate,    ///< immediate says how to read value
  Special,      ///< id = SpecialRegister
  Address,      ///< `[base+offset]`, see AddressBase; elements = what follows in the brackets: `[%rd, {%r1, %r2}]`
  Vector,       ///< `{a, b, ...}`: elements are registers, immediates, sinks, rarely symbols; never vectors
  Sink,         ///< `_`
  Label,        ///< id = index into Function::instructions (may equal its size: a label at the end of the body)
  Symbol,       ///< the address of a symbol plus value: symbol, id, value
  List,         ///< `(a, b)` of a call
  BranchTable,  ///< id = index into Function::branchTables
  Prototype,    ///< id = index into Function::prototypes
};

enum class ImmediateKind : uint8_t {
  Integer, ///< value is the two's complement 64-bit number as written
  F32,     ///< 0f...: the low 32 bits of value
  F64,     ///< 0d... or a decimal fraction: the bits of a double
};

enum class AddressBase : uint8_t {
  Register, ///< id = register
  Symbol,   ///< symbol and id
  Absolute, ///< `[16]`: offset alone
};

struct Operand {
  OperandKind kind = OperandKind::Sink;
  ImmediateKind immediate = ImmediateKind::Integer; ///< of Immediate
  AddressBase base = AddressBase::Absolute;         ///< of Address
  SymbolKind symbol = SymbolKind::Variable;         ///< of Symbol, and of Address with a symbol as base
  bool negated = false;                             ///< `!` before a predicate
  bool isUnsigned = false;                          ///< the integer was written with the suffix U
  uint16_t elementCount = 0;                        ///< of Vector, List and Address
  uint32_t id = kNone;
  uint32_t second = kNone;
  uint32_t firstElement = 0; ///< slice of Function::operands: use Function::elementsOf
  uint64_t value = 0;        ///< bits of an Immediate; byte offset (two's complement) of an Address or a Symbol

  int64_t offset() const { return static_cast<int64_t>(value); }
};

//===----------------------------------------------------------------------===//
// Instructions
//===----------------------------------------------------------------------===//

/// One distinct spelling. A file has a few hundred, so a decoder can decide most things once per opcode.
struct Opcode {
  std::string text;                   ///< "ld.global.L1::no_allocate.v2.f32", without white space
  std::string base;                   ///< "ld"
  std::vector<std::string> modifiers; ///< in order, without the dot, "::" kept: {"global", "L1::no_allocate", ...}

  bool has(std::string_view modifier) const;
};

struct Instruction {
  uint32_t opcode = 0;       ///< index into Module::opcodes
  uint32_t guard = kNone;    ///< register of `@%p`, kNone if unconditional
  bool guardNegated = false; ///< `@!%p`
  uint16_t operandCount = 0;
  uint32_t firstOperand = 0; ///< slice of Function::operands: use Function::operandsOf
  uint32_t line = 0;         ///< of the PTX text, from 1: where the opcode (or its guard) begins
  uint32_t location = kNone; ///< index into Module::locations: the `.loc` in force

  /// A call has always these operands, whatever was left out in the text; the fourth is there for indirect calls only:
  ///   0 List of results, 1 callee (Symbol of kind Function, or Register), 2 List of arguments,
  ///   3 Prototype (`.callprototype` or `.calltargets`).
  /// Results and arguments are Symbols of kind CallParam, as many and as large as the callee declares.
  static constexpr size_t kCallResults = 0, kCallCallee = 1, kCallArguments = 2, kCallPrototype = 3;
};

/// A `.loc`: a place in the source that the PTX was made from.
struct Location {
  uint32_t file = kNone; ///< index into Module::files
  uint32_t line = 0, column = 0;
  uint32_t inlinedAt = kNone; ///< index into Module::locations of the call site, if inlined
};

struct SourceFile {
  uint32_t number = 0; ///< as in `.file 1 "kernel.cu"`
  std::string path;
};

//===----------------------------------------------------------------------===//
// Declarations
//===----------------------------------------------------------------------===//

/// A parameter or result of a function: one piece of its parameter block.
struct Param {
  std::string name;
  Type type = Type::None; ///< of an element
  bool isArray = false;   ///< passed by value: `.b8 name[size]`
  uint32_t alignment = 1;
  uint32_t byteSize = 0;
  uint32_t offset = 0;                 ///< in the parameter block (params) or the result block (results)
  bool isPointer = false;              ///< has `.ptr`
  Space pointerSpace = Space::Generic; ///< what `.ptr` said
  uint32_t pointerAlignment = 0;       ///< 0: `.ptr` did not say
  uint32_t line = 0;
};

enum class Linkage : uint8_t { Internal, Visible, Extern, Weak, Common };

/// Part of an initialiser that depends on an address: the bytes [offset, offset + byteSize) of Variable::data receive
/// ((address of the symbol + addend) & mask) >> shift, where mask covers byteSize bytes from bit `shift`.
struct Relocation {
  uint64_t offset = 0;
  uint8_t byteSize = 8;
  uint8_t shift = 0;      ///< `0xFF00(name)` is byteSize 1, shift 8
  bool isGeneric = false; ///< `generic(name)`: the generic address instead of the one in the symbol's space
  SymbolKind symbol = SymbolKind::Variable; ///< Variable or Function
  uint32_t id = kNone;
  int64_t addend = 0;
};

/// A .global, .const, .shared or .local variable, or a `.param` declared in a body.
struct Variable {
  std::string name;
  Space space = Space::Global;
  Type type = Type::None;  ///< of an element
  uint8_t vectorWidth = 1; ///< 2 or 4 for `.v2`, `.v4`
  bool isArray = false;
  bool isUnsized = false; ///< `name[]`: dynamic shared memory, or declared elsewhere; byteSize is then 0
  bool isManaged = false; ///< `.attribute(.managed)`
  Linkage linkage = Linkage::Internal;
  uint32_t alignment = 1;
  uint64_t byteSize = 0;
  /// .local and .param: byte offset in the function's frame of that space. .shared differs per kernel: see
  /// Function::shared. .global and .const: 0, the core places them.
  uint32_t offset = 0;
  uint32_t function = kNone; ///< index into Module::functions of the owner of a function-scope variable
  uint32_t line = 0;
  /// Initial bytes, little endian. A prefix of the variable: the rest, and everything if empty, is zero.
  std::vector<uint8_t> data;
  std::vector<Relocation> relocations; ///< ascending offsets
  bool isInitialized = false;          ///< an initialiser was written (data may be shorter than the variable)
};

/// Consecutive registers declared together: one, or `%r<100>`. Scopes are gone: a register of an inner block has ids of
/// its own, even if its name is in use elsewhere.
struct RegisterRange {
  std::string name;        ///< "%r" of "%r<100>"
  bool isNumbered = false; ///< names are name0, name1, ...
  uint32_t first = 0, count = 0;
  Type type = Type::None;
  uint32_t line = 0;
};

/// Directives between the parameters and the body. Zero means absent.
struct LaunchBounds {
  std::array<uint32_t, 3> maxThreads{};      ///< .maxntid; missing dimensions are 1
  std::array<uint32_t, 3> requiredThreads{}; ///< .reqntid
  std::array<uint32_t, 3> requiredCluster{}; ///< .reqnctapercluster
  uint32_t minBlocksPerSm = 0;               ///< .minnctapersm
  uint32_t maxBlocksPerSm = 0;               ///< .maxnctapersm
  uint32_t maxRegisters = 0;                 ///< .maxnreg
  uint32_t maxClusterRank = 0;               ///< .maxclusterrank
  bool explicitCluster = false;              ///< .explicitcluster
  bool blocksAreClusters = false;            ///< .blocksareclusters
};

/// The shape of a function: what a prototype says.
struct Prototype {
  std::string name; ///< the label of `.callprototype` or `.calltargets`
  std::vector<Param> params, results;
  std::vector<uint32_t> targets; ///< `.calltargets`: the functions that may be called; empty for `.callprototype`
  bool isTargetList = false;
};

struct Pragma {
  std::string text; ///< between the quotes
  uint32_t line = 0;
  uint32_t instruction = kNone; ///< in a body: index of the instruction that follows
};

/// A shared variable that a kernel needs, and where it lies in the kernel's static shared memory.
struct SharedSlot {
  uint32_t variable = kNone; ///< index into Module::variables
  uint32_t offset = 0;
};

struct Function {
  std::string name;
  bool isEntry = false;    ///< .entry
  bool isDefined = false;  ///< has a body; false for a prototype
  bool isNoReturn = false; ///< .noreturn
  Linkage linkage = Linkage::Internal;
  uint32_t line = 0;
  uint32_t aliasOf = kNone; ///< `.alias`: only another name, and every mention of it was replaced by this function

  std::vector<Param> params, results;
  uint32_t paramBytes = 0; ///< of the parameter block, unpadded at its end
  uint32_t resultBytes = 0;
  LaunchBounds bounds;
  std::vector<Pragma> pragmas;

  std::vector<RegisterRange> registerRanges; ///< ascending `first`, no gaps
  std::vector<Type> registerTypes;           ///< by register id

  std::vector<Variable> locals; ///< offsets in a frame of localBytes, aligned to localAlignment
  uint32_t localBytes = 0, localAlignment = 1;
  std::vector<Variable> callParams; ///< offsets in a frame of callParamBytes; blocks that do not overlap share bytes
  uint32_t callParamBytes = 0;

  /// Kernels only: all sized .shared variables that it or a function it may call mentions, and where they lie.
  /// Dynamic shared memory (every `.extern .shared name[]`) begins at dynamicSharedOffset, which is sharedBytes rounded
  /// up to the largest alignment among those names.
  std::vector<SharedSlot> shared;
  uint32_t sharedBytes = 0, dynamicSharedOffset = 0;
  uint32_t sharedAlignment = 1;        ///< the largest among all of them, dynamic ones included
  std::vector<uint32_t> dynamicShared; ///< indices into Module::variables of the unsized ones that are mentioned
  std::vector<uint32_t> callees;       ///< indices into Module::functions: all that may be reached, itself excluded

  std::vector<Instruction> instructions;
  std::vector<Operand> operands;                   ///< of all instructions
  std::vector<std::vector<uint32_t>> branchTables; ///< `.branchtargets`: instruction indices
  std::vector<Prototype> prototypes;
  std::vector<uint32_t> labels; ///< ascending, unique: every index that a label names

  Span<Operand> operandsOf(const Instruction &instruction) const {
    return {operands.data() + instruction.firstOperand, instruction.operandCount};
  }
  /// Elements of a Vector or List, or what follows the base of an Address.
  Span<Operand> elementsOf(const Operand &operand) const {
    return {operands.data() + operand.firstElement, operand.elementCount};
  }
  /// "%r17", as written in the text.
  std::string registerName(uint32_t id) const;
};

struct Module {
  uint32_t versionMajor = 0, versionMinor = 0; ///< .version 9.0
  std::string target;                          ///< "sm_100a"
  std::vector<std::string> targetOptions;      ///< what follows it: "debug"
  uint32_t addressSize = 64;                   ///< .address_size, bits

  std::vector<Opcode> opcodes;
  std::vector<Variable> variables;
  std::vector<Function> functions; ///< prototypes and definitions; a name occurs once
  std::vector<SourceFile> files;
  std::vector<Location> locations;
  std::vector<Pragma> pragmas; ///< of module scope

  /// Index of the function or variable with that name, or kNone. Variables of function scope are not found.
  uint32_t findFunction(std::string_view name) const;
  uint32_t findVariable(std::string_view name) const;
};

} // namespace thrift::sim::ptx

#endif // THRIFTJIT_RUNTIME_SIM_PTX_AST_H
