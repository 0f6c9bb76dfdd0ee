//===- NumbersTest.cpp - numbers from and for people --------------------------===//

#include "tools/console/Numbers.h"
#include "tools/console/Json.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

using namespace thrift;

TEST(Numbers, WholeTextIsANumber) {
  EXPECT_EQ(*parseInteger("--n", "-12", ""), -12);
  EXPECT_EQ(*parseNumber("--x", "1e-3", ""), 1e-3);
  for (const char *text : {"", " 1", "1 ", "1.0", "0x10", "1e3", "+1"})
    EXPECT_FALSE(parseInteger("--n", text, "")) << text;
  for (const char *text : {"", " 1", "1,5", "1f", "inf", "-nan", "1e999"})
    EXPECT_FALSE(parseNumber("--x", text, "")) << text;
}

TEST(Numbers, RefusalHasFieldValueAndAllowed) {
  Status status = parseInteger("--n", "x", "a whole number").status();
  EXPECT_EQ(status.code(), StatusCode::InvalidArgument);
  EXPECT_EQ(status.message(), "--n is 'x'; allowed: a whole number");
}

TEST(Numbers, ForPeople) {
  EXPECT_EQ(printShort(0.05), "0.05");
  EXPECT_EQ(printShort(1), "1");
  EXPECT_EQ(printRounded(0), "0");
  EXPECT_EQ(printRounded(0.001612), "0.00161");
  EXPECT_EQ(printRounded(-0.0002834), "-2.83e-04");
  EXPECT_EQ(printRounded(123456), "1.23e+05");
  EXPECT_EQ(printRounded(std::numeric_limits<double>::quiet_NaN()), "nan");
  EXPECT_EQ(printPercent(0.05512), "5.51 %");
  EXPECT_EQ(printMicroseconds(12.34), "12.3 us");
  EXPECT_EQ(printMicroseconds(12345), "12.35 ms");
  EXPECT_EQ(printMicroseconds(12345678), "12.35 s");
}

TEST(Numbers, JsonHasNoWordForNan) {
  EXPECT_EQ(jsonNumber(0.5), Json(0.5));
  EXPECT_TRUE(jsonNumber(std::nullopt).is_null());
  EXPECT_TRUE(jsonNumber(std::numeric_limits<double>::quiet_NaN()).is_null());
  EXPECT_TRUE(jsonNumber(-INFINITY).is_null());
}
