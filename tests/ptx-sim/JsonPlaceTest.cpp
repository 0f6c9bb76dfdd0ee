//===- JsonPlaceTest.cpp - a checked walk through a JSON document --------------===//

#include "tools/ptx-sim/JsonPlace.h"

#include <gtest/gtest.h>

using namespace thrift;
using namespace thrift::ptxsim;

static std::string parseError(const std::string &text) {
  Result<JsonDocument> document = JsonDocument::parse(text, "a.json");
  return document ? "" : document.status().message();
}

TEST(JsonDocument, SyntaxErrorsNameLineAndColumn) {
  EXPECT_EQ(parseError("{\n  \"a\": 1,\n  b\n}"),
            "a.json: line 3, column 3 is no JSON there; allowed: one JSON document");
  EXPECT_NE(parseError(""), "");
  EXPECT_NE(parseError("{} {}"), "");
  EXPECT_NE(parseError("{\"a\": \"\xff\"}"), "");
}

TEST(JsonDocument, KeysComeOnce) {
  EXPECT_EQ(parseError(R"({"a": {"b": 1, "b": 2}})"), "a.json: key \"b\" is given twice in one object; allowed: once");
  EXPECT_EQ(parseError(R"({"a": {"b": 1}, "c": [{"b": 2}, {"b": 3}]})"), "");
}

TEST(JsonDocument, DepthAndSizeOfNumbersAreBounded) {
  EXPECT_EQ(parseError(std::string(32, '[') + std::string(32, ']')), "");
  EXPECT_EQ(parseError(std::string(33, '[') + std::string(33, ']')),
            "a.json is nested deeper than 32 levels; allowed: less");
  EXPECT_NE(parseError(std::string(1'000'000, '[')), "");
  EXPECT_EQ(parseError("[1e999]"), "a.json is with a number that is out of range; allowed: numbers of at most 1.8e308");
}

TEST(JsonPlace, FirstThingThatIsWrongIsKept) {
  Result<JsonDocument> document = JsonDocument::parse(R"({"a": [1, "x", -2], "b c": null})", "a.json");
  ASSERT_TRUE(document);
  JsonPlace root = document->root();
  std::vector<JsonPlace> list = root.require("a", "a list").list(0, 9, "a list");
  ASSERT_EQ(list.size(), 3u);
  EXPECT_EQ(list[0].integer(0, 10), 1u);
  EXPECT_TRUE(root.ok());
  EXPECT_EQ(list[1].integer(0, 10), 0u);
  EXPECT_EQ(list[2].integer(0, 10), 0u);
  EXPECT_EQ(document->status().message(), "a.json: a[1] is \"x\"; allowed: a whole number, 0 to 10");
}

TEST(JsonPlace, PathsQuoteWhatIsNoPlainName) {
  Result<JsonDocument> document = JsonDocument::parse(R"({"b c": {"d": true}})", "a.json");
  (void)document->root().get("b c")->get("d")->number();
  EXPECT_EQ(document->status().message(), "a.json: [\"b c\"].d is true; allowed: a number");
}

TEST(JsonPlace, KeysThatNobodyKnows) {
  Result<JsonDocument> document = JsonDocument::parse(R"({"comment": "free", "gird": 1})", "a.json");
  document->root().expectKeys({"grid", "block"});
  EXPECT_EQ(document->status().message(),
            "a.json: the document is an object with the key \"gird\"; allowed: grid, block, comment");
}

TEST(JsonPlace, OneOfSeveral) {
  Result<JsonDocument> none = JsonDocument::parse("{}", "a.json");
  (void)none->root().oneOf({"x", "y"});
  EXPECT_EQ(none->status().message(),
            "a.json: the document is an empty object with none of these keys; allowed: one of x, y");
  Result<JsonDocument> both = JsonDocument::parse(R"({"x": 1, "y": 2})", "a.json");
  (void)both->root().oneOf({"x", "y"});
  EXPECT_FALSE(both->status());
  Result<JsonDocument> one = JsonDocument::parse(R"({"y": 2})", "a.json");
  EXPECT_EQ(one->root().oneOf({"x", "y"}), "y");
  EXPECT_TRUE(one->status());
}

TEST(JsonPlace, IntegersAtTheirEnds) {
  Result<JsonDocument> document =
      JsonDocument::parse("[18446744073709551615, -9223372036854775808, 1.0, 18446744073709551616]", "a.json");
  std::vector<JsonPlace> list = document->root().list(4, 4, "four");
  EXPECT_EQ(list[0].integer(0, UINT64_MAX), UINT64_MAX);
  EXPECT_EQ(list[0].extendedNumber(""), 18446744073709551615.0L);
  EXPECT_EQ(list[1].signedInteger(INT64_MIN, INT64_MAX), INT64_MIN);
  EXPECT_TRUE(document->status());
  (void)list[2].integer(0, 5);
  EXPECT_EQ(document->status().field(), "a.json: [2]");
  Result<JsonDocument> other = JsonDocument::parse("[18446744073709551616]", "a.json");
  (void)other->root().list(1, 1, "one")[0].integer(0, UINT64_MAX);
  EXPECT_FALSE(other->status());
}
