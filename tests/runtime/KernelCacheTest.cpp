//===- KernelCacheTest.cpp - one process, one or many threads ---------------===//

#include "runtime/KernelCache.h"

#include "runtime/KernelCacheDirectory.h"

#include "CacheSupport.h"

#include <atomic>
#include <fcntl.h>
#include <thread>

using namespace thrift;
using namespace thrift::test;
namespace fs = std::filesystem;

using KernelCacheTest = CacheDirectoryTest;

TEST_F(KernelCacheTest, MemoryThenDiskThenCompile) {
  {
    KernelCache cache = open();
    EXPECT_EQ(cache.find(keyOf(1)), nullptr);
    EXPECT_TRUE(isKernel(cache.getOrCompile(keyOf(1), compiles(1)), 1));
    EXPECT_TRUE(isKernel(cache.getOrCompile(keyOf(1), mustNotCompile()), 1));
    EXPECT_TRUE(isKernel(cache.find(keyOf(1)), 1));
    KernelCacheCounters counters = cache.counters();
    EXPECT_EQ(counters.misses, 2u);
    EXPECT_EQ(counters.memoryHits, 2u);
    EXPECT_EQ(counters.diskHits, 0u);
    EXPECT_EQ(cache.directory(), directory());
  }
  KernelCache later = open();
  EXPECT_TRUE(isKernel(later.getOrCompile(keyOf(1), mustNotCompile()), 1));
  EXPECT_TRUE(isKernel(later.getOrCompile(keyOf(1), mustNotCompile()), 1));
  EXPECT_EQ(later.counters().diskHits, 1u);
  EXPECT_EQ(later.counters().memoryHits, 1u);
  EXPECT_EQ(later.counters().misses, 0u);
  KernelCache finder = open();
  EXPECT_TRUE(isKernel(finder.find(keyOf(1)), 1));
  EXPECT_TRUE(isKernel(finder.find(keyOf(1)), 1));
  EXPECT_EQ(finder.counters().diskHits, 1u);
  EXPECT_EQ(finder.counters().memoryHits, 1u);
  EXPECT_TRUE(warnings().empty());
}

TEST_F(KernelCacheTest, OneFilePerKernelAndPrivateModes) {
  KernelCache cache = open();
  for (int i = 0; i < 3; ++i)
    ASSERT_TRUE(cache.getOrCompile(keyOf(i), compiles(i)));
  EXPECT_EQ(filesWithSuffix(".kernel").size(), 3u);
  EXPECT_TRUE(filesWithSuffix(".tmp").empty());
  struct stat info;
  ASSERT_EQ(stat(directory().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
  ASSERT_EQ(stat(fileOf(0).c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST_F(KernelCacheTest, FailuresAreReturnedAndNotRemembered) {
  KernelCache cache = open();
  auto failed = cache.getOrCompile(keyOf(1), [] { return Status(StatusCode::CompileFailed, "no luck"); });
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.status().code(), StatusCode::CompileFailed);
  EXPECT_TRUE(isKernel(cache.getOrCompile(keyOf(1), compiles(1)), 1));
}

//===----------------------------------------------------------------------===//
// Damage on disk
//===----------------------------------------------------------------------===//

/// Breaks the file of kernel 1 in some way; the cache must compile again, warn once, and repair the file.
class DamagedFileTest : public KernelCacheTest {
protected:
  void SetUp() override {
    KernelCacheTest::SetUp();
    KernelCache cache = open();
    ASSERT_TRUE(cache.getOrCompile(keyOf(1), compiles(1)));
  }

  void expectRepair(const std::string &reason) {
    warnings().clear();
    {
      KernelCache cache = open();
      int compiled = 0;
      EXPECT_TRUE(isKernel(cache.getOrCompile(keyOf(1), compiles(1, &compiled)), 1));
      EXPECT_EQ(compiled, 1);
      EXPECT_EQ(cache.counters().damagedFiles, 1u);
      EXPECT_EQ(cache.counters().misses, 1u);
      EXPECT_EQ(cache.counters().failedWrites, 0u);
    }
    ASSERT_EQ(warnings().size(), 1u);
    EXPECT_NE(warnings()[0].find(fileOf(1)), std::string::npos) << warnings()[0];
    EXPECT_NE(warnings()[0].find(reason), std::string::npos) << warnings()[0];
    KernelCache repaired = open();
    EXPECT_TRUE(isKernel(repaired.getOrCompile(keyOf(1), mustNotCompile()), 1));
    EXPECT_EQ(repaired.counters().diskHits, 1u);
    EXPECT_EQ(warnings().size(), 1u);
  }
};

TEST_F(DamagedFileTest, ByteInEveryRegion) {
  const std::string good = contentOf(fileOf(1));
  const size_t last = good.size() - 1;
  for (size_t at : {size_t(0), size_t(9), size_t(13), size_t(20), size_t(60), last / 2, last}) {
    std::string bad = good;
    bad[at] ^= 0x40;
    overwrite(fileOf(1), bad);
    expectRepair("");
  }
}

TEST_F(DamagedFileTest, Truncated) {
  overwrite(fileOf(1), contentOf(fileOf(1)).substr(0, 100));
  expectRepair("truncated");
}

TEST_F(DamagedFileTest, Empty) {
  overwrite(fileOf(1), "");
  expectRepair("truncated");
}

TEST_F(DamagedFileTest, FileOfAnotherKey) {
  KernelCache cache = open();
  ASSERT_TRUE(cache.getOrCompile(keyOf(2), compiles(2)));
  fs::copy_file(fileOf(2), fileOf(1), fs::copy_options::overwrite_existing);
  expectRepair("another key");
}

TEST_F(DamagedFileTest, LinkToAGoodFileElsewhere) {
  fs::rename(fileOf(1), path("elsewhere"));
  fs::create_symlink(path("elsewhere"), fileOf(1));
  expectRepair("cannot be opened");
  EXPECT_FALSE(fs::is_symlink(fileOf(1)));
  EXPECT_TRUE(fs::exists(path("elsewhere"))) << "the target of the link is left alone";
}

TEST_F(DamagedFileTest, Pipe) {
  fs::remove(fileOf(1));
  ASSERT_EQ(mkfifo(fileOf(1).c_str(), 0600), 0);
  expectRepair("not a regular file");
}

TEST_F(DamagedFileTest, EnormousSparseFile) {
  fs::resize_file(fileOf(1), uintmax_t(3) << 30);
  expectRepair("3221225472 bytes");
}

TEST_F(DamagedFileTest, DirectoryInPlaceOfTheFile) {
  fs::remove(fileOf(1));
  fs::create_directories(fileOf(1) + "/full");
  warnings().clear();
  KernelCache cache = open();
  EXPECT_TRUE(isKernel(cache.getOrCompile(keyOf(1), compiles(1)), 1));
  EXPECT_EQ(cache.counters().failedWrites, 1u);
  EXPECT_EQ(warnings().size(), 2u) << "one for the file, one for the write";
  EXPECT_TRUE(filesWithSuffix(".tmp").empty());
}

TEST_F(DamagedFileTest, FindTreatsItAsAMiss) {
  overwrite(fileOf(1), "rubbish");
  KernelCache cache = open();
  EXPECT_EQ(cache.find(keyOf(1)), nullptr);
  EXPECT_EQ(cache.counters().misses, 1u);
  EXPECT_TRUE(isKernel(cache.getOrCompile(keyOf(1), compiles(1)), 1));
}

//===----------------------------------------------------------------------===//
// Directories that cannot be used
//===----------------------------------------------------------------------===//

/// The cache must work in memory, after exactly one warning that has `reason` and names the variable.
static void expectMemoryOnly(const std::string &directory, const std::string &reason) {
  std::vector<std::string> warnings;
  KernelCache cache({directory, [&](const std::string &warning) { warnings.push_back(warning); }});
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(isKernel(cache.getOrCompile(keyOf(i), compiles(i)), i));
    EXPECT_TRUE(isKernel(cache.getOrCompile(keyOf(i), mustNotCompile()), i));
  }
  EXPECT_EQ(cache.directory(), "");
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_NE(warnings[0].find(reason), std::string::npos) << warnings[0];
  EXPECT_NE(warnings[0].find("in memory only"), std::string::npos) << warnings[0];
  EXPECT_NE(warnings[0].find("THRIFTJIT_CACHE_DIR"), std::string::npos) << warnings[0];
}

TEST_F(KernelCacheTest, NoDirectoryAtAll) { expectMemoryOnly("", "unset"); }

TEST_F(KernelCacheTest, DirectoryIsAFile) {
  overwrite(path("file"), "x");
  expectMemoryOnly(path("file"), path("file"));
  expectMemoryOnly(path("file/below"), "cannot be created");
}

TEST_F(KernelCacheTest, DirectoryCannotBeCreated) { expectMemoryOnly("/proc/thriftjit/cache", "cannot be created"); }

TEST_F(KernelCacheTest, DirectoryIsADanglingLink) {
  fs::create_symlink(path("nowhere"), path("link"));
  expectMemoryOnly(path("link"), path("link"));
}

TEST_F(KernelCacheTest, DirectoryThatOthersCanWrite) {
  fs::create_directory(path("open"));
  ASSERT_EQ(chmod(path("open").c_str(), 0777), 0);
  expectMemoryOnly(path("open"), "chmod 700");
}

TEST_F(KernelCacheTest, LinkToADirectoryOfOurs) {
  fs::create_directory(path("real"));
  ASSERT_EQ(chmod(path("real").c_str(), 0700), 0);
  fs::create_directory_symlink(path("real"), path("link"));
  KernelCache cache({path("link"), nullptr});
  EXPECT_TRUE(isKernel(cache.getOrCompile(keyOf(1), compiles(1)), 1));
  EXPECT_TRUE(fs::exists(path("real") + "/" + keyOf(1).digest() + ".kernel"));
}

TEST_F(KernelCacheTest, DiskSwitchedOff) {
  KernelCacheOptions options;
  options.directory = directory();
  options.useDisk = false;
  options.warn = [](const std::string &warning) { ADD_FAILURE() << warning; };
  KernelCache cache(options);
  EXPECT_TRUE(isKernel(cache.getOrCompile(keyOf(1), compiles(1)), 1));
  EXPECT_FALSE(fs::exists(directory()));
}

TEST_F(KernelCacheTest, DirectoryVanishesWhileInUse) {
  KernelCache cache = open();
  fs::remove_all(directory());
  for (int i = 0; i < 3; ++i)
    EXPECT_TRUE(isKernel(cache.getOrCompile(keyOf(i), compiles(i)), i));
  EXPECT_EQ(cache.counters().failedWrites, 3u);
  EXPECT_EQ(warnings().size(), 1u);
}

TEST_F(KernelCacheTest, KernelThatCannotBeStored) {
  KernelCache cache = open();
  auto kernel = cache.getOrCompile(keyOf(1), []() -> Result<CachedKernel> {
    CachedKernel odd = kernelOf(1);
    odd.metadata = "\xff";
    return odd;
  });
  ASSERT_TRUE(kernel);
  EXPECT_EQ((*kernel)->metadata, "\xff");
  EXPECT_EQ(cache.counters().failedWrites, 1u);
  ASSERT_EQ(warnings().size(), 1u);
  EXPECT_NE(warnings()[0].find("not UTF-8"), std::string::npos);
}

TEST_F(KernelCacheTest, OldTemporaryFilesAreSwept) {
  KernelCache cache = open();
  std::string old = directory() + "/dead.1.0.tmp", fresh = directory() + "/alive.1.0.tmp";
  overwrite(old, "x");
  overwrite(fresh, "x");
  struct timespec past[2] = {{time(nullptr) - 7200, 0}, {time(nullptr) - 7200, 0}};
  ASSERT_EQ(utimensat(AT_FDCWD, old.c_str(), past, 0), 0);
  ASSERT_TRUE(cache.getOrCompile(keyOf(1), compiles(1)));
  EXPECT_FALSE(fs::exists(old));
  EXPECT_TRUE(fs::exists(fresh));
}

//===----------------------------------------------------------------------===//
// Threads
//===----------------------------------------------------------------------===//

TEST_F(KernelCacheTest, ManyThreadsCompileEachKernelOnce) {
  constexpr int kThreads = 8, kKernels = 12;
  KernelCache cache = open();
  std::atomic<int> compiled{0}, wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < kKernels; ++i) {
        int id = (i + t) % kKernels;
        auto kernel = cache.getOrCompile(keyOf(id), [&]() -> Result<CachedKernel> {
          ++compiled;
          std::this_thread::sleep_for(std::chrono::milliseconds(2));
          return kernelOf(id);
        });
        if (!isKernel(kernel, id))
          ++wrong;
      }
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(compiled, kKernels);
  EXPECT_EQ(wrong, 0);
  KernelCacheCounters counters = cache.counters();
  EXPECT_EQ(counters.misses, uint64_t(kKernels));
  EXPECT_EQ(counters.memoryHits, uint64_t(kThreads * kKernels - kKernels));
}

TEST_F(KernelCacheTest, WaitersShareAFailure) {
  KernelCache cache = open();
  std::atomic<int> failures{0}, runs{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 6; ++t)
    threads.emplace_back([&] {
      auto kernel = cache.getOrCompile(keyOf(1), [&]() -> Result<CachedKernel> {
        ++runs;
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        return Status(StatusCode::CompileFailed, "no luck");
      });
      failures += !kernel;
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(failures, 6);
  EXPECT_LE(runs, 6);
}

TEST_F(KernelCacheTest, ALostRaceRunsItsOwnBytes) {
  KernelCacheOptions options;
  options.directory = directory();
  options.lockWait = std::chrono::milliseconds(0);
  KernelCache slow(options), quick(options);
  auto kernel = slow.getOrCompile(keyOf(1), [&]() -> Result<CachedKernel> {
    CachedKernel other = kernelOf(1);
    other.metadata = "the winner's";
    EXPECT_TRUE(quick.getOrCompile(keyOf(1), [&]() -> Result<CachedKernel> { return other; }));
    return kernelOf(1);
  });
  EXPECT_TRUE(isKernel(kernel, 1));
  EXPECT_EQ((*quick.find(keyOf(1))).metadata, "the winner's");
}
