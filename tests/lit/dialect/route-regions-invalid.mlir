// What a sweep and its route must share, so that one can be split over the other.

// RUN: thrift-opt %s -allow-unregistered-dialect -split-input-file -verify-diagnostics

%r, %i, %s = "source"() : () -> (!thrift.routes<[b, h, t]>, i32, !thrift.softmax<64 x 64>)
// expected-error @below {{'thrift.route' op expected regions without arguments}}
%t = thrift.route by %r[%i, %i, %i], %i budget(mixed) : !thrift.routes<[b, h, t]> -> !thrift.softmax<64 x 64>
high {
^bb0(%u : !thrift.softmax<64 x 64>):
  thrift.yield %u : !thrift.softmax<64 x 64>
} low {
  thrift.yield %s : !thrift.softmax<64 x 64>
}

// -----

// Interior blocks of a sweep without a mask are all: peeling would drop this one.
%i, %s = "source"() : () -> (i32, !thrift.softmax<64 x 64>)
%t = thrift.sweep visible(%i) none with(%s) : !thrift.softmax<64 x 64> {
^bb0(%j : i32, %u : !thrift.softmax<64 x 64>):
  %x = "logits"() : () -> !thrift.tile<64 x 64, f32>
  // expected-error @below {{'thrift.mask' op is causal inside a sweep that is none}}
  %y = thrift.mask %x at(%i, %j) causal : !thrift.tile<64 x 64, f32>
  %v = "use"(%y, %u) : (!thrift.tile<64 x 64, f32>, !thrift.softmax<64 x 64>) -> !thrift.softmax<64 x 64>
  thrift.yield %v : !thrift.softmax<64 x 64>
}

// -----

// The mask stands at the sweep's own query tile and block.
%i, %k, %s = "source"() : () -> (i32, i32, !thrift.softmax<64 x 64>)
%t = thrift.sweep visible(%i) causal with(%s) : !thrift.softmax<64 x 64> {
^bb0(%j : i32, %u : !thrift.softmax<64 x 64>):
  %x = "logits"() : () -> !thrift.tile<64 x 64, f32>
  // expected-error @below {{'thrift.mask' op stands at another tile than the sweep around it}}
  %y = thrift.mask %x at(%k, %j) causal : !thrift.tile<64 x 64, f32>
  %v = "use"(%y, %u) : (!thrift.tile<64 x 64, f32>, !thrift.softmax<64 x 64>) -> !thrift.softmax<64 x 64>
  thrift.yield %v : !thrift.softmax<64 x 64>
}
