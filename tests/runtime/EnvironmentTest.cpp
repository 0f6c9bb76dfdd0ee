//===- EnvironmentTest.cpp --------------------------------------------------===//

#include "runtime/Environment.h"

#include "TestSupport.h"

#include <set>

using namespace thrift;
using thrift::test::mentions;

static Result<Environment> readFrom(std::vector<const char *> variables) {
  variables.push_back(nullptr);
  return Environment::read(variables.data());
}

TEST(Environment, EmptyGivesTheDefaults) {
  Result<Environment> environment = readFrom({});
  ASSERT_TRUE(environment);
  EXPECT_EQ(environment->device, "auto");
  EXPECT_EQ(environment->simThreads, 0u);
  EXPECT_EQ(environment->simInstructionBudget, 20'000'000'000ull);
  EXPECT_EQ(environment->simDelivery, "lazy");
  EXPECT_EQ(environment->simChecks, "memory");
  EXPECT_EQ(environment->cacheDirectory(), "");
  EXPECT_EQ(environment->temporaryDirectory(), "/tmp");
  EXPECT_TRUE(environment->unknown.empty());
}

TEST(Environment, ReadsEveryVariable) {
  Result<Environment> environment =
      readFrom({"THRIFTJIT_CACHE_DIR=/c", "THRIFTJIT_DEVICE=cuda:1", "THRIFTJIT_PTXAS=/p", "THRIFTJIT_SIM_THREADS=3",
                "THRIFTJIT_SIM_BUDGET=77", "THRIFTJIT_SIM_DELIVERY=random:9", "THRIFTJIT_SIM_CHECKS=strict",
                "XDG_CACHE_HOME=/x", "HOME=/h", "CUDA_HOME=/cu", "PATH=/a:/b", "TMPDIR=/t"});
  ASSERT_TRUE(environment);
  EXPECT_EQ(environment->cacheDir, "/c");
  EXPECT_EQ(environment->device, "cuda:1");
  EXPECT_EQ(environment->ptxas, "/p");
  EXPECT_EQ(environment->simThreads, 3u);
  EXPECT_EQ(environment->simInstructionBudget, 77u);
  EXPECT_EQ(environment->simDelivery, "random:9");
  EXPECT_EQ(environment->simChecks, "strict");
  EXPECT_EQ(environment->xdgCacheHome, "/x");
  EXPECT_EQ(environment->home, "/h");
  EXPECT_EQ(environment->cudaHome, "/cu");
  EXPECT_EQ(environment->path, "/a:/b");
  EXPECT_EQ(environment->temporaryDirectory(), "/t");
}

TEST(Environment, CacheDirectoryFollowsTheOrder) {
  EXPECT_EQ(readFrom({"THRIFTJIT_CACHE_DIR=/c", "XDG_CACHE_HOME=/x", "HOME=/h"})->cacheDirectory(), "/c");
  EXPECT_EQ(readFrom({"XDG_CACHE_HOME=/x", "HOME=/h"})->cacheDirectory(), "/x/thriftjit");
  EXPECT_EQ(readFrom({"HOME=/h"})->cacheDirectory(), "/h/.cache/thriftjit");
  EXPECT_EQ(readFrom({"XDG_CACHE_HOME=relative", "HOME=/h"})->cacheDirectory(), "/h/.cache/thriftjit");
  EXPECT_EQ(readFrom({"THRIFTJIT_CACHE_DIR=", "HOME=/h"})->cacheDirectory(), "/h/.cache/thriftjit");
}

TEST(Environment, RefusesBadValues) {
  for (const char *bad :
       {"THRIFTJIT_SIM_THREADS=two", "THRIFTJIT_SIM_THREADS=-1", "THRIFTJIT_SIM_THREADS=4294967296",
        "THRIFTJIT_SIM_THREADS=1x", "THRIFTJIT_SIM_BUDGET=0", "THRIFTJIT_SIM_BUDGET=1e9",
        "THRIFTJIT_SIM_BUDGET=99999999999999999999", "THRIFTJIT_DEVICE=gpu", "THRIFTJIT_SIM_DELIVERY=late",
        "THRIFTJIT_SIM_DELIVERY=random:", "THRIFTJIT_SIM_DELIVERY=random:x", "THRIFTJIT_SIM_CHECKS=all"}) {
    Result<Environment> environment = readFrom({bad});
    ASSERT_FALSE(environment) << bad;
    EXPECT_EQ(environment.status().code(), StatusCode::InvalidArgument);
    EXPECT_EQ(environment.status().field(), std::string(bad).substr(0, std::string(bad).find('=')));
    EXPECT_FALSE(environment.status().allowed().empty());
  }
}

TEST(Environment, ReportsMisspeltVariables) {
  Result<Environment> environment = readFrom({"THRIFTJIT_CACHEDIR=/c", "OTHER=1", "no equals sign"});
  ASSERT_TRUE(environment);
  EXPECT_EQ(environment->unknown, std::vector<std::string>{"THRIFTJIT_CACHEDIR"});
}

TEST(Environment, TableIsWhole) {
  std::set<std::string> names;
  for (const EnvironmentVariable &variable : Environment::table()) {
    EXPECT_TRUE(names.insert(variable.name).second) << variable.name;
    EXPECT_GT(std::string(variable.help).size(), 10u) << variable.name;
  }
  EXPECT_TRUE(names.count("THRIFTJIT_CACHE_DIR"));
  EXPECT_TRUE(names.count("THRIFTJIT_PTXAS"));
}

TEST(Environment, ReadsThisProcess) {
  Result<Environment> environment = Environment::read();
  ASSERT_TRUE(environment) << environment.status().message();
  EXPECT_FALSE(environment->path.empty());
}
