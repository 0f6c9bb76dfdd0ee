//===- Wgmma.cpp - forms: wgmma.mma_async -----------------------------------===//
//
// PTX ISA "Asynchronous Warpgroup Level Matrix Multiply-Accumulate Instructions". A CTA is one warpgroup. Shared memory
// holds random elements everywhere, A in its first 16 KiB and B in the 32 KiB after that, and the descriptors say where
// the matrices lie in there: whatever layout an implementation reads, other elements give another result. So strides
// may overlap, and a form needs no tile that is laid out for it.
//
//===----------------------------------------------------------------------===//

#include "tests/sim/hardware/FormList.h"

namespace thrift::sim::hardware {

namespace {

constexpr uint32_t kThreads = 128;
constexpr uint32_t kImageOfA = 16384, kImage = 49152; ///< bytes; B follows A
constexpr uint32_t kFragments = kImage, kAccumulators = kFragments + 16 * kThreads;

struct Types {
  const char *name; ///< of D, A, B
  uint32_t k;
  MatrixFormat d, a, b;
};
constexpr MatrixFormat F16 = MatrixFormat::F16, BF16 = MatrixFormat::BF16, TF32 = MatrixFormat::TF32,
                       F32 = MatrixFormat::F32, E4 = MatrixFormat::E4M3, E5 = MatrixFormat::E5M2;
constexpr Types kF32F16{"f32.f16.f16", 16, F32, F16, F16}, kF16F16{"f16.f16.f16", 16, F16, F16, F16};
constexpr Types kF32BF16{"f32.bf16.bf16", 16, F32, BF16, BF16}, kF32TF32{"f32.tf32.tf32", 8, F32, TF32, TF32};
constexpr Types kF32E4E4{"f32.e4m3.e4m3", 32, F32, E4, E4}, kF32E5E5{"f32.e5m2.e5m2", 32, F32, E5, E5};
constexpr Types kF32E4E5{"f32.e4m3.e5m2", 32, F32, E4, E5}, kF32E5E4{"f32.e5m2.e4m3", 32, F32, E5, E4};
constexpr Types kF16E4E4{"f16.e4m3.e4m3", 32, F16, E4, E4}, kF16E5E5{"f16.e5m2.e5m2", 32, F16, E5, E5};
constexpr Types kF16E4E5{"f16.e4m3.e5m2", 32, F16, E4, E5}, kF16E5E4{"f16.e5m2.e4m3", 32, F16, E5, E4};

/// Values of the descriptor's swizzle field.
enum class Swizzle : uint8_t { None, Bytes128, Bytes64, Bytes32 };
constexpr Swizzle kSwizzles[] = {Swizzle::None, Swizzle::Bytes32, Swizzle::Bytes64, Swizzle::Bytes128};
uint32_t spanOf(Swizzle swizzle) {
  switch (swizzle) {
  case Swizzle::None:
    return 16;
  case Swizzle::Bytes32:
    return 32;
  case Swizzle::Bytes64:
    return 64;
  case Swizzle::Bytes128:
    return 128;
  }
  return 0;
}

struct Layout {
  Swizzle swizzle = Swizzle::Bytes128;
  bool transposed = false; ///< M or N contiguous
  uint32_t start = 0;      ///< bytes from the beginning of the operand's image
  uint32_t leading = 16, stride = 1024;
  uint32_t baseOffset = 0;

  std::string name() const {
    std::string text = (transposed ? "MN" : "K") + std::to_string(spanOf(swizzle)) + "+" + std::to_string(start) + " " +
                       std::to_string(leading) + "/" + std::to_string(stride);
    return baseOffset == 0 ? text : text + " base " + std::to_string(baseOffset);
  }
  /// PTX ISA "Matrix Descriptor Format", without the start address.
  uint64_t descriptor() const {
    return uint64_t(leading >> 4) << 16 | uint64_t(stride >> 4) << 32 | uint64_t(baseOffset) << 49 |
           uint64_t(swizzle) << 62;
  }
};

/// K contiguous: rows of one span, groups of eight rows `span * 8` bytes apart.
Layout kMajor(Swizzle swizzle, uint32_t start = 0) {
  Layout layout;
  layout.swizzle = swizzle;
  layout.start = start;
  layout.leading = swizzle == Swizzle::None ? 128 : 16;
  layout.stride = swizzle == Swizzle::None ? 256 : 8 * spanOf(swizzle);
  return layout;
}
/// M or N contiguous: both offsets count, so they are different numbers.
Layout mnMajor(Swizzle swizzle) {
  Layout layout;
  layout.swizzle = swizzle;
  layout.transposed = true;
  layout.leading = swizzle == Swizzle::None ? 384 : 16 * spanOf(swizzle);
  layout.stride = swizzle == Swizzle::None ? 640 : 8 * spanOf(swizzle);
  return layout;
}

struct WgmmaForm {
  Types types;
  uint32_t n = 64;
  bool aInRegisters = false;
  Layout a = kMajor(Swizzle::Bytes128), b = kMajor(Swizzle::Bytes128);
  bool accumulate = true, negateA = false, negateB = false;
  uint32_t steps = 1; ///< instructions on the same accumulators, 32 bytes of K apart
  uint32_t cases = 2;
  const char *group = "";

  uint32_t accumulators() const { return types.d == F32 ? n / 2 : n / 4; } ///< registers of a thread
  std::string name() const {
    std::string text = "wgmma m64n" + std::to_string(n) + "k" + std::to_string(types.k) + " " + types.name +
                       (aInRegisters ? " RS B " : " SS A " + a.name() + " B ") + b.name();
    return text + (accumulate ? "" : " scale-d 0") + (negateA ? " -A" : "") + (negateB ? " -B" : "") +
           (steps > 1 ? " x" + std::to_string(steps) : "") + (cases > 2 ? ", many" : "");
  }
};

Operand wgmmaOperand(const WgmmaForm &form) {
  Types types = form.types;
  uint32_t bytes = kAccumulators + 4 * kThreads * form.accumulators();
  return {bytes, [types, bytes](Random &random, uint32_t index, uint8_t *data) {
            Spread spread = index % 4 == 0 ? Spread::Wide : index % 4 == 1 ? Spread::Special : spreadOf(index);
            if (index % 4 == 3)
              spread = Spread::Narrow;
            fillElements(types.a, spread, random, data, kImageOfA);
            fillElements(types.b, spread, random, data + kImageOfA, kImage - kImageOfA);
            fillElements(types.a, spread, random, data + kFragments, kAccumulators - kFragments);
            fillElements(types.d, spread, random, data + kAccumulators, bytes - kAccumulators);
          }};
}

std::string hex(uint64_t value) {
  static const char kDigits[] = "0123456789ABCDEF";
  std::string text = "0x0000000000000000";
  for (size_t i = text.size(); value != 0; value >>= 4)
    text[--i] = kDigits[value & 15];
  return text;
}

std::string registers(const char *name, uint32_t count) {
  std::string text = "{";
  for (uint32_t i = 0; i < count; ++i)
    text += (i == 0 ? "%" : ", %") + (name + std::to_string(i));
  return text + "}";
}

std::string instruction(const WgmmaForm &form) {
  std::string text = "  wgmma.mma_async.sync.aligned.m64n" + std::to_string(form.n) + "k" +
                     std::to_string(form.types.k) + "." + form.types.name + " " + registers("d", form.accumulators()) +
                     ", " + (form.aInRegisters ? registers("a", 4) : std::string("%da")) + ", %db, %p, " +
                     (form.negateA ? "-1" : "1") + ", " + (form.negateB ? "-1" : "1");
  if (formatBits(form.types.a) == 16) {
    if (!form.aInRegisters)
      text += form.a.transposed ? ", 1" : ", 0";
    text += form.b.transposed ? ", 1" : ", 0";
  }
  return text + ";\n";
}

void addWgmma(FormList &list, const WgmmaForm &form) {
  CtaForm made;
  made.group = "wgmma " + std::string(form.types.name) + (form.aInRegisters ? " RS" : " SS") + form.group;
  made.name = form.name();
  made.threads = kThreads;
  made.outBytes = 4 * kThreads * form.accumulators();
  made.operands = {wgmmaOperand(form)};
  made.cases = made.storedCases = form.cases;
  made.before = ".shared .align 1024 .b8 image[" + std::to_string(kImage) + "];\n";
  std::string count = std::to_string(form.accumulators());
  made.body = "\n  .reg .b32 %d<" + count + R"(>, %a<4>, %s, %i;
  .reg .b64 %g, %da, %db, %x;
  .reg .pred %p;
  mov.u32 %s, image;
  mad.lo.u32 %s, %t, 16, %s;
  mad.wide.u32 %g, %t, 16, %in;
  mov.u32 %i, 0;
COPY:
  ld.global.v4.b32 {%a0, %a1, %a2, %a3}, [%g];
  st.shared.v4.b32 [%s], {%a0, %a1, %a2, %a3};
  add.u32 %s, %s, 2048;
  add.u64 %g, %g, 2048;
  add.u32 %i, %i, 1;
  setp.lt.u32 %p, %i, 24;
  @%p bra COPY;
  ld.global.v4.b32 {%a0, %a1, %a2, %a3}, [%g];
  mad.wide.u32 %g, %t, )" +
              std::to_string(4 * form.accumulators()) + ", %in;\n";
  for (uint32_t i = 0; i < form.accumulators(); i += 2)
    made.body += "  ld.global.v2.b32 {%d" + std::to_string(i) + ", %d" + std::to_string(i + 1) + "}, [%g+" +
                 std::to_string(kAccumulators + 4 * i) + "];\n";
  auto descriptor = [](const char *name, const Layout &layout, uint32_t base) {
    return "  mov.u32 %s, image;\n  add.u32 %s, %s, " + std::to_string(base + layout.start) +
           ";\n  and.b32 %s, %s, 0x3FFFF;\n  shr.u32 %s, %s, 4;\n  cvt.u64.u32 " + name + ", %s;\n  or.b64 " + name +
           ", " + name + ", " + hex(layout.descriptor()) + ";\n";
  };
  made.body += descriptor("%da", form.a, 0) + descriptor("%db", form.b, kImageOfA) + "  setp." +
               (form.accumulate ? "eq" : "ne") + R"(.u32 %p, 0, 0;
  fence.proxy.async.shared::cta;
  bar.sync 0;
  wgmma.fence.sync.aligned;
)" + instruction(form);
  for (uint32_t step = 1; step < form.steps; ++step)
    made.body += "  add.u64 %da, %da, 2;\n  add.u64 %db, %db, 2;\n  setp.eq.u32 %p, 0, 0;\n" + instruction(form);
  made.body += R"(  wgmma.commit_group.sync.aligned;
  wgmma.wait_group.sync.aligned 0;
  mad.wide.u32 %g, %t, )" +
               std::to_string(4 * form.accumulators()) + ", %out;\n";
  for (uint32_t i = 0; i < form.accumulators(); i += 2)
    made.body += "  st.global.v2.b32 [%g+" + std::to_string(4 * i) + "], {%d" + std::to_string(i) + ", %d" +
                 std::to_string(i + 1) + "};\n";
  list.cta(made);
}

/// Every N, with operands in the usual layout.
void addWidths(FormList &list) {
  for (uint32_t n = 8; n <= 256; n += 8) {
    for (const Types &types : {kF32F16, kF16F16, kF32BF16, kF32E4E4, kF32E5E5}) {
      WgmmaForm form{types};
      form.n = n;
      addWgmma(list, form);
    }
    for (const Types &types : {kF32F16, kF32BF16, kF32E4E4}) {
      WgmmaForm form{types};
      form.n = n;
      form.aInRegisters = true;
      addWgmma(list, form);
    }
  }
  for (uint32_t n : {8u, 64u, 104u, 256u})
    for (const Types &types : {kF32TF32, kF32E4E5, kF32E5E4, kF16E4E4, kF16E5E5, kF16E4E5, kF16E5E4})
      for (bool aInRegisters : {false, true}) {
        WgmmaForm form{types};
        form.n = n;
        form.aInRegisters = aInRegisters;
        addWgmma(list, form);
      }
}

/// What is added, and how it is rounded: more operands on one shape.
void addArithmetic(FormList &list) {
  for (const Types &types : {kF32F16, kF16F16, kF32BF16, kF32TF32, kF32E4E4, kF32E5E5, kF32E4E5, kF16E4E4, kF16E5E4}) {
    WgmmaForm form{types};
    form.n = 16;
    form.cases = 16;
    form.group = ", scales";
    for (int variant = 0; variant < 6; ++variant) {
      form.accumulate = variant != 1;
      form.negateA = variant == 2 || variant == 4;
      form.negateB = variant == 3 || variant == 4;
      form.aInRegisters = variant == 5;
      addWgmma(list, form);
    }
    form.aInRegisters = false;
    form.negateA = form.negateB = false;
    form.steps = 4;
    addWgmma(list, form);
  }
}

void addLayouts(FormList &list) {
  WgmmaForm form{kF32F16};
  form.group = ", layouts";
  auto both = [&](Layout a, Layout b) {
    for (uint32_t n : {24u, 128u}) {
      form.n = n;
      form.a = a;
      form.b = b;
      addWgmma(list, form);
    }
  };
  for (Swizzle sa : kSwizzles)
    for (Swizzle sb : kSwizzles) {
      both(kMajor(sa, 1024), kMajor(sb, 1024));
      both(mnMajor(sa), kMajor(sb, 1024));
      both(kMajor(sa, 1024), mnMajor(sb));
      both(mnMajor(sa), mnMajor(sb));
    }
  // Steps along K inside a span move the start by 32 bytes.
  for (Swizzle swizzle : {Swizzle::Bytes64, Swizzle::Bytes128})
    for (uint32_t start = 32; start < spanOf(swizzle); start += 32)
      both(kMajor(swizzle, start), kMajor(swizzle, start));
  // Strides that are not those of a dense tile.
  for (Swizzle swizzle : kSwizzles) {
    Layout k = kMajor(swizzle), mn = mnMajor(swizzle);
    k.stride += swizzle == Swizzle::None ? 128 : 1024;
    if (swizzle == Swizzle::None)
      k.leading = 16 * 9;
    mn.stride = 2048;
    mn.leading = 1024;
    both(k, kMajor(Swizzle::Bytes128));
    both(mn, mnMajor(Swizzle::Bytes128));
    form.n = 64;
    form.a = kMajor(Swizzle::Bytes128);
    form.b = k;
    addWgmma(list, form);
    form.b = mn;
    addWgmma(list, form);
  }
  for (const Types &types : {kF32E4E4, kF32TF32, kF32BF16}) {
    WgmmaForm bytes{types};
    bytes.group = ", layouts";
    bytes.n = 32;
    for (Swizzle swizzle : kSwizzles) {
      bytes.a = bytes.b = kMajor(swizzle, 1024);
      addWgmma(list, bytes);
      bytes.aInRegisters = true;
      addWgmma(list, bytes);
      bytes.aInRegisters = false;
    }
  }
}

/// Tiles that do not begin where the swizzle's pattern does.
void addShiftedPatterns(FormList &list) {
  WgmmaForm form{kF32F16};
  form.group = ", shifted patterns";
  form.n = 32;
  for (uint32_t rows : {1u, 2u, 5u})
    for (bool corrected : {false, true}) {
      form.a = kMajor(Swizzle::Bytes128, 128 * rows);
      form.a.baseOffset = corrected ? rows : 0;
      addWgmma(list, form);
    }
}

} // namespace

void addWgmmaForms(FormList &list) {
  list.family("wgmma");
  addWidths(list);
  addArithmetic(list);
  addLayouts(list);
  addShiftedPatterns(list);
}

} // namespace thrift::sim::hardware
