//===- AtomicFileTest.cpp - a file that appears whole or not at all --------------------------===//

#include "tools/safetensors/AtomicFile.h"
#include "tests/cli/TestFiles.h"

#include <gtest/gtest.h>

using namespace thrift;
namespace fs = std::filesystem;

namespace {

size_t filesIn(const fs::path &folder) {
  return static_cast<size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

TEST(AtomicFile, CommitReplacesTheTarget) {
  TemporaryFolder folder;
  std::string path = folder.file("out");
  writeFile(path, "old");
  {
    auto file = AtomicFile::create(path);
    ASSERT_TRUE(file) << file.status().message();
    ASSERT_TRUE(file->write("new ", 4));
    ASSERT_TRUE(file->write("text", 4));
    EXPECT_EQ(readFile(path), "old");
    Status status = file->commit();
    ASSERT_TRUE(status) << status.message();
  }
  EXPECT_EQ(readFile(path), "new text");
  EXPECT_EQ(filesIn(folder.path()), 1u);
}

TEST(AtomicFile, WithoutCommitNothingChanges) {
  TemporaryFolder folder;
  std::string path = folder.file("out");
  {
    auto file = AtomicFile::create(path);
    ASSERT_TRUE(file);
    ASSERT_TRUE(file->write("half", 4));
    EXPECT_EQ(filesIn(folder.path()), 1u);
    AtomicFile moved = std::move(*file);
    EXPECT_EQ(filesIn(folder.path()), 1u);
  }
  EXPECT_EQ(filesIn(folder.path()), 0u);
}

TEST(AtomicFile, PermissionsFollowTheUmask) {
  TemporaryFolder folder;
  std::string path = folder.file("out");
  writeFile(folder.file("ordinary"), "x");
  auto file = AtomicFile::create(path);
  ASSERT_TRUE(file);
  ASSERT_TRUE(file->commit());
  EXPECT_EQ(fs::status(path).permissions(), fs::status(folder.file("ordinary")).permissions());
}

TEST(AtomicFile, FollowsALink) {
  TemporaryFolder folder;
  writeFile(folder.file("real"), "old");
  fs::create_symlink("real", folder.file("link"));
  auto file = AtomicFile::create(folder.file("link"));
  ASSERT_TRUE(file) << file.status().message();
  ASSERT_TRUE(file->write("new", 3));
  ASSERT_TRUE(file->commit());
  EXPECT_TRUE(fs::is_symlink(folder.file("link")));
  EXPECT_EQ(readFile(folder.file("real")), "new");
}

TEST(AtomicFile, RefusesWhatARenameWouldDestroy) {
  TemporaryFolder folder;
  EXPECT_EQ(AtomicFile::create("/dev/null").status().message(),
            "output path /dev/null is not a regular file; allowed: a new name or a regular file");
  EXPECT_EQ(AtomicFile::create(folder.path().string()).status().value(), "a directory");
  EXPECT_EQ(AtomicFile::create("").status().message(), "output path is \"\"; allowed: the name of a file");
  EXPECT_EQ(AtomicFile::create(folder.file("")).status().code(), StatusCode::InvalidArgument);
  fs::create_symlink("nowhere", folder.file("dangling"));
  EXPECT_EQ(AtomicFile::create(folder.file("dangling")).status().value(), "a link to nothing");
}

TEST(AtomicFile, AMissingFolderIsAnIoError) {
  TemporaryFolder folder;
  std::string path = folder.file("no/such/folder/out");
  Status status = AtomicFile::create(path).status();
  EXPECT_EQ(status.code(), StatusCode::IoError);
  EXPECT_EQ(status.message(), path + ": cannot create: No such file or directory");
}

TEST(AtomicFile, AFailedRenameLeavesNothingBehind) {
  TemporaryFolder folder;
  std::string path = folder.file("out");
  {
    auto file = AtomicFile::create(path);
    ASSERT_TRUE(file);
    fs::create_directory(path);
    Status status = file->commit();
    EXPECT_EQ(status.code(), StatusCode::IoError);
    EXPECT_EQ(status.message(), path + ": cannot rename to: Is a directory");
  }
  EXPECT_EQ(filesIn(folder.path()), 1u);
}

} // namespace
