//===- Memory.cpp - forms: loads, stores, cp.async, fences ------------------===//
//
// PTX ISA ld, st, mov (packing), cp.async, membar and fence. Every thread has 16 bytes of input and of output.
//
//===----------------------------------------------------------------------===//

#include "tests/sim/hardware/FormList.h"

namespace thrift::sim::hardware {

namespace {

constexpr uint32_t kThreads = 32, kBytes = 16 * kThreads;

Operand randomBytes() {
  return {kBytes, [](Random &random, uint32_t, uint8_t *data) { fillRandom(random, data, kBytes); }};
}

/// `code` leaves its result in %r0 %r1 %r2 %r3. %a is the address of the thread's input, %s that of its 16 bytes of
/// shared memory, which hold 0xEE bytes.
void threads(FormList &list, const std::string &group, const std::string &name, const std::string &code,
             const std::string &registers = "") {
  CtaForm form;
  form.group = group;
  form.name = name;
  form.threads = kThreads;
  form.outBytes = kBytes;
  form.operands = {randomBytes()};
  form.before = ".shared .align 16 .b8 memory[512];\n";
  form.body = "\n  .reg .b32 %r<4>, %s, %x, %y;\n  .reg .b64 %a, %o, %w, %z;\n  .reg .b16 %h, %g;\n"
              "  .reg .pred %p;\n" +
              registers + R"(
  mov.u32 %s, memory;
  mad.lo.u32 %s, %t, 16, %s;
  mov.b32 %x, 0xEEEEEEEE;
  st.shared.v4.b32 [%s], {%x, %x, %x, %x};
  mad.wide.u32 %a, %t, 16, %in;
  mov.b32 %r0, 0; mov.b32 %r1, 0; mov.b32 %r2, 0; mov.b32 %r3, 0;
  )" + code + R"(
  mad.wide.u32 %o, %t, 16, %out;
  st.global.v4.b32 [%o], {%r0, %r1, %r2, %r3};
)";
  list.cta(form);
}

void addLoads(FormList &list) {
  // A load of 8 or 16 bits into a wider register extends.
  for (const std::string &type : alternatives("(u8|s8|u16|s16|u32|s32)")) {
    threads(list, "ld", "ld.global." + type + " into 64 bits",
            "ld.global." + type + " %w, [%a+4]; mov.b64 {%r0, %r1}, %w;");
    threads(list, "ld", "ld.shared." + type,
            "ld.global.b64 %w, [%a]; st.shared.b64 [%s], %w; ld.shared." + type + " %r0, [%s+4];");
  }
  threads(list, "ld", "ld.global.v2.u8", "ld.global.v2.u8 {%r0, %r1}, [%a+6];");
  threads(list, "ld", "ld.global.v4.s16", "ld.global.v4.s16 {%r0, %r1, %r2, %r3}, [%a+8];");
  threads(list, "ld", "ld.global.nc.v4.b32", "ld.global.nc.v4.b32 {%r0, %r1, %r2, %r3}, [%a];");
  threads(list, "ld", "ld.relaxed.gpu.global.v2.b64",
          "ld.global.v2.b64 {%w, %z}, [%a]; mov.b64 {%r0, %r1}, %w; mov.b64 {%r2, %r3}, %z;");
  threads(list, "ld", "ld.b32, generic",
          "ld.global.b32 %x, [%a]; st.shared.b32 [%s], %x; cvt.u64.u32 %w, %s; cvta.shared.u64 %w, %w; "
          "ld.b32 %r0, [%w]; ld.b32 %r1, [%a+4];");
}

void addStores(FormList &list) {
  for (const std::string &type : alternatives("(b8|b16|b32)"))
    threads(list, "st", "st.shared." + type + " of a wider register",
            "ld.global.b32 %x, [%a]; st.shared." + type + " [%s+4], %x; ld.shared.v4.b32 {%r0, %r1, %r2, %r3}, [%s];");
  threads(list, "st", "st.shared.v2.b8",
          "ld.global.v2.b32 {%x, %y}, [%a]; st.shared.v2.b8 [%s+2], {%x, %y}; ld.shared.v4.b32 {%r0, %r1, %r2, %r3}, "
          "[%s];");
  threads(
      list, "st", "st.local.b16",
      "ld.global.v2.b32 {%x, %y}, [%a]; st.local.b32 [memory_of_thread], %x; st.local.b16 [memory_of_thread+2], %y; "
      "ld.local.b32 %r0, [memory_of_thread];",
      "  .local .align 4 .b8 memory_of_thread[8];\n");
  threads(list, "mov", "mov.b32, packing", "ld.global.b32 %x, [%a]; mov.b32 {%h, %g}, %x; mov.b32 %r0, {%g, %h};");
  threads(list, "mov", "mov.b64, packing",
          "ld.global.v2.b32 {%x, %y}, [%a]; mov.b64 %w, {%y, %x}; mov.b64 {%r0, %r1}, %w;");
}

void addAsyncCopies(FormList &list) {
  std::string wait = " cp.async.wait_all; bar.sync 0; ld.shared.v4.b32 {%r0, %r1, %r2, %r3}, [%s];";
  for (const std::string &opcode : alternatives("cp.async.(ca.shared.global|cg.shared.global)"))
    for (const char *bytes : {"4", "8", "16"}) {
      std::string size = bytes;
      if (opcode == "cp.async.cg.shared.global" && size != "16")
        continue;
      threads(list, "cp.async", opcode + " " + size, opcode + " [%s], [%a], " + size + ";" + wait);
      threads(list, "cp.async", opcode + " " + size + ", fewer source bytes",
              "rem.u32 %x, %t, " + std::to_string(std::stoi(size) + 1) + "; " + opcode + " [%s], [%a], " + size +
                  ", %x;" + wait);
      threads(list, "cp.async", opcode + " " + size + ", some sources ignored",
              "and.b32 %x, %t, 3; setp.eq.u32 %p, %x, 1; " + opcode + " [%s], [%a], " + size + ", %p;" + wait);
    }
  threads(list, "cp.async", "cp.async.wait_group 1",
          "cp.async.ca.shared.global [%s], [%a], 8; cp.async.commit_group; cp.async.ca.shared.global [%s+8], [%a], 8; "
          "cp.async.commit_group; cp.async.wait_group 1; ld.shared.v2.b32 {%r0, %r1}, [%s]; cp.async.wait_group 0; "
          "ld.shared.v2.b32 {%r2, %r3}, [%s+8];");
}

/// A fence changes no value: it must run, and everything around it stay as it is.
void addFences(FormList &list) {
  std::vector<std::string> fences =
      alternatives("(membar.cta|membar.gl|membar.sys|fence.proxy.alias|fence.proxy.async|"
                   "fence.proxy.async.global|fence.proxy.async.shared::cta|fence.mbarrier_init.release.cluster)");
  for (const std::string &fence : alternatives("fence.(sc|acq_rel).(cta|cluster|gpu|sys)"))
    fences.push_back(fence);
  for (const std::string &fence : fences)
    threads(list, "fence", fence,
            "ld.global.v2.b32 {%r0, %r1}, [%a]; st.shared.b32 [%s], %r0; " + fence +
                "; ld.shared.v2.b32 {%r2, %r3}, [%s];");
}

} // namespace

void addMemoryForms(FormList &list) {
  list.family("memory");
  addLoads(list);
  addStores(list);
  addAsyncCopies(list);
  addFences(list);
}

} // namespace thrift::sim::hardware
