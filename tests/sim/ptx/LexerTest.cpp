// Tokens: what each looks like, which numbers are legal, and what is refused.

#include "runtime/sim/ptx/Lexer.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace thrift::sim::ptx {

static Token only(std::string_view text) {
  Lexer lexer(text);
  Token token = lexer.next();
  EXPECT_EQ(lexer.next().kind, TokenKind::End) << text;
  return token;
}

TEST(Lexer, names) {
  for (const char *name : {"foo", "%r12", "$L__BB0_2", "_", "_Z3foov", "%SP", "a$b", "WARP_SZ"}) {
    Token token = only(name);
    EXPECT_EQ(token.kind, TokenKind::Identifier) << name;
    EXPECT_EQ(token.text, name);
  }
}

TEST(Lexer, directivesKeepColonsAndDigits) {
  for (const char *name :
       {".reg", ".shared::cta", ".mbarrier::complete_tx::bytes", ".2d", ".16x64b", ".L1::no_allocate"}) {
    Token token = only(name);
    EXPECT_EQ(token.kind, TokenKind::Directive) << name;
    EXPECT_EQ(token.text, name);
  }
}

TEST(Lexer, aSingleColonEndsAName) {
  Lexer lexer("label:.reg");
  EXPECT_EQ(lexer.next().text, "label");
  EXPECT_TRUE(lexer.next().is(':'));
  EXPECT_TRUE(lexer.next().isDirective(".reg"));
}

TEST(Lexer, integers) {
  struct Case {
    const char *text;
    uint64_t value;
    bool isUnsigned;
  };
  const Case kCases[] = {{"0", 0, false},
                         {"42", 42, false},
                         {"42U", 42, true},
                         {"0x5410", 0x5410, false},
                         {"0XffU", 255, true},
                         {"010", 8, false},
                         {"0b101", 5, false},
                         {"0B11U", 3, true},
                         {"18446744073709551615", UINT64_MAX, false},
                         {"0xFFFFFFFFFFFFFFFF", UINT64_MAX, false}};
  for (const Case &c : kCases) {
    Token token = only(c.text);
    EXPECT_EQ(token.kind, TokenKind::Integer) << c.text;
    EXPECT_EQ(token.value, c.value) << c.text;
    EXPECT_EQ(token.isUnsigned, c.isUnsigned) << c.text;
  }
}

TEST(Lexer, floatsKeepTheirBits) {
  EXPECT_EQ(only("0f3F800000").kind, TokenKind::Float32);
  EXPECT_EQ(only("0F7fc00001").value, 0x7FC00001u);
  EXPECT_EQ(only("0d3FF0000000000000").kind, TokenKind::Float64);
  EXPECT_EQ(only("0D8000000000000000").value, 0x8000000000000000u);
  EXPECT_EQ(only("1.5").value, 0x3FF8000000000000u);
  EXPECT_EQ(only("2.5e-1").value, 0x3FD0000000000000u);
  EXPECT_EQ(only("1e2").value, 0x4059000000000000u);
  EXPECT_TRUE(only("1.5").isFraction);
  EXPECT_FALSE(only("0d3FF0000000000000").isFraction);
}

TEST(Lexer, commentsAndLines) {
  Lexer lexer("// one\n/* two\nthree */ a\r\n\tb // end");
  Token a = lexer.next(), b = lexer.next();
  EXPECT_EQ(a.text, "a");
  EXPECT_EQ(a.line, 3u);
  EXPECT_EQ(b.text, "b");
  EXPECT_EQ(b.line, 4u);
  EXPECT_EQ(lexer.next().kind, TokenKind::End);
}

TEST(Lexer, strings) {
  EXPECT_EQ(only("\"a b\"").text, "a b");
  EXPECT_EQ(only("\"\"").text, "");
  EXPECT_EQ(only("\"a\\\"b\"").text, "a\\\"b");
}

TEST(Lexer, opcodeExtendsOverModifiersOnly) {
  Lexer lexer("tcgen05.ld.sync.aligned.32x32b.x8.b32{%r1}");
  Token opcode = lexer.next();
  lexer.extendToOpcode(opcode);
  EXPECT_EQ(opcode.text, "tcgen05.ld.sync.aligned.32x32b.x8.b32");
  EXPECT_TRUE(lexer.next().is('{'));
}

TEST(Lexer, malformedTokensSayWhy) {
  struct Case {
    const char *text, *reason;
  };
  const Case kCases[] = {
      {"0f3F8", "0f needs exactly 8 hexadecimal digits"},
      {"0f3F8000000", "0f needs exactly 8 hexadecimal digits"},
      {"0fGGGGGGGG", "0f needs exactly 8 hexadecimal digits"},
      {"0d3FF", "0d needs exactly 16 hexadecimal digits"},
      {"09", "malformed number (a leading 0 means octal)"},
      {"12ab", "malformed number"},
      {"0x", "number without digits"},
      {"0xG", "malformed number"},
      {"0b2", "malformed number"},
      {"1.5x", "malformed number"},
      {"1e999", "number outside the range of a double"},
      {"18446744073709551616", "integer wider than 64 bits"},
      {"0x10000000000000000", "integer wider than 64 bits"},
      {"/* never closed", "comment without '*/'"},
      {"/*/", "comment without '*/'"},
      {"\"never closed", "string without closing quote"},
      {"\"line\nbreak\"", "string without closing quote"},
      {"\"trailing\\", "string without closing quote"},
      {". a", "'.' without a name"},
      {"\x80", "character that PTX does not use"},
      {"`", "character that PTX does not use"},
  };
  for (const Case &c : kCases) {
    Lexer lexer(c.text);
    EXPECT_EQ(lexer.next().kind, TokenKind::Invalid) << c.text;
    EXPECT_STREQ(lexer.error(), c.reason) << c.text;
  }
}

TEST(Lexer, zeroBytesAreRefused) {
  std::string text("a\0b", 3);
  Lexer lexer(text);
  EXPECT_EQ(lexer.next().text, "a");
  EXPECT_EQ(lexer.next().kind, TokenKind::Invalid);
}

} // namespace thrift::sim::ptx
