//===- BulkCopy.cpp - forms: cp.async.bulk ----------------------------------===//
//
// PTX ISA "Bulk copy: cp.async.bulk": runs of bytes, multiples of 16.
//
//===----------------------------------------------------------------------===//

#include "tests/sim/hardware/forms/CopyKernel.h"

namespace thrift::sim::hardware {

namespace {

constexpr uint32_t kTile = 4096 + 256;

Operand randomBytes() {
  return {kTile, [](Random &random, uint32_t, uint8_t *data) { fillRandom(random, data, kTile); }};
}

CtaForm copyForm(const std::string &name, uint32_t outBytes) {
  CtaForm form;
  form.group = "bulk copy";
  form.name = name;
  form.threads = kCopyThreads;
  form.outBytes = outBytes;
  form.operands = {randomBytes()};
  form.cases = 4;
  form.storedCases = 2;
  form.before = copyVariables(kTile);
  return form;
}

struct Run {
  uint32_t bytes, from, to;

  std::string name() const {
    return " " + std::to_string(bytes) + " bytes, " + std::to_string(from) + " to " + std::to_string(to);
  }
};
constexpr Run kRuns[] = {{16, 0, 0}, {16, 48, 16}, {48, 16, 112}, {1040, 0, 240}, {4096, 256, 0}, {2048, 1024, 2224}};

void addLoad(FormList &list, const std::string &opcode, const Run &run) {
  CtaForm form = copyForm(opcode + run.name(), loadOutBytes(kTile));
  form.body =
      loadBody(kTile, run.bytes, "",
               "  add.u32 %x, %tile, " + std::to_string(run.to) + ";\n  add.u64 %v, %in, " + std::to_string(run.from) +
                   ";\n  " + opcode + " [%x], [%v], " + std::to_string(run.bytes) + ", [%barrier];\n");
  list.cta(form);
}

void addStore(FormList &list, const Run &run) {
  CtaForm form = copyForm("cp.async.bulk.global.shared::cta" + run.name(), kTile);
  form.body = storeBody(
      kTile, "  add.u32 %x, %tile, " + std::to_string(run.from) + ";\n  add.u64 %v, %out, " + std::to_string(run.to) +
                 ";\n  cp.async.bulk.global.shared::cta.bulk_group [%v], [%x], " + std::to_string(run.bytes) + ";\n");
  list.cta(form);
}

} // namespace

void addBulkCopyForms(FormList &list) {
  list.family("bulk copy");
  for (const Run &run : kRuns) {
    addLoad(list, "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes", run);
    addLoad(list, "cp.async.bulk.shared::cta.global.mbarrier::complete_tx::bytes", run);
    addStore(list, run);
  }
}

} // namespace thrift::sim::hardware
