//===- TargetTest.cpp - the table of targets --------------------------------===//

#include "compiler/targets/Target.h"

#include <gtest/gtest.h>

using namespace thrift;

TEST(Target, NamesAreFoundAndOthersAreNot) {
  ASSERT_TRUE(findTarget("sm_90a"));
  EXPECT_EQ(findTarget("sm_90a")->chip, "sm_90a");
  EXPECT_FALSE(findTarget("sm_75"));
  EXPECT_FALSE(findTarget(""));
  EXPECT_NE(targetNames().find("sm_120a"), std::string::npos);
}

TEST(Target, Sm100MeansSm100aAndSaysSo) {
  const Target *target = findTarget("sm_100");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->chip, "sm_100a"); // plain sm_100 makes LLVM's instruction selection abort on tcgen05
  EXPECT_FALSE(target->notice.empty());
}

TEST(Target, ADeviceGetsTheBestTargetThatRunsOnIt) {
  auto nameFor = [](int capability) {
    const Target *target = targetForCapability(capability);
    return target ? std::string(target->name) : "none";
  };
  EXPECT_EQ(nameFor(75), "none");
  EXPECT_EQ(nameFor(80), "sm_80");
  EXPECT_EQ(nameFor(87), "sm_86");
  EXPECT_EQ(nameFor(89), "sm_89");
  EXPECT_EQ(nameFor(90), "sm_90a");
  EXPECT_EQ(nameFor(100), "sm_100a");
  EXPECT_EQ(nameFor(103), "sm_103a");
  EXPECT_EQ(nameFor(120), "sm_120a");
  EXPECT_EQ(nameFor(121), "sm_90"); // architecture-specific code runs nowhere else
}

TEST(Target, RunsOn) {
  EXPECT_TRUE(runsOn(*findTarget("sm_80"), 90));
  EXPECT_FALSE(runsOn(*findTarget("sm_90"), 80));
  EXPECT_TRUE(runsOn(*findTarget("sm_90a"), 90));
  EXPECT_FALSE(runsOn(*findTarget("sm_90a"), 100));
}
