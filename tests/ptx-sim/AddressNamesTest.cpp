//===- AddressNamesTest.cpp - addresses in the words of the launch file --------===//

#include "tools/ptx-sim/AddressNames.h"

#include <gtest/gtest.h>

using namespace thrift::ptxsim;

TEST(AddressNames, NearestBufferWithDistance) {
  std::vector<NamedRange> buffers = {{"x", 0x10000, 256}, {"y", 0x10200, 256}};
  EXPECT_EQ(nameAddresses("read at 0x10004: bad", buffers), "read at 0x10004 (x + 4): bad");
  EXPECT_EQ(nameAddresses("0x10100", buffers), "0x10100 (x + 256)");
  EXPECT_EQ(nameAddresses("0x101ff", buffers), "0x101ff (y - 1)");
  EXPECT_EQ(nameAddresses("from 0x10000 to 0x10210", buffers), "from 0x10000 (x + 0) to 0x10210 (y + 16)");
}

TEST(AddressNames, FarNumbersAndOddTextStay) {
  std::vector<NamedRange> buffers = {{"x", 0x10000, 256}};
  for (const char *text : {"", "0x", "mask 0xffffffff", "0x11200 is far", "0xzz", "0xffffffffffffffffffff"})
    EXPECT_EQ(nameAddresses(text, buffers), text);
  EXPECT_EQ(nameAddresses("0x10000", {}), "0x10000");
}
