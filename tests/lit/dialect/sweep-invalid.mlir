// What thrift.sweep, thrift.route and thrift.yield refuse. Numbers are those of the op documentation.

// RUN: thrift-opt %s -allow-unregistered-dialect -split-input-file -verify-diagnostics

// W1: no routes.
%i, %s = "source"() : () -> (i32, !thrift.softmax<128 x 64>)
// expected-error @below {{'thrift.sweep' op over low blocks needs routes with three indices}}
%t = thrift.sweep low(%i) causal with(%s) : !thrift.softmax<128 x 64> {
^bb0(%j : i32, %u : !thrift.softmax<128 x 64>):
  thrift.yield %u : !thrift.softmax<128 x 64>
}

// -----

// W1: an index too few.
%i, %s, %r = "source"() : () -> (i32, !thrift.softmax<128 x 64>, !thrift.routes<[b, h, t]>)
// expected-error @below {{'thrift.sweep' op over high blocks needs routes with three indices}}
%t = thrift.sweep high(%i) causal by %r[%i, %i] : !thrift.routes<[b, h, t]> with(%s) : !thrift.softmax<128 x 64> {
^bb0(%j : i32, %u : !thrift.softmax<128 x 64>):
  thrift.yield %u : !thrift.softmax<128 x 64>
}

// -----

// W1: all visible blocks depend on no route.
%i, %s, %r = "source"() : () -> (i32, !thrift.softmax<128 x 64>, !thrift.routes<[b, h, t]>)
// expected-error @below {{'thrift.sweep' op over visible blocks needs no routes}}
%t = thrift.sweep visible(%i) causal by %r[%i, %i, %i] : !thrift.routes<[b, h, t]> with(%s) : !thrift.softmax<128 x 64> {
^bb0(%j : i32, %u : !thrift.softmax<128 x 64>):
  thrift.yield %u : !thrift.softmax<128 x 64>
}

// -----

// W2: arguments.
%i, %s = "source"() : () -> (i32, !thrift.softmax<128 x 64>)
// expected-error @below {{'thrift.sweep' op expected a body that takes (i32, '!thrift.softmax<128 x 64>')}}
%t = thrift.sweep visible(%i) causal with(%s) : !thrift.softmax<128 x 64> {
^bb0(%u : !thrift.softmax<128 x 64>):
  thrift.yield %u : !thrift.softmax<128 x 64>
}

// -----

// W2: the order of the arguments.
%i, %s = "source"() : () -> (i32, !thrift.softmax<128 x 64>)
// expected-error @below {{'thrift.sweep' op expected a body that takes (i32, '!thrift.softmax<128 x 64>')}}
%t = thrift.sweep visible(%i) causal with(%s) : !thrift.softmax<128 x 64> {
^bb0(%u : !thrift.softmax<128 x 64>, %j : i32):
  thrift.yield %u : !thrift.softmax<128 x 64>
}

// -----

// W2: what is yielded.
%i, %s, %o = "source"() : () -> (i32, !thrift.softmax<128 x 64>, !thrift.softmax<64 x 64>)
// expected-error @below {{'thrift.sweep' op expected a body that yields '!thrift.softmax<128 x 64>'}}
%t = thrift.sweep visible(%i) causal with(%s) : !thrift.softmax<128 x 64> {
^bb0(%j : i32, %u : !thrift.softmax<128 x 64>):
  thrift.yield %o : !thrift.softmax<64 x 64>
}

// -----

// W2: it yields at all.
%i, %s = "source"() : () -> (i32, !thrift.softmax<128 x 64>)
// expected-error @below {{'thrift.sweep' op expected a body that yields '!thrift.softmax<128 x 64>'}}
%t = thrift.sweep visible(%i) causal with(%s) : !thrift.softmax<128 x 64> {
^bb0(%j : i32, %u : !thrift.softmax<128 x 64>):
  "end"() : () -> ()
}

// -----

%i, %s = "source"() : () -> (i32, !thrift.softmax<128 x 64>)
// expected-error @below {{'thrift.sweep' op expects a non-empty block}}
%t = thrift.sweep visible(%i) causal with(%s) : !thrift.softmax<128 x 64> {
^bb0(%j : i32, %u : !thrift.softmax<128 x 64>):
}

// -----

%i, %s = "source"() : () -> (i32, !thrift.softmax<128 x 64>)
// expected-error @below {{'thrift.sweep' op region #0 ('body') failed to verify constraint: region with 1 blocks}}
%t = thrift.sweep visible(%i) causal with(%s) : !thrift.softmax<128 x 64> {
}

// -----

// The mask is known before the list is read.
%i, %s = "source"() : () -> (i32, !thrift.softmax<128 x 64>)
// expected-error @below {{'thrift.sweep' op expected a mask or a parameter, got 64 : i64}}
%t = "thrift.sweep"(%i, %s) <{list = #thrift.list<visible>, part = #thrift.part<all>, mask = 64, operandSegmentSizes = array<i32: 1, 1, 0, 0>}> ({
^bb0(%j : i32, %u : !thrift.softmax<128 x 64>):
  thrift.yield %u : !thrift.softmax<128 x 64>
}) : (i32, !thrift.softmax<128 x 64>) -> !thrift.softmax<128 x 64>

// -----

%i, %s = "source"() : () -> (i32, !thrift.softmax<128 x 64>)
// expected-error @below {{expected a list (visible, low, high, seeds, rest, promoted), got all}}
%t = thrift.sweep all(%i) causal with(%s) : !thrift.softmax<128 x 64> {
}

// -----

%i, %s = "source"() : () -> (i32, !thrift.softmax<128 x 64>)
// expected-error @below {{expected a mask or the name of a parameter}}
%t = thrift.sweep visible(%i) (%s) : !thrift.softmax<128 x 64> {
}

// -----

// A word that is no part begins what follows.
%i, %s = "source"() : () -> (i32, !thrift.softmax<128 x 64>)
// expected-error @below {{expected 'with'}}
%t = thrift.sweep visible(%i) causal inner with(%s) : !thrift.softmax<128 x 64> {
}

// -----

// R1: three indices.
%r, %i, %s = "source"() : () -> (!thrift.routes<[b, h, t]>, i32, !thrift.softmax<128 x 64>)
// expected-error @below {{'thrift.route' op expected either routes with three indices and a block, or logits, a state, a block and a router}}
%t = thrift.route by %r[%i, %i], %i budget(mixed) : !thrift.routes<[b, h, t]> -> !thrift.softmax<128 x 64>
high {
  thrift.yield %s : !thrift.softmax<128 x 64>
} low {
  thrift.yield %s : !thrift.softmax<128 x 64>
}

// -----

// R1: not both.
%r, %i, %s = "source"() : () -> (!thrift.routes<[b, h, t]>, i32, !thrift.softmax<128 x 64>)
%x, %o = "source"() : () -> (!thrift.tile<128 x 64, f32>, !thrift.router<128 by 16>)
// expected-error @below {{'thrift.route' op expected either routes with three indices and a block, or logits, a state, a block and a router}}
%t = "thrift.route"(%r, %i, %i, %i, %i, %x, %s, %o) <{budget = #thrift.budget<mixed>, operandSegmentSizes = array<i32: 1, 3, 1, 1, 1, 1>}> ({
  thrift.yield %s : !thrift.softmax<128 x 64>
}, {
  thrift.yield %s : !thrift.softmax<128 x 64>
}) : (!thrift.routes<[b, h, t]>, i32, i32, i32, i32, !thrift.tile<128 x 64, f32>, !thrift.softmax<128 x 64>, !thrift.router<128 by 16>) -> !thrift.softmax<128 x 64>

// -----

// R1: promotion needs its router.
%x, %s = "source"() : () -> (!thrift.tile<128 x 64, f32>, !thrift.softmax<128 x 64>)
// expected-error @below {{'thrift.route' op expected either routes with three indices and a block, or logits, a state, a block and a router}}
%t = "thrift.route"(%x, %s) <{budget = #thrift.budget<mixed>, operandSegmentSizes = array<i32: 0, 0, 0, 1, 1, 0>}> ({
  thrift.yield %s : !thrift.softmax<128 x 64>
}, {
  thrift.yield %s : !thrift.softmax<128 x 64>
}) : (!thrift.tile<128 x 64, f32>, !thrift.softmax<128 x 64>) -> !thrift.softmax<128 x 64>

// -----

// R2: the high region.
%r, %i, %s, %o = "source"() : () -> (!thrift.routes<[b, h, t]>, i32, !thrift.softmax<128 x 64>, !thrift.softmax<64 x 64>)
// expected-error @below {{'thrift.route' op expected both regions to yield '!thrift.softmax<128 x 64>'}}
%t = thrift.route by %r[%i, %i, %i], %i budget(mixed) : !thrift.routes<[b, h, t]> -> !thrift.softmax<128 x 64>
high {
  thrift.yield %o : !thrift.softmax<64 x 64>
} low {
  thrift.yield %s : !thrift.softmax<128 x 64>
}

// -----

// R2: the low region.
%r, %i, %s, %o = "source"() : () -> (!thrift.routes<[b, h, t]>, i32, !thrift.softmax<128 x 64>, !thrift.softmax<64 x 64>)
// expected-error @below {{'thrift.route' op expected both regions to yield '!thrift.softmax<128 x 64>'}}
%t = thrift.route by %r[%i, %i, %i], %i budget(mixed) : !thrift.routes<[b, h, t]> -> !thrift.softmax<128 x 64>
high {
  thrift.yield %s : !thrift.softmax<128 x 64>
} low {
  "end"(%o) : (!thrift.softmax<64 x 64>) -> ()
}

// -----

// R2: no region is missing.
%r, %i, %s = "source"() : () -> (!thrift.routes<[b, h, t]>, i32, !thrift.softmax<128 x 64>)
// expected-error @below {{'thrift.route' op region #1 ('low') failed to verify constraint: region with 1 blocks}}
%t = thrift.route by %r[%i, %i, %i], %i budget(mixed) : !thrift.routes<[b, h, t]> -> !thrift.softmax<128 x 64>
high {
  thrift.yield %s : !thrift.softmax<128 x 64>
} low {
}

// -----

// R3
%r, %i, %s = "source"() : () -> (!thrift.routes<[b, h, t]>, i32, !thrift.softmax<128 x 64>)
// expected-error @below {{'thrift.route' op expected a budget class or a parameter, got "half"}}
%t = "thrift.route"(%r, %i, %i, %i, %i) <{budget = "half", operandSegmentSizes = array<i32: 1, 3, 1, 0, 0, 0>}> ({
  thrift.yield %s : !thrift.softmax<128 x 64>
}, {
  thrift.yield %s : !thrift.softmax<128 x 64>
}) : (!thrift.routes<[b, h, t]>, i32, i32, i32, i32) -> !thrift.softmax<128 x 64>

// -----

%r, %i, %s = "source"() : () -> (!thrift.routes<[b, h, t]>, i32, !thrift.softmax<128 x 64>)
// expected-error @below {{expected a budget class or the name of a parameter}}
%t = thrift.route by %r[%i, %i, %i], %i budget(0.5) : !thrift.routes<[b, h, t]> -> !thrift.softmax<128 x 64>
high {
} low {
}

// -----

// High comes first.
%r, %i, %s = "source"() : () -> (!thrift.routes<[b, h, t]>, i32, !thrift.softmax<128 x 64>)
%t = thrift.route by %r[%i, %i, %i], %i budget(mixed) : !thrift.routes<[b, h, t]> -> !thrift.softmax<128 x 64>
// expected-error @below {{expected 'high'}}
low {
} high {
}

// -----

%s = "source"() : () -> !thrift.softmax<128 x 64>
// expected-error @below {{expected 'by'}}
%t = thrift.route %s budget(mixed) : !thrift.softmax<128 x 64> -> !thrift.softmax<128 x 64>
high {
} low {
}

// -----

%s = "source"() : () -> !thrift.softmax<128 x 64>
"outer"() ({
  // expected-error @below {{'thrift.yield' op expects parent op to be one of 'thrift.sweep, thrift.route'}}
  thrift.yield %s : !thrift.softmax<128 x 64>
}) : () -> ()

// -----

// W1: the online router's lists come from a router.
%i, %s, %r = "source"() : () -> (i32, !thrift.softmax<128 x 64>, !thrift.routes<[b, h, t]>)
// expected-error @below {{'thrift.sweep' op over seeds blocks needs a router}}
%t = thrift.sweep seeds(%i) none by %r[%i, %i, %i] : !thrift.routes<[b, h, t]> with(%s) : !thrift.softmax<128 x 64> {
^bb0(%j : i32, %u : !thrift.softmax<128 x 64>):
  thrift.yield %u : !thrift.softmax<128 x 64>
}

// -----

// W1: a router takes no indices.
%i, %s, %r = "source"() : () -> (i32, !thrift.softmax<128 x 64>, !thrift.router<128 by 16>)
// expected-error @below {{'thrift.sweep' op over rest blocks needs a router}}
%t = thrift.sweep rest(%i) none by %r[%i] : !thrift.router<128 by 16> with(%s) : !thrift.softmax<128 x 64> {
^bb0(%j : i32, %u : !thrift.softmax<128 x 64>):
  thrift.yield %u : !thrift.softmax<128 x 64>
}

// -----

// W1: nor do ranked lists take a router.
%i, %s, %r = "source"() : () -> (i32, !thrift.softmax<128 x 64>, !thrift.router<128 by 16>)
// expected-error @below {{'thrift.sweep' op over high blocks needs routes with three indices}}
%t = thrift.sweep high(%i) none by %r : !thrift.router<128 by 16> with(%s) : !thrift.softmax<128 x 64> {
^bb0(%j : i32, %u : !thrift.softmax<128 x 64>):
  thrift.yield %u : !thrift.softmax<128 x 64>
}

// -----

// W4
%i, %s, %r = "source"() : () -> (i32, !thrift.softmax<128 x 64>, !thrift.router<128 by 16>)
// expected-error @below {{'thrift.sweep' op over promoted blocks has no interior part}}
%t = thrift.sweep promoted(%i) none interior by %r : !thrift.router<128 by 16> with(%s) : !thrift.softmax<128 x 64> {
^bb0(%j : i32, %u : !thrift.softmax<128 x 64>):
  thrift.yield %u : !thrift.softmax<128 x 64>
}

// -----

// W4, for what a schedule makes of it.
%i, %r = "source"() : () -> (i32, !thrift.router<128 by 16>)
// expected-error @below {{'thrift.seek' op over seeds blocks has no boundary part}}
%n, %j, %c = thrift.seek seeds(%i) none boundary blocks(128 x 64) by %r : !thrift.router<128 by 16>
