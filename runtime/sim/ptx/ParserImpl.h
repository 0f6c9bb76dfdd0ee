//===- ParserImpl.h - the recursive-descent parser, private ------------------===//
//
// One class, one file per subject: Parser.cpp (tokens, errors, module scope), ParseVariables.cpp,
// ParseInitializers.cpp, ParseFunctions.cpp, ParseBody.cpp, ParseOperands.cpp, ParseCalls.cpp, ParseDebug.cpp and
// Resolve.cpp (what needs the whole module).
//
// Every parse function returns false after an error, which the first fail() recorded; the caller returns at once.
// Recursion is bounded by the grammar (address -> vector -> scalar; one level per array dimension): blocks of a body
// are a counter, not a call.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_SIM_PTX_PARSERIMPL_H
#define THRIFTJIT_RUNTIME_SIM_PTX_PARSERIMPL_H

#include "runtime/sim/ptx/Lexer.h"
#include "runtime/sim/ptx/NameTable.h"
#include "runtime/sim/ptx/OpcodeTable.h"
#include "runtime/sim/ptx/Parser.h"

#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <vector>

namespace thrift::sim::ptx {

class ModuleParser {
public:
  ModuleParser(std::string_view text, const ParseOptions &options);

  bool run();
  Module takeModule() { return std::move(module_); }
  const Diagnostic &diagnostic() const { return diagnostic_; }

private:
  /// What a name in the text stands for is often known only later; `at` remembers where it was written.
  struct Mention {
    uint32_t id;
    const char *at;
  };
  /// A label that was not declared yet when a branch named it.
  struct PendingLabel {
    std::string_view name;
    uint32_t table; // index into branchTables, or kNone: an operand
    uint32_t index; // into that table, or into operands
  };
  /// A `{ }` block of a body.
  struct Block {
    size_t firstPending;
    uint32_t callParamOffset;
  };
  /// What stands before the names of a variable declaration.
  struct VariableHead {
    Space space = Space::Global;
    Linkage linkage = Linkage::Internal;
    Type type = Type::None;
    uint32_t alignment = 0;
    uint8_t vectorWidth = 1;
    bool isManaged = false;
  };

  // Tokens and errors: Parser.cpp
  void advance() { token_ = lexer_.next(); }
  bool accept(char punctuation);
  bool expect(char punctuation, const char *where);
  bool parseName(std::string_view &name, const char *what);
  bool parseInteger(uint64_t &value, uint64_t minimum, uint64_t maximum, const char *what);
  bool fail(const char *at, std::string message) { return report(StatusCode::InvalidArgument, at, std::move(message)); }
  bool unsupported(const char *at, std::string message) {
    return report(StatusCode::Unsupported, at, std::move(message));
  }
  bool unexpected(const std::string &expected);
  bool report(StatusCode code, const char *at, std::string message);
  const char *here() const { return token_.text.data(); }

  // Module scope: Parser.cpp
  bool parseHeader();
  bool parseTopLevel();
  bool parseAlias();
  bool parseLinkage(Linkage &linkage);

  // Variables: ParseVariables.cpp
  bool parseVariables(Space space, Linkage linkage);
  bool parseVariableHead(VariableHead &head);
  bool parseAlignment(uint32_t &alignment);
  bool parseDimensions(Variable &variable, std::vector<uint64_t> &dimensions);
  bool parseVariable(const VariableHead &head);
  bool addVariable(Variable variable, const char *at);
  bool placeInFrame(Variable &variable, uint32_t &frameBytes, const char *at);
  bool parseRegisters();

  // Initial values: ParseInitializers.cpp
  bool parseInitializer(Variable &variable, std::vector<uint64_t> &dimensions);
  bool parseInitializerLevel(Variable &variable, std::vector<uint64_t> &dimensions, size_t level, uint64_t offset);
  bool parseInitializerElement(Variable &variable, uint64_t offset);
  bool parseNumberElement(Variable &variable, uint64_t offset);
  bool parseAddressElement(Variable &variable, Relocation relocation);
  bool storeElement(Variable &variable, uint64_t offset, uint64_t bits, const char *at);

  // Functions: ParseFunctions.cpp
  bool parseFunction(Linkage linkage, bool isEntry);
  bool parseParams(std::vector<Param> &params, uint32_t &blockBytes, std::vector<std::string_view> &names);
  bool parseParam(Param &param, std::string_view &name);
  bool parsePointerAttributes(Param &param);
  bool parseLaunchBounds();
  bool parseThreeDimensions(std::array<uint32_t, 3> &dimensions, const char *what);
  bool bindParams(const std::vector<std::string_view> &names, NameKind kind);
  bool declareFunction(std::string_view name, const char *at, uint32_t &index);
  bool rejectDottedName(std::string_view name);

  // Bodies: ParseBody.cpp
  bool parseBody();
  bool parseStatement();
  bool openBlock();
  bool closeBlock();
  bool parseBodyDirective();
  bool parseGuard(uint32_t &guard, bool &negated);
  bool parseLabel(const Token &name);
  bool parseBranchTargets(std::string_view name);
  bool parseInstruction(const Token &opcode, uint32_t guard, bool guardNegated, uint32_t line);
  const OpcodeTable::Entry *parseOpcode(const Token &opcode);
  void nameLabel(std::string_view name, uint32_t table, uint32_t index);

  // Operands: ParseOperands.cpp
  bool parseOperands();
  bool parseOperand(Operand &operand);
  bool parseNamedOperand(Operand &operand);
  bool parsePairSecond(Operand &operand);
  bool parseImmediate(Operand &operand);
  bool parseVector(Operand &operand);
  bool parseAddress(Operand &operand);
  bool parseOffset(uint64_t &value);
  bool parseBranch();
  bool parseIndexedBranch();
  bool pushOperand(const Operand &operand);
  bool moveElements(Operand &operand, size_t firstOnStack);
  bool toSymbol(const Name &name, SymbolKind &kind);
  bool unknownName(const Token &name);
  bool isPredicate(uint32_t reg) const { return function_.registerTypes[reg] == Type::Pred; }

  // Calls: ParseCalls.cpp
  bool parseCall();
  bool parseCallList(Operand &list);
  bool checkCallList(const Operand &list, const std::vector<Param> &declared, const char *what, const char *at);
  bool parseCallPrototype(std::string_view name);
  bool parseCallTargets(std::string_view name);

  // Debug information and pragmas: ParseDebug.cpp
  bool parseFile();
  bool parseLocation();
  bool parseLocationTriple(uint32_t (&triple)[3]);
  bool parseSection();
  bool parseSectionValue();
  bool parsePragma(std::vector<Pragma> &pragmas);

  // The whole module: Resolve.cpp
  bool resolve();
  bool resolveFiles();
  bool resolveAliases();
  bool rejectUndefined();
  bool layoutShared();
  bool layoutSharedOf(uint32_t entry, std::vector<uint32_t> &functionSeen, std::vector<uint32_t> &variableSeen);
  void mentionVariable(uint32_t id, const char *at);
  void mentionFunction(uint32_t id, const char *at);

  std::string_view text_;
  const ParseOptions &options_;
  Lexer lexer_;
  Token token_;
  Diagnostic diagnostic_;

  Module module_;
  NameTable names_;
  OpcodeTable opcodes_;
  std::deque<std::string> composedOpcodes_; // spellings that the text interrupts by white space

  // The function being parsed.
  Function function_;
  uint32_t functionIndex_ = kNone;
  NameTable labels_;
  std::vector<PendingLabel> pendingLabels_;
  std::vector<Block> blocks_;
  std::vector<Operand> stack_; // operands of the instruction being parsed, innermost last
  uint32_t operandsLeft_ = 0;
  uint32_t callParamOffset_ = 0;
  uint32_t location_ = kNone;

  // By function index: what its body mentions, each once.
  std::vector<std::vector<Mention>> usedVariables_, usedFunctions_;
  std::vector<uint32_t> variableMentionedBy_, functionMentionedBy_;
  std::vector<Mention> initializerFunctions_;
  std::vector<const char *> functionAt_;          // by function index: where its name was first written
  uint64_t reachedCount_ = 0;                     // see ParseLimits::reachable
  std::unordered_map<uint32_t, Mention> aliases_; // function index -> the function it stands for
  std::map<std::tuple<uint32_t, uint32_t, uint32_t>, uint32_t> locationIndex_;
  std::vector<const char *> locationAt_;
  uint64_t initializerBytes_ = 0;
  uint64_t registerCount_ = 0; // of all functions
};

/// Same number of pieces of the same sizes at the same places: what a caller relies on.
bool haveSameLayout(const std::vector<Param> &a, const std::vector<Param> &b);

/// `text` in quotes for a message: shortened, control characters replaced.
std::string quote(std::string_view text);

} // namespace thrift::sim::ptx

#endif // THRIFTJIT_RUNTIME_SIM_PTX_PARSERIMPL_H
