//===- Lexer.cpp - PTX text to tokens ----------------------------------------===//
//
// Character classes come from one table; numbers follow chapter "Constants" of the PTX ISA.
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/ptx/Lexer.h"

#include <array>
#include <charconv>
#include <cstring>

namespace thrift::sim::ptx {

namespace {

enum CharacterClass : uint8_t {
  kBlank = 1, // space, tab, carriage return, line feed, vertical tab, form feed
  kNameStart = 2,
  kName = 4,
  kDigit = 8,
  kPunctuation = 16,
};

constexpr std::array<uint8_t, 256> makeCharacterClasses() {
  std::array<uint8_t, 256> table{};
  for (char c : {' ', '\t', '\r', '\n', '\v', '\f'})
    table[static_cast<uint8_t>(c)] = kBlank;
  for (int c = 'a'; c <= 'z'; ++c)
    table[c] = table[c - 'a' + 'A'] = kNameStart | kName;
  for (int c = '0'; c <= '9'; ++c)
    table[c] = kDigit | kName;
  for (char c : {'_', '$', '%'})
    table[static_cast<uint8_t>(c)] = kNameStart | kName;
  for (char c : {'(', ')', '[', ']', '{', '}', '<', '>', ',', ';', ':', '|',
                 '!', '@', '+', '-', '=', '~', '*', '/', '&', '^', '?', '#'})
    table[static_cast<uint8_t>(c)] = kPunctuation;
  return table;
}

constexpr std::array<uint8_t, 256> kClasses = makeCharacterClasses();

} // namespace

static uint8_t classOf(char c) { return kClasses[static_cast<uint8_t>(c)]; }

bool isNameCharacter(char c) { return classOf(c) & kName; }

static int hexDigit(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  if (c >= 'A' && c <= 'F')
    return c - 'A' + 10;
  return -1;
}

static const char *skipName(const char *cursor, const char *end) {
  while (cursor != end && isNameCharacter(*cursor))
    ++cursor;
  return cursor;
}

/// Past "name" and any "::name" after it.
static const char *skipQualifiedName(const char *cursor, const char *end) {
  cursor = skipName(cursor, end);
  while (end - cursor > 2 && cursor[0] == ':' && cursor[1] == ':' && isNameCharacter(cursor[2]))
    cursor = skipName(cursor + 2, end);
  return cursor;
}

Token Lexer::invalid(Token token, const char *reason) {
  token.kind = TokenKind::Invalid;
  token.text = {token.text.data(), static_cast<size_t>(cursor_ - token.text.data())};
  error_ = reason;
  return token;
}

/// False at a comment that never ends.
bool Lexer::skipBlanks() {
  while (cursor_ != end_) {
    char c = *cursor_;
    if (classOf(c) & kBlank) {
      line_ += c == '\n';
      ++cursor_;
      continue;
    }
    if (c != '/' || end_ - cursor_ < 2)
      return true;
    if (cursor_[1] == '/') {
      const void *newline = std::memchr(cursor_, '\n', end_ - cursor_);
      cursor_ = newline ? static_cast<const char *>(newline) : end_;
      continue;
    }
    if (cursor_[1] != '*')
      return true;
    const char *close = cursor_ + 2;
    uint32_t lines = 0;
    while (end_ - close >= 2 && !(close[0] == '*' && close[1] == '/'))
      lines += *close++ == '\n';
    if (end_ - close < 2)
      return false;
    cursor_ = close + 2;
    line_ += lines;
  }
  return true;
}

Token Lexer::next() {
  bool closed = skipBlanks();
  Token token;
  token.line = line_;
  token.text = {cursor_, 0};
  if (!closed) {
    cursor_ = end_;
    return invalid(token, "comment without '*/'");
  }
  if (cursor_ == end_)
    return token;

  const char *start = cursor_;
  uint8_t kind = classOf(*start);
  if (kind & kNameStart) {
    cursor_ = skipName(start + 1, end_);
    token.kind = TokenKind::Identifier;
  } else if (kind & kPunctuation) {
    ++cursor_;
    token.kind = TokenKind::Punctuation;
    token.punctuation = *start;
  } else if (kind & kDigit) {
    return number(token);
  } else if (*start == '.') {
    cursor_ = skipQualifiedName(start + 1, end_);
    if (cursor_ == start + 1)
      return invalid(token, "'.' without a name");
    token.kind = TokenKind::Directive;
  } else if (*start == '"') {
    return string(token);
  } else {
    ++cursor_;
    return invalid(token, "character that PTX does not use");
  }
  token.text = {start, static_cast<size_t>(cursor_ - start)};
  return token;
}

void Lexer::extendToOpcode(Token &identifier) {
  while (end_ - cursor_ >= 2 && *cursor_ == '.' && isNameCharacter(cursor_[1]))
    cursor_ = skipQualifiedName(cursor_ + 1, end_);
  identifier.text = {identifier.text.data(), static_cast<size_t>(cursor_ - identifier.text.data())};
}

void Lexer::extendToComponent(Token &identifier) {
  if (end_ - cursor_ < 2 || *cursor_ != '.' || !isNameCharacter(cursor_[1]))
    return;
  cursor_ = skipName(cursor_ + 1, end_);
  identifier.text = {identifier.text.data(), static_cast<size_t>(cursor_ - identifier.text.data())};
}

Token Lexer::string(Token token) {
  const char *start = ++cursor_;
  while (cursor_ != end_ && *cursor_ != '"' && *cursor_ != '\n')
    cursor_ += *cursor_ == '\\' && end_ - cursor_ >= 2 && cursor_[1] != '\n' ? 2 : 1;
  if (cursor_ == end_ || *cursor_ != '"')
    return invalid(token, "string without closing quote");
  token.kind = TokenKind::String;
  token.text = {start, static_cast<size_t>(cursor_ - start)};
  ++cursor_;
  return token;
}

Token Lexer::hexFloat(Token token, unsigned digits, TokenKind kind) {
  const char *first = cursor_ + 2;
  cursor_ = skipName(first, end_);
  const char *reason = digits == 8 ? "0f needs exactly 8 hexadecimal digits" : "0d needs exactly 16 hexadecimal digits";
  if (static_cast<size_t>(cursor_ - first) != digits)
    return invalid(token, reason);
  for (const char *digit = first; digit != cursor_; ++digit) {
    if (hexDigit(*digit) < 0)
      return invalid(token, reason);
    token.value = token.value << 4 | static_cast<unsigned>(hexDigit(*digit));
  }
  token.kind = kind;
  token.text = {token.text.data(), static_cast<size_t>(cursor_ - token.text.data())};
  return token;
}

/// "1.5", "1.", "2.5e-3": the bits of the nearest double.
Token Lexer::decimalFraction(Token token) {
  double number = 0;
  auto [stop, error] = std::from_chars(token.text.data(), end_, number, std::chars_format::general);
  cursor_ = stop;
  if (error != std::errc())
    return invalid(token, "number outside the range of a double");
  if (cursor_ != end_ && isNameCharacter(*cursor_)) {
    cursor_ = skipName(cursor_, end_);
    return invalid(token, "malformed number");
  }
  std::memcpy(&token.value, &number, sizeof number);
  token.kind = TokenKind::Float64;
  token.isFraction = true;
  token.text = {token.text.data(), static_cast<size_t>(cursor_ - token.text.data())};
  return token;
}

Token Lexer::number(Token token) {
  const char *start = cursor_;
  char second = end_ - start >= 2 ? static_cast<char>(start[1] | 0x20) : '\0';
  unsigned radix = 10;
  const char *digit = start;
  if (*start == '0') {
    if (second == 'f')
      return hexFloat(token, 8, TokenKind::Float32);
    if (second == 'd')
      return hexFloat(token, 16, TokenKind::Float64);
    if (second == 'x')
      radix = 16, digit = start + 2;
    else if (second == 'b')
      radix = 2, digit = start + 2;
    else
      radix = 8;
  }
  cursor_ = skipName(digit, end_);
  bool exponent = radix != 16 && std::memchr(digit, 'e', cursor_ - digit);
  if (radix != 16 && radix != 2 && (exponent || (cursor_ != end_ && *cursor_ == '.')))
    return decimalFraction(token);

  const char *last = cursor_;
  if (last - digit > 1 && last[-1] == 'U') {
    token.isUnsigned = true;
    --last;
  }
  if (digit == last)
    return invalid(token, "number without digits");
  for (; digit != last; ++digit) {
    int value = hexDigit(*digit);
    if (value < 0 || static_cast<unsigned>(value) >= radix)
      return invalid(token, radix == 8 ? "malformed number (a leading 0 means octal)" : "malformed number");
    if (token.value > (UINT64_MAX - static_cast<unsigned>(value)) / radix)
      return invalid(token, "integer wider than 64 bits");
    token.value = token.value * radix + static_cast<unsigned>(value);
  }
  token.kind = TokenKind::Integer;
  token.text = {start, static_cast<size_t>(cursor_ - start)};
  return token;
}

} // namespace thrift::sim::ptx
