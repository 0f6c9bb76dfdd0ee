//===- RouterLists.cpp - the online router's lists of KV blocks -------------===//
//
// Seeds are [0, sink) and [begin, end), ascending; the rest is what lies between and behind them, descending; promoted
// blocks are the bits of the granules' sets, all of which this CTA has written, descending. None of them needs a
// cursor.

#include "compiler/targets/portable/Conversion.h"

using namespace mlir;
using namespace thrift;
using namespace thrift::portable;

/// Word `word` of the union of all granules' sets.
static Value unionWord(Emitter &e, const RouterParts &router, RouterType type, Value word) {
  int64_t granules = *boundExtent(type.getRows()) / *boundExtent(type.getGranule());
  Value address = e.address(router.sets, e.mul(e.extend64(word), 4)), step = e.mul(e.extend64(router.words), 4);
  Value bits = e.load(e.i32(), address, 4);
  for (int64_t granule = 1; granule < granules; ++granule) {
    address = e.address(address, step);
    bits = e.bor(bits, e.load(e.i32(), address, 4));
  }
  return bits;
}

/// The last promoted block at or before j >= 0, or -1.
static Value lastPromoted(Emitter &e, const RouterParts &router, RouterType type, Value j) {
  Value word = e.shr(j, 5);
  Value upTo = e.shr(e.i32(-1), e.sub(e.i32(31), e.band(j, 31)));
  Value bits = e.band(unionWord(e, router, type, word), upTo);
  SmallVector<Type> types = {e.i32(), e.i32()};
  auto loop = scf::WhileOp::create(e.builder, e.loc, types, ValueRange{word, bits});
  {
    OpBuilder::InsertionGuard guard(e.builder);
    Block *before = e.builder.createBlock(&loop.getBefore(), {}, types, {e.loc, e.loc});
    Value empty = e.compare(Predicate::eq, before->getArgument(1), e.i32(0));
    Value more = e.band(empty, e.less(e.i32(0), before->getArgument(0)));
    scf::ConditionOp::create(e.builder, e.loc, more, before->getArguments());
    Block *after = e.builder.createBlock(&loop.getAfter(), {}, types, {e.loc, e.loc});
    Value previous = e.sub(after->getArgument(0), e.i32(1));
    scf::YieldOp::create(e.builder, e.loc, ValueRange{previous, unionWord(e, router, type, previous)});
  }
  // An empty word has 32 leading zeros: word 0 gives -1.
  Value zeros =
      LLVM::CountLeadingZerosOp::create(e.builder, e.loc, e.i32(), loop.getResult(1), /*is_zero_poison=*/false);
  return e.sub(e.add(e.mul(loop.getResult(0), 32), 31), zeros);
}

/// The lanes of a warp count 32 words at a time.
static Value countPromoted(Emitter &e, const RouterParts &router, RouterType type) {
  Value last = e.sub(router.words, e.i32(1));
  Value count = e.loop(e.i32(0), router.words, e.i32(32), {e.i32(0)}, [&](Value first, ValueRange counts) {
    Value word = e.add(first, e.lane());
    Value bits = unionWord(e, router, type, e.min(word, last));
    return SmallVector<Value>{e.add(counts[0], e.select(e.less(last, word), e.i32(0), e.popcount(bits)))};
  })[0];
  for (int64_t distance : {16, 8, 4, 2, 1})
    count = e.add(count, e.shuffleXor(count, distance));
  return count;
}

/// j, or the block before the seeds around the diagonal if it is one of them.
static Value beforeSeeds(Emitter &e, const RouterParts &router, Value j) {
  Value isSeed = e.band(e.less(e.sub(router.begin, e.i32(1)), j), e.less(j, router.end));
  return e.select(isSeed, e.sub(router.begin, e.i32(1)), j);
}

ListStart portable::seekInRouter(Emitter &e, const RouterParts &router, RouterType type, BlockList list, Value begin,
                                 Value end) {
  Value zero = e.i32(0);
  if (list == BlockList::Seeds)
    return {e.add(router.sink, e.sub(router.end, router.begin)),
            e.select(e.less(zero, router.sink), zero, router.begin)};
  if (list == BlockList::Promoted)
    return {countPromoted(e, router, type), lastPromoted(e, router, type, e.max(e.sub(end, e.i32(1)), zero))};
  auto extent = [&](Value from, Value to) { return e.max(e.sub(to, from), zero); };
  Value count =
      e.add(extent(e.max(begin, router.sink), e.min(end, router.begin)), extent(e.max(begin, router.end), end));
  return {count, beforeSeeds(e, router, e.sub(end, e.i32(1)))};
}

Value portable::nextInRouter(Emitter &e, const RouterParts &router, RouterType type, BlockList list, Value j) {
  if (list == BlockList::Seeds) {
    Value next = e.add(j, 1);
    return e.select(e.compare(Predicate::eq, next, router.sink), router.begin, next);
  }
  Value previous = e.sub(j, e.i32(1));
  if (list == BlockList::Promoted) // past the end j may be anything: look where there is memory
    return lastPromoted(e, router, type, e.max(previous, e.i32(0)));
  return beforeSeeds(e, router, previous);
}
