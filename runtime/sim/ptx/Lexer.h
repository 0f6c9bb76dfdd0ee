//===- Lexer.h - PTX text to tokens ------------------------------------------===//
//
// One token at a time, without copies: a token's text points into the source. Malformed text becomes a token of kind
// Invalid whose reason is in error(); the lexer itself never stops early and never reads past the end.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_SIM_PTX_LEXER_H
#define THRIFTJIT_RUNTIME_SIM_PTX_LEXER_H

#include <cstdint>
#include <string_view>

namespace thrift::sim::ptx {

enum class TokenKind : uint8_t {
  End,
  Invalid,
  Identifier,  ///< "foo", "%r1", "$L__BB0_2", "_"
  Directive,   ///< ".reg", ".shared::cta": dot included
  Integer,     ///< value and isUnsigned
  Float32,     ///< "0f3F800000": value holds the bits
  Float64,     ///< "0d3FF0000000000000" or "1.5": value holds the bits of the double
  String,      ///< text without the quotes
  Punctuation, ///< punctuation holds the character
};

struct Token {
  TokenKind kind = TokenKind::End;
  char punctuation = 0;
  bool isUnsigned = false; ///< suffix U
  bool isFraction = false; ///< a Float64 in decimal notation
  uint32_t line = 1;
  std::string_view text;
  uint64_t value = 0;

  bool is(char c) const { return kind == TokenKind::Punctuation && punctuation == c; }
  bool isDirective(std::string_view spelling) const { return kind == TokenKind::Directive && text == spelling; }
};

class Lexer {
public:
  explicit Lexer(std::string_view text) : cursor_(text.data()), end_(text.data() + text.size()) {}

  Token next();

  /// The identifier extended by everything that follows without white space and belongs to an opcode:
  /// "ld" -> "ld.global.L1::no_allocate.b32".
  void extendToOpcode(Token &identifier);
  /// "%tid" -> "%tid.x", if a component follows without white space.
  void extendToComponent(Token &identifier);
  /// True if the next character, without white space, is a dot.
  bool dotFollows() const { return cursor_ != end_ && *cursor_ == '.'; }

  /// Why the last token was Invalid.
  const char *error() const { return error_; }

private:
  bool skipBlanks();
  Token number(Token token);
  Token hexFloat(Token token, unsigned digits, TokenKind kind);
  Token decimalFraction(Token token);
  Token string(Token token);
  Token invalid(Token token, const char *reason);

  const char *cursor_;
  const char *end_;
  uint32_t line_ = 1;
  const char *error_ = "";
};

/// True for the characters a name may contain after its first one.
bool isNameCharacter(char c);

} // namespace thrift::sim::ptx

#endif // THRIFTJIT_RUNTIME_SIM_PTX_LEXER_H
