; Variables of every space, with initialisers that hold numbers, addresses, generic addresses and bytes of addresses;
; launch bounds of a cluster; atomics.
; llc -mcpu=sm_90a -mattr=+ptx90

target triple = "nvptx64-nvidia-cuda"

@numbers = addrspace(1) global [4 x i32] [i32 1, i32 2, i32 3, i32 -4]
@record = addrspace(1) global { i8, ptr addrspace(1), i16, float, double, i1, i128 }
  { i8 1, ptr addrspace(1) getelementptr (i8, ptr addrspace(1) @numbers, i64 8), i16 7, float 1.0, double 2.0, i1 true,
    i128 99 }
@pointer = addrspace(1) global ptr addrspacecast (ptr addrspace(1) @numbers to ptr)
@packed = addrspace(1) global <{ i8, ptr }> <{ i8 1, ptr addrspacecast (ptr addrspace(1) @numbers to ptr) }>
@weights = internal addrspace(4) constant <4 x float> <float 1.0, float 2.0, float 3.0, float 4.0>
@halves = addrspace(4) constant [2 x half] [half 1.0, half 2.0]
@single = addrspace(1) global float 1.5
@double = addrspace(1) global double -2.5
@wide = addrspace(1) global i128 -5
@long = addrspace(1) global i64 -6
@weakly = weak addrspace(1) global i32 4
@commonly = common addrspace(1) global i32 0
@dynamic = external addrspace(3) global [0 x i8], align 128
@tile = internal addrspace(3) global [128 x float] poison, align 16
@pad = internal addrspace(3) global i8 poison

declare i32 @llvm.nvvm.read.ptx.sreg.tid.x()
declare void @llvm.nvvm.barrier.cta.sync.aligned.all(i32)

define ptx_kernel void @values(ptr addrspace(1) %out, ptr addrspace(3) align 32 %shared) #0 {
  %x = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %element = getelementptr [128 x float], ptr addrspace(3) @tile, i32 0, i32 %x
  store float 1.0, ptr addrspace(3) %element
  store i8 3, ptr addrspace(3) @pad
  store i32 %x, ptr addrspace(3) @dynamic
  call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0)
  %w = getelementptr <4 x float>, ptr addrspace(4) @weights, i32 0, i32 %x
  %weight = load float, ptr addrspace(4) %w
  %p = load ptr, ptr addrspace(1) @pointer
  %loaded = load i32, ptr %p
  %sum = atomicrmw add ptr addrspace(1) @numbers, i32 %loaded seq_cst
  %old = cmpxchg ptr addrspace(1) @numbers, i32 %loaded, i32 1 acq_rel monotonic
  %most = atomicrmw fmax ptr addrspace(1) @single, float %weight monotonic
  store float %most, ptr addrspace(1) %out
  ret void
}

attributes #0 = { "nvvm.maxntid"="128,2" "nvvm.cluster_dim"="2,1,1" }
