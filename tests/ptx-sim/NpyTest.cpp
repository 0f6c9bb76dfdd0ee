//===- NpyTest.cpp - NumPy's array files --------------------------------------===//

#include "tools/npy/Npy.h"
#include "tests/cli/TestFiles.h"

#include <gtest/gtest.h>

using namespace thrift;

namespace {

std::string file(const std::string &dictionary, const std::string &data, int version = 1) {
  std::string bytes = "\x93NUMPY";
  bytes += static_cast<char>(version);
  bytes += '\0';
  for (int i = 0; i < (version == 1 ? 2 : 4); ++i)
    bytes += static_cast<char>(dictionary.size() >> (8 * i));
  return bytes + dictionary + data;
}

void expectRefusal(const std::string &bytes, const std::string &sentence,
                   StatusCode code = StatusCode::InvalidArgument) {
  Result<NpyArray> array = parseNpy(bytes, "x.npy");
  ASSERT_FALSE(array) << sentence;
  EXPECT_EQ(array.status().message(), sentence);
  EXPECT_EQ(array.status().code(), code);
}

std::string dictionary(const std::string &descr, const std::string &shape, const std::string &order = "False") {
  return "{'descr': '" + descr + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }\n";
}

} // namespace

// What numpy.save writes for arange(6, dtype="<i2").reshape(2, 3), byte for byte.
TEST(Npy, FileOfNumPyIsReadAndWrittenTheSame) {
  std::string header =
      std::string("\x93NUMPY\x01\x00v\x00", 10) + "{'descr': '<i2', 'fortran_order': False, 'shape': (2, 3), }";
  header.resize(127, ' ');
  header += '\n';
  std::string data("\0\0\1\0\2\0\3\0\4\0\5\0", 12);
  Result<NpyArray> array = parseNpy(header + data);
  ASSERT_TRUE(array) << array.status().message();
  EXPECT_EQ(array->element.descr(), "<i2");
  EXPECT_EQ(array->shape, (std::vector<int64_t>{2, 3}));
  EXPECT_EQ(array->data(), data);
  EXPECT_EQ(npyHeader(array->element, array->shape), header);
}

TEST(Npy, EveryElementAndRankComesBack) {
  TemporaryFolder folder;
  std::string path = folder.file("x.npy");
  for (NpyElement element : {NpyElement{'f', 2},
                             {'f', 4},
                             {'f', 8},
                             {'i', 1},
                             {'i', 2},
                             {'i', 4},
                             {'i', 8},
                             {'u', 1},
                             {'u', 2},
                             {'u', 4},
                             {'u', 8},
                             {'b', 1},
                             {'V', 1},
                             {'V', 2}})
    for (const std::vector<int64_t> &shape : {std::vector<int64_t>{}, {5}, {1, 2, 3, 4}, {3, 0}}) {
      size_t count = 1;
      for (int64_t extent : shape)
        count *= static_cast<size_t>(extent);
      std::string data(count * static_cast<size_t>(element.bytes), '\0');
      for (size_t i = 0; i < data.size(); ++i)
        data[i] = static_cast<char>(37 * i + 1);
      Status status = writeNpy(path, element, shape, data);
      ASSERT_TRUE(status) << status.message();
      Result<NpyArray> array = readNpy(path);
      ASSERT_TRUE(array) << array.status().message();
      EXPECT_EQ(array->element.descr(), element.descr());
      EXPECT_EQ(array->shape, shape);
      EXPECT_EQ(array->data(), data);
      EXPECT_EQ(array->dataOffset % 64, 0u);
    }
}

TEST(Npy, VersionsAndSpellings) {
  for (int version : {1, 2, 3})
    EXPECT_TRUE(parseNpy(file(dictionary("<f4", "(1,)"), "abcd", version)));
  EXPECT_TRUE(parseNpy(file("{\"shape\": (2, 1), \"descr\": \"=f2\", \"fortran_order\": False}", "abcd")));
  EXPECT_TRUE(parseNpy(file(dictionary("<f2", "(2L,)"), "abcd"))); // of Python 2
  EXPECT_TRUE(parseNpy(file(dictionary("|u1", "(4,)"), "abcd")));
  EXPECT_TRUE(parseNpy(file(dictionary("|V2", "(2,)"), "abcd")));
  EXPECT_TRUE(parseNpy(file(dictionary("<f4", "()"), "abcd")));
  EXPECT_TRUE(parseNpy(file(dictionary("<f4", "(1, 1)", "True"), "abcd"))) << "one element has no order";
}

TEST(Npy, LongHeaderIsVersion2) {
  std::vector<int64_t> shape(64, 1);
  shape[0] = 3;
  EXPECT_EQ(npyHeader({'f', 4}, shape)[6], '\1');
  std::string header = npyHeader({'f', 4}, std::vector<int64_t>(40000, 1));
  EXPECT_EQ(header[6], '\2');
  EXPECT_EQ(header.size() % 64, 0u);
}

TEST(Npy, WrongStart) {
  expectRefusal("",
                "x.npy is a file that starts with \"\"; allowed: an .npy file, which starts with \"\\x93NUMPY\" and "
                "a version");
  expectRefusal("PK\3\4zip", "x.npy is a file that starts with \"PK\\u0003\\u0004zip\"; allowed: an .npy file, which "
                             "starts with \"\\x93NUMPY\" and a version");
  expectRefusal(file("", "", 4), "x.npy: version is 4.0; allowed: 1.0, 2.0, 3.0", StatusCode::Unsupported);
  expectRefusal(std::string("\x93NUMPY\1\0v", 9), "x.npy: file size is 9; allowed: 10 bytes or more");
  expectRefusal(std::string("\x93NUMPY\1\0v\0{", 11),
                "x.npy: header length is 118; allowed: at most 1, the bytes that follow it");
}

TEST(Npy, WrongDictionary) {
  expectRefusal(file("[1]", ""), "x.npy: header is \"[1]\"; allowed: a dictionary");
  expectRefusal(file("{descr: 1}", ""),
                "x.npy: header key is \"descr: 1}\"; allowed: 'descr', 'fortran_order', 'shape'");
  expectRefusal(file("{'descr' '<f4'}", ""), "x.npy: descr is followed by \"'<f4'}\"; allowed: ':' and a value");
  expectRefusal(file("{'order': 1}", ""),
                "x.npy: header key is \"order\"; allowed: 'descr', 'fortran_order' and 'shape', once each");
  expectRefusal(file("{'descr': '<f4', 'descr': '<f4'}", ""),
                "x.npy: header key is \"descr\"; allowed: 'descr', 'fortran_order' and 'shape', once each");
  expectRefusal(file("{'descr': '<f4'; }", ""), "x.npy: descr is followed by \"; }\"; allowed: ',' or '}'");
  expectRefusal(file("{'descr': '<f4'} x", ""), "x.npy: header is followed by \"x\"; allowed: spaces");
  expectRefusal(file("{'descr': '<f4', 'shape': (1,)}", "abcd"),
                "x.npy: fortran_order is missing; allowed: 'descr', 'fortran_order' and 'shape'");
  expectRefusal(file(dictionary("<f4", "(1,)", "1"), "abcd"),
                "x.npy: fortran_order is \"1, 'shape': (1,), }\\n\"; allowed: True, False");
  for (const char *shape : {"4", "(4)", "(-1,)", "(1.5,)", "(9223372036854775808,)", "(1, 2", "[1]"})
    EXPECT_FALSE(parseNpy(file(dictionary("<f4", shape), "abcd"))) << shape;
}

TEST(Npy, WrongElements) {
  for (const char *descr : {">f4", "<f1", "<f3", "<c8", "|O1", "<U1", "<i3", "<V4", "|f4", "f4", "<f16", ""})
    EXPECT_EQ(parseNpy(file(dictionary(descr, "(1,)"), "abcd")).status().code(), StatusCode::Unsupported) << descr;
  expectRefusal(
      file("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", "abcd"),
      "x.npy: descr is \"[('a', '<f4')], 'fortran_order': False, 'shape': (1,)}\"; allowed: little-endian f2, "
      "f4, f8, i1 to i8, u1 to u8, b1, V1, V2",
      StatusCode::Unsupported);
  expectRefusal(file(dictionary("<f4", "(2, 2)", "True"), std::string(16, 'x')),
                "x.npy: fortran_order is True; allowed: False: save numpy.ascontiguousarray(x)",
                StatusCode::Unsupported);
}

TEST(Npy, WrongSize) {
  expectRefusal(file(dictionary("<f4", "(2,)"), "abcd"),
                "x.npy: data is 4 bytes; allowed: 8, as its shape and descr say");
  expectRefusal(file(dictionary("<f4", "(1,)"), "abcdefgh"),
                "x.npy: data is 8 bytes; allowed: 4, as its shape and descr say");
  expectRefusal(file(dictionary("<f4", "(4611686018427387904, 4)"), "abcd"),
                "x.npy: shape is of 2^60 bytes or more; allowed: less");
  TemporaryFolder folder;
  EXPECT_FALSE(writeNpy(folder.file("x.npy"), {'f', 4}, {2}, "abcd"));
}

TEST(Npy, FilesThatAreNone) {
  TemporaryFolder folder;
  EXPECT_EQ(readNpy(folder.file("absent.npy")).status().code(), StatusCode::IoError);
  EXPECT_EQ(readNpy(folder.path().string()).status().message(),
            folder.path().string() + " is a directory; allowed: an .npy file");
}
