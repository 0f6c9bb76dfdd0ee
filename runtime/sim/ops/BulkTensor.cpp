//===- BulkTensor.cpp - cp.async.bulk.tensor --------------------------------===//
//
// PTX ISA "cp.async.bulk.tensor", "cp.async.bulk.prefetch.tensor", "Restriction on Tensor Copy instructions".
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/ops/BulkCopy.h"

#include <cstring>

namespace thrift::sim {

namespace {

// Of a box in shared memory, and of a map (CUDA Programming Guide, "Tensor Memory Access").
constexpr uint32_t kBoxAlign = 128;
constexpr uint32_t kMapAlign = 64;

enum Slot : unsigned { kMap, kShared, kBarrier, kCtaMask, kCoordinates };

/// Inst::flags.
constexpr uint32_t kParameterMap = 1; ///< the map's address is one of the parameter block
constexpr uint32_t kRowList = 2;      ///< gather4, scatter4
/// Inst::imm is the number of dimensions.

/// A tensor map as an instruction finds it, and the bytes it was made of.
struct UsedMap {
  TensorMapDescription description;
  const uint8_t *address = nullptr;
  TensorMapBytes bytes;

  std::string checkUnchanged() const {
    return std::memcmp(address, bytes.data(), kTensorMapBytes) == 0
               ? ""
               : "the tensor map was changed while the copy that uses it was in flight";
  }
};

class TensorLoad : public BulkLoad {
public:
  TensorLoad(Warp &warp, const Inst &inst, unsigned lane, uint32_t mbarrier, const UsedMap &map, const TensorBox &box)
      : BulkLoad(warp, inst, lane, mbarrier), map_(map), box_(box) {
    bytes = box.copiedBytes();
    destination = box.ranges();
  }
  const Region *region = nullptr;

private:
  std::string move(Cta &cta) override {
    box_.load(cta.shared, cta.sharedShadow, region, cta.launch.options.checkUninitialized ? kUnwritten : kWritten);
    return map_.checkUnchanged();
  }

  UsedMap map_;
  TensorBox box_;
};

class TensorStore : public BulkStore {
public:
  TensorStore(Warp &warp, const Inst &inst, unsigned lane, const UsedMap &map, const TensorBox &box)
      : BulkStore(warp, inst, lane), map_(map), box_(box) {
    bytes = box.insideBytes();
    source = box.ranges();
  }
  const Region *region = nullptr;

private:
  std::string capture(const Cta &cta) override {
    data_ = box_.gather(cta.shared);
    return map_.checkUnchanged();
  }
  void write() const override {
    if (region)
      box_.scatter(data_, *region);
  }

  UsedMap map_;
  TensorBox box_;
};

Step badMap(Warp &warp, const Inst &inst, unsigned lane, std::string why) {
  return warp.fault(inst, Check::BadDescriptor, static_cast<int>(lane), std::move(why));
}

/// What a map may not be here, though the driver makes it.
std::string checkUse(const TensorMapDescription &map, const Inst &inst, unsigned smVersion, bool isStore) {
  std::string name = tensorElementName(map.element);
  if (map.rank != static_cast<uint64_t>(inst.imm))
    return "the tensor map has " + std::to_string(map.rank) + " dimensions, the instruction ." +
           std::to_string(inst.imm) + "d";
  bool isSubByte = tensorElementBits(map.element) < 8;
  bool hasAtoms = map.swizzle > SwizzleMode::B128;
  if (smVersion < 100 && (isSubByte || hasAtoms))
    return "the tensor map has " + (isSubByte ? "elements of type " + name : "a swizzle with atoms") + ", which sm_" +
           std::to_string(smVersion) + " does not have";
  if (smVersion / 10 == 12 && !isStore && (isSubByte || hasAtoms))
    return "the tensor map has " + (isSubByte ? "elements of type " + name : "a swizzle with atoms") +
           ", which loads of sm_" + std::to_string(smVersion) + " do not have";
  if (isStore && map.element == TensorElement::U4Align16)
    return "elements of type " + name + " can be loaded only";
  if (!isStore && map.element == TensorElement::U6Align16 && map.swizzle == SwizzleMode::B128Atom64)
    return "a swizzle with atoms of 64 B is for stores of type " + name + " only";
  if (inst.flags & kRowList && map.box[1] != 1)
    return "box[1] is " + std::to_string(map.box[1]) + "; allowed with a list of rows: 1";
  return "";
}

/// Finds and checks the map that the lane's operand names.
Step readMap(Warp &warp, const Inst &inst, unsigned lane, bool isStore, UsedMap &map) {
  Cta &cta = warp.cta;
  uint64_t address = operandOf(inst, kMap).of(warp, lane);
  // The address of a kernel parameter without cvta.param is its place in the parameter block.
  if (inst.flags & kParameterMap || address < cta.program.parameterBytes)
    address += cta.launch.parameters;
  if (address & kWindowMask)
    return badMap(
        warp, inst, lane,
        "the tensor map lies in shared or local memory; allowed: kernel parameters, constant and global memory");
  if (address % kMapAlign != 0)
    return warp.fault(inst, Check::Misaligned, static_cast<int>(lane),
                      "the address of the tensor map is no multiple of " + std::to_string(kMapAlign));
  const Region *hint = warp.hint, *region = nullptr;
  if (Step step = checkGlobal(warp, inst, lane, address, kTensorMapBytes, false, region); step != Step::Next)
    return step;
  warp.hint = hint;
  if (region->shadow)
    for (size_t i = 0; i < kTensorMapBytes; ++i)
      if (region->shadow[address - region->base + i] != kWritten)
        return warp.fault(inst, Check::Uninitialized, static_cast<int>(lane),
                          "byte " + std::to_string(i) + " of the tensor map was written by nobody");
  map.address = reinterpret_cast<const uint8_t *>(address);
  std::memcpy(map.bytes.data(), map.address, kTensorMapBytes);
  Result<TensorMapDescription> description = decodeTensorMap(map.bytes.data());
  if (!description)
    return badMap(warp, inst, lane, "malformed tensor map: " + description.status().message());
  map.description = *description;
  if (std::string why = checkUse(map.description, inst, cta.program.info.smVersion, isStore); !why.empty())
    return badMap(warp, inst, lane, std::move(why));
  return Step::Next;
}

/// The box that the lane's coordinates name.
Step makeBox(Warp &warp, const Inst &inst, unsigned lane, const TensorMapDescription &map, bool isStore,
             std::unique_ptr<TensorBox> &box) {
  int32_t coordinates[kMaxTensorRank] = {};
  unsigned count = inst.flags & kRowList ? 5 : static_cast<unsigned>(inst.imm);
  for (unsigned i = 0; i < count; ++i)
    coordinates[i] = static_cast<int32_t>(operandOf(inst, kCoordinates + i).of(warp, lane));
  // An H100 stops with an illegal instruction.
  for (unsigned i = 0; isStore && i < count; ++i)
    if (coordinates[i] < 0)
      return warp.fault(inst, Check::BadOperand, static_cast<int>(lane),
                        "coordinate " + std::to_string(i) + " of a store is " + std::to_string(coordinates[i]) +
                            "; allowed: 0 and up");
  // A box starts at a multiple of 16 bytes; an H100 stops with an illegal instruction otherwise. Of the padded types at
  // a multiple of 128 elements.
  bool isPadded = map.element == TensorElement::U4Align16 || map.element == TensorElement::U6Align16;
  int32_t unit = isPadded ? 128 : 128 / static_cast<int32_t>(tensorElementBits(map.element));
  if (coordinates[0] % unit != 0)
    return warp.fault(inst, Check::Misaligned, static_cast<int>(lane),
                      "coordinate 0 is " + std::to_string(coordinates[0]) + "; allowed for elements of type " +
                          tensorElementName(map.element) + ": multiples of " + std::to_string(unit) +
                          (isPadded ? "" : ", which are 16 bytes"));
  uint64_t shared = operandOf(inst, kShared).of(warp, lane);
  box = std::make_unique<TensorBox>(map, coordinates, static_cast<uint32_t>(shared),
                                    isStore ? TensorBox::Direction::Store : TensorBox::Direction::Load,
                                    inst.flags & kRowList ? TensorBox::Rows::List : TensorBox::Rows::Box);
  return checkShared(warp, inst, lane, isStore ? "source" : "destination", shared, box->extent(), kBoxAlign);
}

/// The global memory of the box; null if all of it is outside of the tensor.
Step findGlobal(Warp &warp, const Inst &inst, unsigned lane, const TensorBox &box, bool isStore,
                const Region *&region) {
  uint64_t first = 0, bytes = 0;
  if (!box.globalRange(first, bytes))
    return badMap(warp, inst, lane, "the tensor reaches beyond the end of the address space");
  if (bytes == 0)
    return Step::Next;
  return checkGlobal(warp, inst, lane, first, bytes, isStore, region);
}

Step loadLane(Warp &warp, const Inst &inst, unsigned lane) {
  UsedMap map;
  std::unique_ptr<TensorBox> box;
  const Region *region = nullptr;
  if (Step step = checkCtaMask(warp, inst, lane, operandOf(inst, kCtaMask).of(warp, lane)); step != Step::Next)
    return step;
  if (Step step = readMap(warp, inst, lane, false, map); step != Step::Next)
    return step;
  if (Step step = makeBox(warp, inst, lane, map.description, false, box); step != Step::Next)
    return step;
  if (Step step = findGlobal(warp, inst, lane, *box, false, region); step != Step::Next)
    return step;
  uint32_t barrier = 0;
  if (Step step = checkBarrier(warp, inst, lane, operandOf(inst, kBarrier).of(warp, lane), barrier); step != Step::Next)
    return step;
  auto load = std::make_unique<TensorLoad>(warp, inst, lane, barrier, map, *box);
  load->region = region;
  warp.cta.stats.globalReadBytes += box->insideBytes();
  return issueLoad(warp, inst, std::move(load));
}

Step storeLane(Warp &warp, const Inst &inst, unsigned lane) {
  UsedMap map;
  std::unique_ptr<TensorBox> box;
  const Region *region = nullptr;
  if (Step step = readMap(warp, inst, lane, true, map); step != Step::Next)
    return step;
  if (Step step = makeBox(warp, inst, lane, map.description, true, box); step != Step::Next)
    return step;
  if (Step step = findGlobal(warp, inst, lane, *box, true, region); step != Step::Next)
    return step;
  if (Step step = checkSource(warp, inst, lane, box->firstUnwritten(warp.cta.sharedShadow)); step != Step::Next)
    return step;
  auto store = std::make_unique<TensorStore>(warp, inst, lane, map, *box);
  store->region = region;
  return issueStore(warp, inst, std::move(store));
}

Step prefetchLane(Warp &warp, const Inst &inst, unsigned lane) {
  UsedMap map;
  return readMap(warp, inst, lane, false, map);
}

/// The dimension and the load mode. False after a failure.
bool takeMode(Form &form, const char *rowList) {
  int dimensions = form.takeOne({"1d", "2d", "3d", "4d", "5d"});
  if (dimensions < 0) {
    form.invalid("the number of dimensions is missing");
    return false;
  }
  form.inst.imm = dimensions + 1;
  for (const std::string &modifier : form.opcode().modifiers)
    if (modifier.compare(0, 6, "im2col") == 0) {
      form.unsupported("the simulator has no im2col modes");
      return false;
    }
  if (form.take(rowList)) {
    form.requireSm(100, rowList);
    if (dimensions != 1) {
      form.invalid(std::string(".") + rowList + " needs .2d");
      return false;
    }
    form.inst.flags |= kRowList;
  } else {
    form.take("tile");
  }
  return true;
}

/// The address and the coordinates of `[map, {...}]`, coordinates last.
void takeTensor(Form &form, size_t index, std::vector<BulkOperand> &operands) {
  operands[kMap] = takeBulkAddress(form, index);
  const ptx::Operand &tensor = form.operand(index);
  if (form.failed())
    return;
  if (tensor.base == ptx::AddressBase::Symbol && form.owner().addressOf(tensor.symbol, tensor.id).isKernelParameter)
    form.inst.flags |= kParameterMap;
  ptx::Span<ptx::Operand> parts = form.elementsOf(tensor);
  size_t count = form.inst.flags & kRowList ? 5 : static_cast<size_t>(form.inst.imm);
  if (parts.size() != 1 || parts[0].kind != ptx::OperandKind::Vector)
    return form.invalid("the coordinates are missing");
  ptx::Span<ptx::Operand> coordinates = form.elementsOf(parts[0]);
  if (coordinates.size() != count)
    return form.invalid(std::to_string(coordinates.size()) + " coordinates, the instruction needs " +
                        std::to_string(count));
  for (const ptx::Operand &coordinate : coordinates)
    operands.push_back({form.source(coordinate, Ty::S32), 0});
}

} // namespace

void decodeBulkTensor(Form &form) {
  std::vector<BulkOperand> operands(kCoordinates);
  if (form.take("bulk_group")) {
    bool isStore = isBefore(form, "global", "shared::cta");
    if (!form.take("shared::cta") || !form.take("global") || !isStore)
      return form.unsupported("with .bulk_group only .global.shared::cta is supported");
    if (!takeMode(form, "tile::scatter4"))
      return;
    takeTensor(form, 0, operands);
    operands[kShared] = takeBulkAddress(form, 1);
    size_t next = 2;
    takeCachePolicy(form, next);
    keepOperands(form, operands);
    return form.use(&forEachLane<storeLane>);
  }
  if (!form.take("mbarrier::complete_tx::bytes"))
    return form.invalid("a completion mechanism is missing");
  bool toCluster = form.take("shared::cluster");
  if (!toCluster && !form.take("shared::cta"))
    return form.noSuchForm();
  if (!form.take("global") || !isBefore(form, toCluster ? "shared::cluster" : "shared::cta", "global"))
    return form.noSuchForm();
  if (!takeMode(form, "tile::gather4"))
    return;
  if (form.take("cta_group::2"))
    return form.unsupported("a CTA has no peer: every CTA is a cluster of its own");
  if (form.take("cta_group::1"))
    form.requireSm(100, ".cta_group");
  operands[kShared] = takeBulkAddress(form, 0);
  takeTensor(form, 1, operands);
  operands[kBarrier] = takeBulkAddress(form, 2);
  size_t next = 3;
  operands[kCtaMask] = takeMulticast(form, next);
  takeCachePolicy(form, next);
  keepOperands(form, operands);
  form.use(&forEachLane<loadLane>);
}

void decodeBulkTensorPrefetch(Form &form) {
  if (!form.take("L2") || !form.take("global"))
    return form.noSuchForm();
  if (!takeMode(form, "tile::gather4"))
    return;
  std::vector<BulkOperand> operands(kCoordinates);
  takeTensor(form, 0, operands);
  size_t next = 1;
  takeCachePolicy(form, next);
  keepOperands(form, operands);
  form.use(&forEachLane<prefetchLane>);
}

} // namespace thrift::sim
