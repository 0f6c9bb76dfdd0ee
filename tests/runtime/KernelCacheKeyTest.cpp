//===- KernelCacheKeyTest.cpp -----------------------------------------------===//

#include "runtime/KernelCacheKey.h"

#include <gtest/gtest.h>

#include <set>

using namespace thrift;

static KernelCacheKey sample() {
  return {"op=prefill D=128", "tile=64", "sm_80", "0.1.0", "ptxas 13.0.88", "module {}"};
}

TEST(KernelCacheKey, EveryFieldChangesTheDigest) {
  std::set<std::string> digests{sample().digest()};
  for (std::string KernelCacheKey::*field :
       {&KernelCacheKey::spec, &KernelCacheKey::config, &KernelCacheKey::target, &KernelCacheKey::generatorVersion,
        &KernelCacheKey::assemblerVersion, &KernelCacheKey::source}) {
    KernelCacheKey key = sample();
    key.*field += "x";
    EXPECT_NE(key, sample());
    EXPECT_TRUE(digests.insert(key.digest()).second);
    key.*field = std::string(5000, 'y');
    EXPECT_TRUE(digests.insert(key.digest()).second);
  }
}

TEST(KernelCacheKey, TextCannotMoveBetweenFields) {
  KernelCacheKey a = sample(), b = sample();
  a.spec = "one\nconfig text 3\ntwo";
  a.config = "";
  b.spec = "one";
  b.config = "two";
  EXPECT_NE(a.canonical(), b.canonical());
  // A value that is the hash of another value is not that value.
  KernelCacheKey longer = sample(), hashed = sample();
  longer.spec = std::string(5000, 'z');
  hashed.spec = sha256(longer.spec);
  EXPECT_NE(longer.digest(), hashed.digest());
}

TEST(KernelCacheKey, CanonicalTextIsPlainAsciiAndShort) {
  KernelCacheKey key = sample();
  key.spec = "\xff\xfe binary \x01";
  key.config = std::string(100000, 'c');
  for (char c : key.canonical())
    EXPECT_TRUE(c == '\n' || (c >= ' ' && c <= '~'));
  EXPECT_LT(key.canonical().size(), 1000u);
}

TEST(KernelCacheKey, CanonicalTextIsStable) {
  // Changing this text orphans every cache on every disk: then raise the number in its first line too.
  EXPECT_EQ(sample().canonical(), "thriftjit-kernel 1\n"
                                  "spec text 16\nop=prefill D=128\n"
                                  "config text 7\ntile=64\n"
                                  "target text 5\nsm_80\n"
                                  "generator text 5\n0.1.0\n"
                                  "assembler text 13\nptxas 13.0.88\n"
                                  "source sha256 9\n" +
                                      sha256("module {}") + "\n");
}

TEST(KernelCacheKey, Sha256OfKnownText) {
  // FIPS 180-2, appendix B.1.
  EXPECT_EQ(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}
