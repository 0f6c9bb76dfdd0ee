//===- FormList.cpp - the table of forms ------------------------------------===//

#include "tests/sim/hardware/FormList.h"

#include <algorithm>

namespace thrift::sim::hardware {

static constexpr uint32_t kElementwiseCases = 2048, kElementwiseStored = 144;

// PTX 8.7 is the first with all forms here: mma.sync m16n8k16 on 8-bit floats.
static const char *const kHeader = ".version 8.7\n.target sm_90a\n.address_size 64\n";

std::vector<std::string> alternatives(const std::string &text) {
  size_t open = text.find('(');
  if (open == std::string::npos)
    return {text};
  size_t close = text.find(')', open);
  std::vector<std::string> tails = alternatives(text.substr(close + 1)), result;
  for (size_t at = open; at < close;) {
    size_t end = std::min(text.find('|', at + 1), close);
    for (const std::string &tail : tails)
      result.push_back(text.substr(0, open) + text.substr(at + 1, end - at - 1) + tail);
    at = end;
  }
  return result;
}

static std::string bitsName(uint32_t bytes) { return "b" + std::to_string(8 * bytes); }

static std::string elementwiseKernel(const std::string &code, Kind d, const std::vector<Kind> &sources) {
  static const char *const kNames[] = {"%a", "%b", "%c"};
  std::string parameters = ".param .u64 out", registers, loads;
  auto declare = [&](const std::string &name, Kind kind) {
    registers += "  .reg ." + bitsName(std::max(kindBytes(kind), 2u)) + " " + name + ";\n";
  };
  auto address = [](const std::string &parameter, Kind kind) {
    return "  ld.param.u64 %address, [" + parameter + "];\n  mad.wide.u32 %address, %i, " +
           std::to_string(kindBytes(kind)) + ", %address;\n";
  };
  declare("%d", d);
  for (size_t i = 0; i < sources.size(); ++i) {
    std::string parameter = "in" + std::to_string(i);
    parameters += ", .param .u64 " + parameter;
    declare(kNames[i], sources[i]);
    loads += address(parameter, sources[i]) + "  ld.global." + bitsName(kindBytes(sources[i])) + " " + kNames[i] +
             ", [%address];\n";
  }
  return kHeader + (".visible .entry test(" + parameters) + ", .param .u32 count)\n{\n" + registers +
         "  .reg .b64 %address, %u, %v;\n  .reg .b32 %i, %n, %x, %y, %z;\n  .reg .b16 %h, %g;\n"
         "  .reg .pred %p, %q, %beyond;\n"
         "  mov.u32 %i, %ctaid.x;\n  mov.u32 %n, %ntid.x;\n  mov.u32 %x, %tid.x;\n  mad.lo.u32 %i, %i, %n, %x;\n"
         "  ld.param.u32 %n, [count];\n  setp.ge.u32 %beyond, %i, %n;\n  @%beyond bra DONE;\n" +
         loads + "  " + code + "\n" + address("out", d) + "  st.global." + bitsName(kindBytes(d)) +
         " [%address], %d;\nDONE:\n  ret;\n}\n";
}

void FormList::elementwise(const std::string &code, Kind d, const std::vector<Kind> &sources, Judge judge,
                           const std::string &name) {
  for (const std::string &line : alternatives(code)) {
    Form form;
    form.family = family_;
    size_t opcodeEnd = line.find(' ');
    form.name = !name.empty() ? name : line.substr(0, line.find(';') + 1 < line.size() ? line.size() : opcodeEnd);
    form.group = line.substr(0, line.find_first_of(". "));
    form.ptx = elementwiseKernel(line, d, sources);
    for (Kind kind : sources)
      form.operands.push_back(operandOf(kind));
    form.outBytes = kindBytes(d);
    form.cases = kElementwiseCases;
    form.storedCases = kElementwiseStored;
    form.judge = judge;
    if (judge.number == Number::Bits)
      form.judge.width = form.outBytes;
    forms_.push_back(std::move(form));
  }
}

void FormList::cta(const CtaForm &described) {
  Form form;
  form.family = family_;
  form.group = described.group;
  form.name = described.name;
  form.threads = described.threads;
  form.operands = described.operands;
  form.outBytes = described.outBytes;
  form.cases = described.cases;
  form.storedCases = std::min(described.cases, described.storedCases);
  form.judge = described.judge;
  form.tensor = described.tensor;
  std::string parameters = ".param .u64 out", loads = "  ld.param.u64 %out, [out];\n  mad.wide.u32 %out, %cta, " +
                                                      std::to_string(described.outBytes) + ", %out;\n";
  if (!described.operands.empty()) {
    parameters += ", .param .u64 in";
    loads += "  ld.param.u64 %in, [in];\n  mad.wide.u32 %in, %cta, " + std::to_string(described.operands[0].bytes) +
             ", %in;\n";
  }
  if (described.tensor) {
    parameters += ", .param .align 64 .b8 map[128]";
    loads += "  mov.b64 %map, map;\n  cvta.param.u64 %map, %map;\n";
  }
  form.ptx = kHeader + described.before + ".visible .entry test(" + parameters + ")\n.reqntid " +
             std::to_string(described.threads) +
             "\n{\n  .reg .b64 %out, %in, %map;\n  .reg .b32 %t, %cta;\n  mov.u32 %t, %tid.x;\n"
             "  mov.u32 %cta, %ctaid.x;\n" +
             loads + described.body + "  ret;\n}\n";
  forms_.push_back(std::move(form));
}

const std::vector<Form> &allForms() {
  static const std::vector<Form> forms = [] {
    FormList list;
    addIntegerForms(list);
    addLogicForms(list);
    addFloatForms(list);
    addHalfForms(list);
    addConvertForms(list);
    addCompareForms(list);
    addApproximateForms(list);
    addWarpForms(list);
    addMemoryForms(list);
    addAtomicForms(list);
    addMatrixForms(list);
    addMmaForms(list);
    addWgmmaForms(list);
    addTensorCopyForms(list);
    addTensorMapReplaceForms(list);
    addBulkCopyForms(list);
    addMbarrierForms(list);
    return list.forms();
  }();
  return forms;
}

} // namespace thrift::sim::hardware
