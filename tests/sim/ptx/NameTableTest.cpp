// Scopes, shadowing, and names that one numbered declaration stands for.

#include "runtime/sim/ptx/NameTable.h"

#include <gtest/gtest.h>

#include <deque>
#include <string>

namespace thrift::sim::ptx {

TEST(NameTable, innermostDeclarationWins) {
  NameTable names;
  ASSERT_TRUE(names.bind("a", NameKind::Variable, 1));
  names.openScope();
  EXPECT_EQ(names.find("a").id, 1u);
  ASSERT_TRUE(names.bind("a", NameKind::Register, 2));
  EXPECT_EQ(names.find("a").kind, NameKind::Register);
  EXPECT_FALSE(names.bind("a", NameKind::Register, 3));
  names.closeScope();
  EXPECT_EQ(names.find("a").kind, NameKind::Variable);
  EXPECT_FALSE(names.find("b"));
}

TEST(NameTable, numberedNames) {
  NameTable names;
  ASSERT_TRUE(names.bindNumbered("%r", 100, 20));
  EXPECT_EQ(names.find("%r0").id, 100u);
  EXPECT_EQ(names.find("%r19").id, 119u);
  EXPECT_FALSE(names.find("%r20"));
  EXPECT_FALSE(names.find("%r01"));
  EXPECT_FALSE(names.find("%r"));
  EXPECT_FALSE(names.find("%rd1"));
  EXPECT_FALSE(names.find("%r12345678901234567890"));
  EXPECT_FALSE(names.bindNumbered("%r", 0, 1));
}

TEST(NameTable, aPlainNameShadowsANumberedOneAndViceVersa) {
  NameTable names;
  names.bindNumbered("%r", 0, 8);
  EXPECT_FALSE(names.bind("%r3", NameKind::Register, 50));
  names.openScope();
  ASSERT_TRUE(names.bind("%r3", NameKind::Register, 50));
  EXPECT_EQ(names.find("%r3").id, 50u);
  names.openScope();
  names.bindNumbered("%r", 60, 2);
  EXPECT_EQ(names.find("%r1").id, 61u);
  EXPECT_EQ(names.find("%r3").id, 50u);
  EXPECT_EQ(names.find("%r4").id, 4u) << "the inner declaration has no such number";
  names.closeScope();
  names.closeScope();
  EXPECT_EQ(names.find("%r3").id, 3u);
}

TEST(NameTable, prefixesMayEndInDigits) {
  NameTable names;
  names.bindNumbered("%r1", 10, 4);
  EXPECT_EQ(names.find("%r12").id, 12u);
  EXPECT_FALSE(names.find("%r2"));
  names.openScope();
  names.bindNumbered("%r", 100, 20);
  EXPECT_EQ(names.find("%r12").id, 112u);
  names.closeScope();
  EXPECT_EQ(names.find("%r12").id, 12u);
}

TEST(NameTable, manyNamesAndScopes) {
  NameTable names;
  std::deque<std::string> keep;
  for (uint32_t i = 0; i < 5000; ++i) {
    keep.push_back("name" + std::to_string(i) + "x");
    ASSERT_TRUE(names.bind(keep.back(), NameKind::Label, i));
  }
  for (uint32_t i = 0; i < 5000; ++i)
    EXPECT_EQ(names.find(keep[i]).id, i);
  for (int round = 0; round < 100; ++round) {
    names.openScope();
    EXPECT_TRUE(names.bind("P1", NameKind::Register, 7));
    names.closeScope();
  }
  EXPECT_FALSE(names.find("P1"));
}

} // namespace thrift::sim::ptx
