//===- KernelCacheProcessTest.cpp - many processes, and processes that die --===//

#include "runtime/KernelCache.h"

#include "runtime/KernelCacheDirectory.h"

#include "CacheSupport.h"

#include <csignal>
#include <functional>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace thrift;
using namespace thrift::test;
namespace fs = std::filesystem;

/// Runs `body` in a child that ends without running anybody's destructors; its result is the exit code.
static pid_t inChild(const std::function<int()> &body) {
  pid_t pid = fork();
  if (pid == 0)
    _exit(body());
  return pid;
}

static int exitCodeOf(pid_t pid) {
  int status = 0;
  EXPECT_EQ(waitpid(pid, &status, 0), pid);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

using KernelCacheProcess = CacheDirectoryTest;

TEST_F(KernelCacheProcess, ColdStartOfManyProcessesCompilesEachKernelOnce) {
  constexpr int kProcesses = 8, kKernels = 10;
  int pipeEnds[2];
  ASSERT_EQ(pipe(pipeEnds), 0);
  std::vector<pid_t> children;
  for (int p = 0; p < kProcesses; ++p)
    children.push_back(inChild([&] {
      KernelCache cache({directory(), nullptr});
      for (int i = 0; i < kKernels; ++i) {
        int id = (i + p) % kKernels;
        auto kernel = cache.getOrCompile(keyOf(id), [&]() -> Result<CachedKernel> {
          char mark = char('a' + id);
          if (write(pipeEnds[1], &mark, 1) != 1)
            return Status(StatusCode::IoError, "pipe");
          usleep(3000);
          return kernelOf(id);
        });
        if (!isKernel(kernel, id))
          return 1;
      }
      return cache.counters().damagedFiles == 0 && cache.counters().failedWrites == 0 ? 0 : 2;
    }));
  for (pid_t child : children)
    EXPECT_EQ(exitCodeOf(child), 0);
  close(pipeEnds[1]);
  std::string compiled(1000, '\0');
  ssize_t count = read(pipeEnds[0], compiled.data(), compiled.size());
  close(pipeEnds[0]);
  EXPECT_EQ(count, kKernels) << "kernels compiled: " << compiled.substr(0, size_t(std::max<ssize_t>(count, 0)));
  EXPECT_EQ(filesWithSuffix(".kernel").size(), size_t(kKernels));
  EXPECT_TRUE(filesWithSuffix(".tmp").empty());
}

TEST_F(KernelCacheProcess, WithoutLocksEveryProcessStillRunsTheRightKernel) {
  constexpr int kProcesses = 8, kRounds = 20;
  std::vector<pid_t> children;
  for (int p = 0; p < kProcesses; ++p)
    children.push_back(inChild([&] {
      for (int round = 0; round < kRounds; ++round) {
        KernelCacheOptions options;
        options.directory = directory();
        options.lockWait = std::chrono::milliseconds(0);
        KernelCache cache(options);
        for (int id = 0; id < 4; ++id)
          if (!isKernel(cache.getOrCompile(keyOf(id), compiles(id)), id))
            return 1;
        if (cache.counters().damagedFiles || cache.counters().failedWrites)
          return 2;
        // Makes the next round cold for whoever comes late.
        unlink(fileOf(round % 4).c_str());
      }
      return 0;
    }));
  for (pid_t child : children)
    EXPECT_EQ(exitCodeOf(child), 0);
}

TEST_F(KernelCacheProcess, KilledWhileWriting) {
  constexpr size_t kCubinBytes = 3 << 20;
  const std::string key = keyOf(1).canonical(), digest = keyOf(1).digest();
  const CachedKernel kernel = kernelOf(1, kCubinBytes);
  Result<std::string> file = encodeCacheFile(key, kernel);
  ASSERT_TRUE(file);
  size_t interrupted = 0, complete = 0;
  for (int round = 0; round < 40; ++round) {
    pid_t child = inChild([&] {
      Result<std::unique_ptr<KernelCacheDirectory>> cache = KernelCacheDirectory::open(directory());
      while (cache && (*cache)->publish(digest, *file))
        continue;
      return 1;
    });
    std::this_thread::sleep_for(std::chrono::microseconds(500 + 977 * round));
    ASSERT_EQ(kill(child, SIGKILL), 0);
    EXPECT_EQ(exitCodeOf(child), 1000 + SIGKILL);
    if (!fs::exists(directory()))
      continue;
    for (const std::string &published : filesWithSuffix(".kernel")) {
      Result<CachedKernel> back = decodeCacheFile(contentOf(published), key);
      ASSERT_TRUE(back) << "round " << round << ": " << back.status().message();
      ASSERT_TRUE(*back == kernel);
      ++complete;
    }
    interrupted += !filesWithSuffix(".tmp").empty();
    Result<std::unique_ptr<KernelCacheDirectory>> cache = KernelCacheDirectory::open(directory());
    ASSERT_TRUE(cache);
    (*cache)->sweep(std::chrono::seconds(-1));
    EXPECT_TRUE(filesWithSuffix(".tmp").empty());
  }
  EXPECT_GT(interrupted, 0u) << "no kill came in the middle of a write: the test shows nothing";
  EXPECT_GT(complete, 0u) << "no write was finished: the test shows nothing";
}

TEST_F(KernelCacheProcess, LockOfAKilledProcessIsFree) {
  Result<std::unique_ptr<KernelCacheDirectory>> cache = KernelCacheDirectory::open(directory());
  ASSERT_TRUE(cache);
  int pipeEnds[2];
  ASSERT_EQ(pipe(pipeEnds), 0);
  const std::string digest = keyOf(1).digest();
  pid_t child = inChild([&] {
    bool waited = false;
    Result<std::unique_ptr<KernelCacheDirectory>> own = KernelCacheDirectory::open(directory());
    CompileLock lock = (*own)->lock(digest, std::chrono::seconds(1), waited);
    char held = lock.isHeld();
    (void)!write(pipeEnds[1], &held, 1);
    pause();
    return 0;
  });
  char held = 0;
  ASSERT_EQ(read(pipeEnds[0], &held, 1), 1);
  EXPECT_TRUE(held);
  bool waited = false;
  auto begin = std::chrono::steady_clock::now();
  EXPECT_FALSE((*cache)->lock(digest, std::chrono::milliseconds(30), waited).isHeld());
  EXPECT_TRUE(waited);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
  EXPECT_TRUE((*cache)->lock(keyOf(2).digest(), std::chrono::milliseconds(0), waited).isHeld()) << "another kernel";
  EXPECT_FALSE(waited);

  // A cache that cannot get the lock compiles all the same.
  KernelCacheOptions options;
  options.directory = directory();
  options.lockWait = std::chrono::milliseconds(20);
  KernelCache impatient(options);
  EXPECT_TRUE(isKernel(impatient.getOrCompile(keyOf(1), compiles(1)), 1));

  ASSERT_EQ(kill(child, SIGKILL), 0);
  exitCodeOf(child);
  EXPECT_TRUE((*cache)->lock(digest, std::chrono::seconds(5), waited).isHeld());
  close(pipeEnds[0]);
  close(pipeEnds[1]);
}

//===----------------------------------------------------------------------===//
// Rights and full disks
//===----------------------------------------------------------------------===//

/// What a cache on `directory` does as an ordinary user: bit 0 set when it uses the disk, plus 2 x its warnings, plus
/// 100 x failed writes; 99 when it gave a wrong kernel.
static int behaviour(const std::string &directory) {
  int warnings = 0;
  KernelCache cache({directory, [&](const std::string &) { ++warnings; }});
  for (int id = 0; id < 2; ++id)
    if (!isKernel(cache.getOrCompile(keyOf(id), compiles(id)), id))
      return 99;
  return int(!cache.directory().empty()) + 2 * warnings + 100 * int(cache.counters().failedWrites);
}

/// Root may write anywhere, so that rights can only be tested as somebody else.
static constexpr uid_t kNobody = 65534;

static int asOrdinaryUser(const std::function<int()> &body) {
  return exitCodeOf(inChild([&] {
    if (geteuid() == 0 && (setgid(kNobody) != 0 || setuid(kNobody) != 0))
      return 98;
    return body();
  }));
}

TEST_F(KernelCacheProcess, DirectoryOfAnotherUserIsRefused) {
  if (geteuid() != 0)
    GTEST_SKIP() << "needs root: a directory of another user";
  fs::create_directories(directory());
  ASSERT_EQ(chmod(root_.c_str(), 0755), 0);
  ASSERT_EQ(chmod(directory().c_str(), 0755), 0);
  EXPECT_EQ(asOrdinaryUser([&] { return behaviour(directory()); }), 2) << "memory only, one warning";
  ASSERT_EQ(chown(directory().c_str(), kNobody, kNobody), 0);
  EXPECT_EQ(behaviour(directory()), 2) << "not even root trusts it";
}

TEST_F(KernelCacheProcess, LinkOfAnotherUserIsRefused) {
  if (geteuid() != 0)
    GTEST_SKIP() << "needs root: a link of another user";
  fs::create_directories(path("real"));
  ASSERT_EQ(chmod(path("real").c_str(), 0700), 0);
  fs::create_directory_symlink(path("real"), path("link"));
  EXPECT_EQ(behaviour(path("link")), 1);
  ASSERT_EQ(lchown(path("link").c_str(), kNobody, kNobody), 0);
  EXPECT_EQ(behaviour(path("link")), 2);
}

TEST_F(KernelCacheProcess, UnwritableDirectoryMeansMemoryOnly) {
  fs::create_directories(directory());
  for (const std::string &each : {root_, path("cache"), directory()})
    ASSERT_EQ(chmod(each.c_str(), 0755), 0);
  if (geteuid() == 0) {
    ASSERT_EQ(chown(directory().c_str(), kNobody, kNobody), 0);
  }
  ASSERT_EQ(chmod(directory().c_str(), 0500), 0);
  EXPECT_EQ(asOrdinaryUser([&] { return behaviour(directory()); }), 1 + 2 + 200) << "one warning for two kernels";
  EXPECT_TRUE(filesWithSuffix(".kernel").empty());
  EXPECT_EQ(asOrdinaryUser([&] { return behaviour(directory() + "/below"); }), 2);
}

TEST_F(KernelCacheProcess, FullDiskLeavesNothingBehind) {
  int code = exitCodeOf(inChild([&] {
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit limit = {1024, 1024}; // writes past it fail with EFBIG, in the middle of a file
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
      return 98;
    return behaviour(directory());
  }));
  EXPECT_EQ(code, 1 + 2 + 200);
  EXPECT_TRUE(filesWithSuffix(".kernel").empty());
  EXPECT_TRUE(filesWithSuffix(".tmp").empty());
}
