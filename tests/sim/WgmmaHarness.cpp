//===- WgmmaHarness.cpp - one wgmma in a kernel, and what it must give ------===//

#include "tests/sim/WgmmaHarness.h"

#include "dialect/formats/Float16.h"

namespace thrift::sim::test {

static constexpr uint32_t kThreads = 128;

MmaElement WgmmaCase::elementNamed(const std::string &type) {
  if (type == "f16")
    return MmaElement::F16;
  if (type == "bf16")
    return MmaElement::BF16;
  if (type == "tf32")
    return MmaElement::TF32;
  return type == "e4m3" ? MmaElement::E4M3 : MmaElement::E5M2;
}

const MmaModel &WgmmaCase::model() const {
  bool f16 = typeD == "f16";
  switch (bytesOfA()) {
  case 4:
    return kMmaTf32;
  case 2:
    return f16 ? kMmaF16ToF16 : kMmaF16;
  default:
    return f16 ? kWgmmaFp8ToF16 : kWgmmaFp8;
  }
}

static std::string registers(const std::string &prefix, uint32_t count) {
  std::string text = "{";
  for (uint32_t i = 0; i < count; ++i)
    text += (i ? ", " : "") + prefix + std::to_string(i);
  return text + "}";
}

std::string WgmmaCase::instruction(const std::string &accumulator) const {
  std::string text = "wgmma.mma_async.sync.aligned.m64n" + std::to_string(n) + "k" + std::to_string(k()) + "." + typeD +
                     "." + typeA + "." + typeB + " " + registers(accumulator, accumulators()) + ", " +
                     (fragments ? registers("%a", 4) : "%da") + ", %db, " + (addsToD ? "%scale, " : "0, ") +
                     std::to_string(scaleA) + ", " + std::to_string(scaleB);
  if (bytesOfA() == 2) {
    if (!fragments)
      text += a.major == MatrixMajor::K ? ", 0" : ", 1";
    text += b.major == MatrixMajor::K ? ", 0" : ", 1";
  }
  return text + ";";
}

//===----------------------------------------------------------------------===//
// Data
//===----------------------------------------------------------------------===//

std::vector<uint32_t> WgmmaData::words() const {
  std::vector<uint32_t> all(shared.size() / 4);
  std::memcpy(all.data(), shared.data(), shared.size());
  all.insert(all.end(), accumulators.begin(), accumulators.end());
  all.insert(all.end(), fragments.begin(), fragments.end());
  return all;
}

static CanonicalLayout layoutOf(const SharedMatrix &matrix, uint32_t bytes) {
  return canonical(matrix.major, matrix.swizzleBits, bytes, matrix.leading / bytes, matrix.stride / bytes);
}

/// Puts an element of `bytes` at an index of the bytes of `to`.
static void put(uint8_t *to, uint32_t code, uint32_t bytes) { std::memcpy(to, &code, bytes); }
static uint32_t get(const uint8_t *from, uint32_t bytes) {
  uint32_t code = 0;
  std::memcpy(&code, from, bytes);
  return code;
}

static void fillMatrix(std::vector<uint8_t> &shared, const SharedMatrix &matrix, MmaElement element, uint32_t size,
                       Style style, std::mt19937_64 &random) {
  uint32_t bytes = bitsOf(element) / 8;
  CanonicalLayout layout = layoutOf(matrix, bytes);
  for (uint32_t mn = 0; mn < size; ++mn)
    for (uint32_t k = 0; k < 32 / bytes; ++k)
      put(&shared[layout.byteOf(matrix.start, mn, k)], randomCode(element, style, random), bytes);
}

WgmmaData randomData(const WgmmaCase &test, Style styleA, Style styleB, std::mt19937_64 &random) {
  WgmmaData data;
  data.shared.resize(kWgmmaSharedBytes);
  for (uint8_t &byte : data.shared)
    byte = static_cast<uint8_t>(random());
  fillMatrix(data.shared, test.b, test.elementB(), test.n, styleB, random);
  if (!test.fragments)
    fillMatrix(data.shared, test.a, test.elementA(), 64, styleA, random);
  data.accumulators.resize(kThreads * test.accumulators());
  for (uint32_t &word : data.accumulators)
    word = test.typeD == "f32"
               ? bits(randomSum(styleA, random))
               : randomCode(MmaElement::F16, styleA, random) | randomCode(MmaElement::F16, styleB, random) << 16;
  data.fragments.resize(kThreads * 4);
  for (uint32_t &word : data.fragments) {
    word = 0;
    for (uint32_t bit = 0; bit < 32; bit += 8 * test.bytesOfA())
      word |= randomCode(test.elementA(), styleA, random) << bit;
  }
  return data;
}

//===----------------------------------------------------------------------===//
// The oracle
//===----------------------------------------------------------------------===//

/// Element i of thread t's fragment of A, as the manual's figures show it.
static void fragmentPlace(uint32_t bytes, uint32_t thread, uint32_t i, uint32_t &row, uint32_t &k) {
  uint32_t group = thread % 32 / 4, inGroup = thread % 4, perRegister = 4 / bytes;
  bool lowerRows = i / perRegister % 2 == 1, upperHalf = i / perRegister >= 2;
  row = thread / 32 * 16 + group + (lowerRows ? 8 : 0);
  k = inGroup * perRegister + i % perRegister + (upperHalf ? 4 * perRegister : 0);
}

/// Element i of thread t's accumulator.
static void accumulatorPlace(uint32_t thread, uint32_t i, uint32_t &row, uint32_t &column) {
  row = thread / 32 * 16 + thread % 32 / 4 + (i % 4 < 2 ? 0 : 8);
  column = i / 4 * 8 + thread % 4 * 2 + i % 2;
}

std::vector<uint32_t> expectedOf(const WgmmaCase &test, const WgmmaData &data) {
  uint32_t k = test.k(), bytes = test.bytesOfA();
  std::vector<float> a(64 * k), b(test.n * k);
  CanonicalLayout layoutA = layoutOf(test.a, bytes), layoutB = layoutOf(test.b, bytes);
  auto scaled = [](float value, int scale) { return scale < 0 ? -value : value; };
  for (uint32_t column = 0; column < test.n; ++column)
    for (uint32_t i = 0; i < k; ++i) {
      uint32_t code = get(&data.shared[layoutB.byteOf(test.b.start, column, i)], bytes);
      b[column * k + i] = scaled(widenElement(test.elementB(), code), test.scaleB);
    }
  for (uint32_t row = 0; row < 64 && !test.fragments; ++row)
    for (uint32_t i = 0; i < k; ++i) {
      uint32_t code = get(&data.shared[layoutA.byteOf(test.a.start, row, i)], bytes);
      a[row * k + i] = scaled(widenElement(test.elementA(), code), test.scaleA);
    }
  for (uint32_t thread = 0; thread < kThreads && test.fragments; ++thread)
    for (uint32_t i = 0; i < 16 / bytes; ++i) {
      uint32_t row, column;
      fragmentPlace(bytes, thread, i, row, column);
      const auto *own = reinterpret_cast<const uint8_t *>(&data.fragments[thread * 4]);
      a[row * k + column] = scaled(widenElement(test.elementA(), get(own + i * bytes, bytes)), test.scaleA);
    }

  std::vector<uint32_t> result(data.accumulators.size());
  for (uint32_t thread = 0; thread < kThreads; ++thread)
    for (uint32_t i = 0; i < test.n / 2; ++i) {
      uint32_t row, column;
      accumulatorPlace(thread, i, row, column);
      bool f16 = test.typeD == "f16";
      uint32_t index = thread * test.accumulators() + (f16 ? i / 2 : i), shift = f16 ? i % 2 * 16 : 0;
      uint32_t word = data.accumulators[index] >> shift;
      float c = !test.addsToD ? 0.0f : f16 ? f32FromF16(static_cast<uint16_t>(word)) : f32(word);
      float d = dotReference(test.model(), static_cast<int>(k), {test.elementA(), &a[row * k]},
                             {test.elementB(), &b[column * k]}, c);
      result[index] |= (f16 ? f16FromF32(d) : bits(d)) << shift;
    }
  return result;
}

//===----------------------------------------------------------------------===//
// The kernel
//===----------------------------------------------------------------------===//

/// Moves `count` registers between global memory at %p and the thread.
static std::string transfer(const std::string &opcode, const std::string &prefix, uint32_t count) {
  std::string text;
  for (uint32_t i = 0; i < count; ++i) {
    std::string place = "[%p+" + std::to_string(4 * i) + "]", name = prefix + std::to_string(i);
    text += opcode + ".b32 " + (opcode == "ld.global" ? name + ", " + place : place + ", " + name) + ";\n";
  }
  return text;
}

static std::string pointer(const std::string &base, uint32_t offset, uint32_t registers) {
  return "mul.wide.u32 %p, %t, " + std::to_string(4 * registers) + "; add.s64 %p, %p, " + base + "; add.s64 %p, %p, " +
         std::to_string(offset) + ";\n";
}

WgmmaBody::WgmmaBody(const WgmmaCase &test) {
  uint32_t count = test.accumulators();
  declare = ".reg .b32 %d<" + std::to_string(count) + R"(>, %a<4>, %i, %v<4>, %s;
    .reg .b64 %da, %db, %p; .reg .pred %more, %scale;
    setp.eq.u32 %scale, 0, 0;
    mov.b64 %da, )" +
            std::to_string(test.a.descriptor()) + "; mov.b64 %db, " + std::to_string(test.b.descriptor()) + ";\n";
  fill = R"(
    mov.u32 %i, %t;
  FILL:
    setp.ge.u32 %more, %i, )" +
         std::to_string(kWgmmaSharedBytes / 16) + R"(;
    @%more bra FILLED;
    mul.wide.u32 %p, %i, 16; add.s64 %p, %p, %in; ld.global.v4.u32 {%v0, %v1, %v2, %v3}, [%p];
    mov.u32 %s, memory; mad.lo.u32 %s, %i, 16, %s; st.shared.v4.u32 [%s], {%v0, %v1, %v2, %v3};
    add.u32 %i, %i, 128;
    bra FILL;
  FILLED:
)";
  fence = "fence.proxy.async.shared::cta;\nbar.sync 0;\n";
  load = pointer("%in", kWgmmaSharedBytes, count) + transfer("ld.global", "%d", count) +
         pointer("%in", kWgmmaSharedBytes + 4 * kThreads * count, 4) + transfer("ld.global", "%a", 4);
  fenceRegisters = "wgmma.fence.sync.aligned;\n";
  multiply = test.instruction() + "\n";
  commit = "wgmma.commit_group.sync.aligned;\n";
  wait = "wgmma.wait_group.sync.aligned 0;\n";
  store = pointer("%out", 0, count) + transfer("st.global", "%d", count);
}

std::string WgmmaBody::text() const {
  return declare + fill + fence + load + fenceRegisters + multiply + commit + wait + store;
}

BodyOptions wgmmaOptions(const WgmmaCase &test, const WgmmaData &data) {
  BodyOptions options;
  options.target = "sm_90a";
  options.threads = kThreads;
  options.outWords = kThreads * test.accumulators();
  options.in = data.words();
  options.dynamicSharedBytes = kWgmmaSharedBytes;
  options.before = ".extern .shared .align 1024 .b8 memory[];\n";
  options.options.threads = 1;
  options.options.checkRaces = true;
  options.options.lints = true;
  return options;
}

} // namespace thrift::sim::test
