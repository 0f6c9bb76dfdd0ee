//===- MemoryForm.cpp - decoding what memory instructions share -------------===//

#include "runtime/sim/ops/MemoryForm.h"

namespace thrift::sim {

void takeMemoryModifiers(Form &form) {
  if (form.takeOne({"weak", "relaxed", "acquire", "release", "acq_rel", "volatile", "mmio"}) > 0)
    form.inst.flags |= kStrongAccess;
  form.takeOne({"cta", "cluster", "gpu", "sys"});
  form.takeOne({"ca", "cg", "cs", "lu", "cv", "wb", "wt"});
  form.take("nc");
  form.takeHints({"L1::", "L2::"}); // eviction priorities, prefetch sizes
  if (form.opcode().has("L2::cache_hint"))
    form.source(form.operandCount() - 1, Ty::B64); // the policy
}

static Window windowNamed(Form &form, size_t addressOperand) {
  if (form.take("global") || form.take("const"))
    return Window::Global;
  // A CTA is its own cluster, so that both windows are the same.
  if (form.take("shared") || form.take("shared::cta") || form.take("shared::cluster"))
    return Window::Shared;
  if (form.take("local"))
    return Window::Local;
  if (form.take("param::entry"))
    return Window::KernelParameter;
  if (form.take("param::func"))
    return Window::Local;
  if (form.take("param")) {
    const ptx::Operand &address = form.operand(addressOperand);
    if (address.kind == ptx::OperandKind::Address && address.base == ptx::AddressBase::Symbol)
      return form.owner().addressOf(address.symbol, address.id).isKernelParameter ? Window::KernelParameter
                                                                                  : Window::Local;
    return form.owner().isEntry() ? Window::KernelParameter : Window::Local;
  }
  // A generic address that is written as a variable's name is that variable.
  const ptx::Operand &address = form.operand(addressOperand);
  if (address.kind == ptx::OperandKind::Address && address.base == ptx::AddressBase::Symbol) {
    ptx::Space space = form.owner().addressOf(address.symbol, address.id).space;
    if (space == ptx::Space::Shared)
      return Window::Shared;
    if (space == ptx::Space::Local)
      return Window::Local;
  }
  return Window::Generic;
}

Window takeWindow(Form &form, size_t addressOperand) {
  Window window = windowNamed(form, addressOperand);
  form.inst.flags |= static_cast<uint32_t>(window) << kWindowFlagShift;
  return window;
}

void takeAddress(Form &form, size_t index, uint32_t &place, int64_t &offset, bool &wide) {
  const ptx::Operand &address = form.operand(index);
  place = 0, offset = 0, wide = true; // after a failure as well: decoders go on
  if (address.elementCount != 0)
    return form.unsupported("this kind of address");
  takeAddressBase(form, address, place, offset, wide);
}

void takeAddressBase(Form &form, const ptx::Operand &address, uint32_t &place, int64_t &offset, bool &wide) {
  place = 0, offset = 0, wide = true;
  if (address.kind != ptx::OperandKind::Address)
    return form.unsupported("this kind of address");
  switch (address.base) {
  case ptx::AddressBase::Register: {
    unsigned bits = 8 * ptx::sizeOf(form.owner().function().registerTypes[address.id]);
    if (bits != 32 && bits != 64)
      return form.invalid("the address register has neither 32 nor 64 bits");
    wide = bits == 64;
    place = form.owner().place(address.id);
    offset = address.offset();
    return;
  }
  case ptx::AddressBase::Symbol: {
    SymbolAddress symbol = form.owner().addressOf(address.symbol, address.id);
    place = form.constant(symbol.address, true);
    offset = address.offset();
    return;
  }
  case ptx::AddressBase::Absolute:
    place = form.constant(0, true);
    offset = address.offset();
    return;
  }
}

void takeAddress(Form &form, size_t index) {
  bool wide;
  takeAddress(form, index, form.inst.a, form.inst.imm, wide);
  if (wide)
    form.inst.flags |= kWideAddress;
}

} // namespace thrift::sim
