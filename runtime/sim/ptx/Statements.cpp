//===- Statements.cpp - where the statements of a PTX text stand ------------===//

#include "runtime/sim/ptx/Statements.h"

#include <algorithm>
#include <cctype>

namespace thrift::sim::ptx {

namespace {

bool isWord(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '$' || c == '%' || c == '.';
}

class Splitter {
public:
  explicit Splitter(std::string_view text) : text_(text) {}
  std::vector<Statement> run();

private:
  /// Skips white space and comments, and counts lines.
  void skip();
  void advance() {
    if (text_[at_] == '\n')
      ++line_;
    ++at_;
  }
  std::string_view word() {
    size_t begin = at_;
    // A colon belongs to a word if another one follows: "wait::ld".
    while (at_ < text_.size() && (isWord(text_[at_]) || isDoubleColon()))
      at_ += isWord(text_[at_]) ? 1 : 2;
    return text_.substr(begin, at_ - begin);
  }
  bool isDoubleColon() const { return text_.substr(at_, 2) == "::"; }
  /// To the semicolon or brace that ends a directive; notes the name of a function.
  void directive(std::string_view first);
  void instruction();
  void operands(Statement &statement, size_t end);

  std::string_view text_;
  size_t at_ = 0;
  unsigned line_ = 1;
  int depth_ = 0; ///< of braces
  std::string_view function_;
  bool isEntry_ = false;
  std::vector<Statement> statements_;
};

void Splitter::skip() {
  while (at_ < text_.size()) {
    if (std::isspace(static_cast<unsigned char>(text_[at_]))) {
      advance();
    } else if (text_.substr(at_, 2) == "//") {
      while (at_ < text_.size() && text_[at_] != '\n')
        ++at_;
    } else if (text_.substr(at_, 2) == "/*") {
      while (at_ < text_.size() && text_.substr(at_, 2) != "*/")
        advance();
      at_ = at_ + 2 < text_.size() ? at_ + 2 : text_.size();
    } else {
      return;
    }
  }
}

void Splitter::directive(std::string_view first) {
  if (first == ".loc" || first == ".file" || first == ".version" || first == ".target" || first == ".address_size") {
    at_ = std::min(text_.find('\n', at_), text_.size()); // these end with their line
    return;
  }
  bool isFunction = depth_ == 0 && (first == ".entry" || first == ".func");
  bool isEntry = first == ".entry";
  std::string_view name;
  int parentheses = 0, braces = 0;
  while (at_ < text_.size()) {
    skip();
    if (at_ >= text_.size())
      return;
    char c = text_[at_];
    if (c == '"') {
      do
        advance();
      while (at_ < text_.size() && text_[at_] != '"');
      if (at_ < text_.size())
        advance();
      continue;
    }
    if (c == ';' && braces == 0) {
      advance();
      return;
    }
    if (c == '{') {
      if (isFunction) { // its body
        function_ = name;
        isEntry_ = isEntry;
        return;
      }
      ++braces; // an initialiser, or a debug section, which no semicolon ends
    }
    if (c == '}' && --braces <= 0) {
      if (braces < 0) // the end of a body: a directive without a semicolon stood before it
        return;
      if (first == ".section") {
        advance();
        return;
      }
    }
    parentheses += c == '(' ? 1 : c == ')' ? -1 : 0;
    if (!isWord(c)) {
      advance();
      continue;
    }
    std::string_view next = word();
    if (next == ".entry" || next == ".func") {
      isFunction = depth_ == 0;
      isEntry = next == ".entry";
    } else if (isFunction && name.empty() && parentheses == 0 && next[0] != '.') {
      name = next;
    }
  }
}

void Splitter::operands(Statement &statement, size_t end) {
  size_t begin = at_;
  int nesting = 0;
  auto close = [&](size_t last) {
    size_t first = begin;
    while (first < last && std::isspace(static_cast<unsigned char>(text_[first])))
      ++first;
    while (last > first && std::isspace(static_cast<unsigned char>(text_[last - 1])))
      --last;
    if (last > first)
      statement.operands.push_back({first, last - first});
  };
  for (; at_ < end; advance()) {
    char c = text_[at_];
    nesting += c == '{' || c == '[' || c == '(' ? 1 : c == '}' || c == ']' || c == ')' ? -1 : 0;
    if (c == ',' && nesting == 0) {
      close(at_);
      begin = at_ + 1;
    }
  }
  close(end);
}

void Splitter::instruction() {
  Statement statement;
  statement.begin = at_;
  statement.line = line_;
  statement.function = function_;
  statement.isEntry = isEntry_;
  if (text_[at_] == '@') {
    while (at_ < text_.size() && !std::isspace(static_cast<unsigned char>(text_[at_])) && text_[at_] != ';')
      ++at_;
    skip();
    statement.guard = text_.substr(statement.begin, at_ - statement.begin);
  }
  std::string_view opcode = word();
  if (opcode.empty()) { // no instruction: whatever it is, step over it
    if (at_ < text_.size())
      advance();
    return;
  }
  for (size_t from = 0; from <= opcode.size();) {
    size_t dot = opcode.find('.', from);
    statement.parts.push_back(opcode.substr(from, dot == std::string_view::npos ? dot : dot - from));
    if (dot == std::string_view::npos)
      break;
    from = dot + 1;
  }
  size_t end = text_.find(';', at_);
  if (end == std::string_view::npos)
    end = text_.size();
  operands(statement, end);
  if (at_ < text_.size())
    advance();
  statement.length = at_ - statement.begin;
  statements_.push_back(std::move(statement));
}

std::vector<Statement> Splitter::run() {
  while (true) {
    skip();
    if (at_ >= text_.size())
      return std::move(statements_);
    char c = text_[at_];
    if (c == '{' || c == '}') {
      depth_ += c == '{' ? 1 : -1;
      if (depth_ <= 0) {
        depth_ = 0;
        function_ = {};
      }
      advance();
    } else if (c == ';') {
      advance();
    } else if (c == '.') {
      directive(word());
    } else if (depth_ == 0) {
      advance();
    } else {
      // A label is a word and a single colon.
      size_t begin = at_;
      unsigned line = line_;
      std::string_view first = word();
      skip();
      bool isLabel = !first.empty() && at_ < text_.size() && text_[at_] == ':';
      if (isLabel) {
        advance();
        continue;
      }
      at_ = begin;
      line_ = line;
      instruction();
    }
  }
}

} // namespace

std::vector<Statement> statementsOf(std::string_view ptx) { return Splitter(ptx).run(); }

} // namespace thrift::sim::ptx
